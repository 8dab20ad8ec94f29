import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Exchange } from '../exchange.ts'
import { expressionForms } from '../expression.ts'
import { compileFormula, formulaFault, formulaForms, isFormula, textOf, type Value } from '../formula.ts'
import { maskedView } from './masked.ts'

const itemData = z
  .strictObject({
    message: z
      .string()
      .min(1)
      .max(1_000)
      .meta({
        title: 'Message',
        description: 'A text, or a formula. Credentials, cookies and keys are masked in it.',
        examples: [
          "#[attributes.method ++ ' ' ++ attributes.requestPath]",
          ...formulaForms,
          ...expressionForms,
        ],
      }),
    conditional: z
      .string()
      .max(1_000)
      .default('')
      .meta({
        title: 'Only if',
        description: 'A formula; empty for always.',
        examples: ["#[attributes.method == 'POST']"],
      }),
    category: z
      .string()
      .max(200)
      .default('')
      .meta({ title: 'Category', description: 'Stands beside the message.', examples: ['audit'] }),
    level: z.enum(['INFO', 'WARN', 'ERROR', 'DEBUG']).default('INFO').meta({ title: 'Level' }),
    firstSection: z
      .boolean()
      .default(true)
      .meta({ title: 'Before the upstream', description: 'Written when the request comes.' }),
    secondSection: z.boolean().default(false).meta({
      title: 'Behind the upstream',
      description: 'Written when the answer comes; attributes.headers are those of the answer then.',
    }),
  })
  .check((context) => {
    const { message, conditional, firstSection, secondSection } = context.value
    const fail = (path: string, detail: string) =>
      context.issues.push({ code: 'custom', path: [path], message: detail, input: context.value })
    if (!firstSection && !secondSection)
      fail('firstSection', 'it is never written: choose one of the two moments')
    // The status is known in the second section alone.
    const ofAnswer = !firstSection
    const messageFault = isFormula(message) ? formulaFault(message, ofAnswer) : undefined
    if (messageFault !== undefined) fail('message', messageFault)
    const conditionFault = conditional === '' ? undefined : formulaFault(conditional, ofAnswer)
    if (conditionFault !== undefined) fail('conditional', conditionFault)
  })

const item = z.strictObject({
  itemName: z
    .string()
    .min(1)
    .max(200)
    .meta({ title: 'Name', examples: ['Orders'] }),
  itemData: itemData.meta({ title: 'What is written' }),
})
type Item = z.infer<typeof item>

const config = z.strictObject({
  loggingConfiguration: z
    .array(item)
    .min(1)
    .max(20)
    .meta({ title: 'Messages', description: 'What is written to the log of the node.' }),
})
type Config = z.infer<typeof config>

const lengthMax = 8_192
const levels = { INFO: 'info', WARN: 'warn', ERROR: 'error', DEBUG: 'debug' } as const

interface Message {
  readonly first: boolean
  readonly second: boolean
  write(exchange: Exchange, shown: Exchange, section: 'request' | 'response'): void
}

function shortened(value: Value): string {
  const text = textOf(value)
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
}

function compile({ itemName, itemData: data }: Item, ports: Ports): Message {
  const ofAnswer = !data.firstSection
  const message = isFormula(data.message) ? compileFormula(data.message, ofAnswer) : () => data.message
  const condition = data.conditional === '' ? undefined : compileFormula(data.conditional, ofAnswer)
  const category = data.category === '' ? {} : { category: data.category }
  return {
    first: data.firstSection,
    second: data.secondSection,
    write(exchange, shown, section) {
      // What decides is not written, so it may know the secrets.
      if (condition !== undefined && condition(section === 'request' ? exchange : shown) !== true) return
      const { requestId } = exchange
      const fields = { item: itemName, ...category, section, requestId, message: shortened(message(shown)) }
      ports.log(levels[data.level], 'message', fields)
    },
  }
}

/** Writes messages about requests and answers to the log of the node. */
export const messageLogging = definePolicy<Config>({
  kind: 'message-logging',
  policyVersion: '1.0.0',
  title: 'Message logging',
  summary: 'Writes messages about requests and answers to the log of the node.',
  category: 'observability',
  config,
  summarise({ loggingConfiguration }) {
    return `Writes ${loggingConfiguration.map(({ itemName }) => itemName).join(', ')}`
  },
  prepare({ loggingConfiguration }, ports) {
    const messages = loggingConfiguration.map((one) => compile(one, ports))
    const first = messages.filter((message) => message.first)
    const second = messages.filter((message) => message.second)
    return {
      ...(first.length > 0 && {
        onRequest(exchange: Exchange) {
          const shown = maskedView(exchange, false)
          for (const message of first) message.write(exchange, shown, 'request')
          return undefined
        },
      }),
      ...(second.length > 0 && {
        onResponse(exchange: Exchange) {
          const shown = maskedView(exchange, true)
          for (const message of second) message.write(exchange, shown, 'response')
        },
      }),
    }
  },
})

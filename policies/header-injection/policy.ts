import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange } from '../exchange.ts'
import { expressionForms } from '../expression.ts'
import { compileFormula, formulaFault, formulaForms, isFormula, textOf } from '../formula.ts'
import { isFieldValue, isToken, reservedHeader } from '../header-fields.ts'

function nameFault(name: string): string | undefined {
  return isToken(name) ? reservedHeader(name) : 'is not a header name'
}

function valueFault(value: string): string | undefined {
  if (isFormula(value)) return formulaFault(value)
  return isFieldValue(value) ? undefined : 'must be visible ASCII characters, with spaces only between them'
}

const header = z.strictObject({
  key: z
    .string()
    .min(1)
    .max(200)
    .check((context) => {
      const message = nameFault(context.value)
      if (message !== undefined)
        context.issues.push({ code: 'custom', path: [], message, input: context.value })
    })
    .meta({ title: 'Header', description: 'Name of the header.', examples: ['x-environment'] }),
  value: z
    .string()
    .min(1)
    .max(4_096)
    .check((context) => {
      const message = valueFault(context.value)
      if (message !== undefined)
        context.issues.push({ code: 'custom', path: [], message, input: context.value })
    })
    .meta({
      title: 'Value',
      description: 'A text, or an expression that reads it from the request.',
      // It may be a credential for the upstream, which is better injected by a policy that keeps it sealed.
      confidential: true,
      examples: ['production', ...expressionForms, formulaForms[2]],
    }),
})
type Header = z.infer<typeof header>

const headers = z
  .array(header)
  .max(50)
  .default([])
  .check((context) => {
    const seen = new Set<string>()
    for (const [index, { key }] of context.value.entries()) {
      const name = key.toLowerCase()
      if (seen.has(name))
        context.issues.push({
          code: 'custom',
          path: [index, 'key'],
          message: 'stands here twice; only one value could win',
          input: key,
        })
      seen.add(name)
    }
  })

const config = z.strictObject({
  inboundHeaders: headers.meta({
    title: 'To the upstream',
    description: 'Set on every request; what the caller sent under these names is replaced.',
  }),
  outboundHeaders: headers.meta({
    title: 'To the caller',
    description: 'Set on every answer; what the upstream sent under these names is replaced.',
  }),
})
type Config = z.infer<typeof config>

interface Injection {
  name: string
  value: (exchange: Exchange) => string | undefined
}

function compile({ key, value }: Header): Injection {
  const name = key.toLowerCase()
  if (!isFormula(value)) return { name, value: () => value }
  const read = compileFormula(value)
  return {
    name,
    // A decoded query parameter may hold line breaks; such a value is no header.
    value: (exchange) => {
      const found = textOf(read(exchange))
      return isFieldValue(found) ? found : undefined
    },
  }
}

/** Sets headers on requests to the upstream and on answers to the caller. */
export const headerInjection = definePolicy<Config>({
  kind: 'header-injection',
  policyVersion: '1.0.0',
  title: 'Header injection',
  summary: 'Sets headers on requests to the upstream and on answers to the caller.',
  category: 'shape',
  config,
  summarise({ inboundHeaders, outboundHeaders }) {
    const names = (list: readonly Header[]) => list.map((header) => header.key).join(', ')
    const parts = [
      ...(inboundHeaders.length > 0 ? [`${names(inboundHeaders)} to the upstream`] : []),
      ...(outboundHeaders.length > 0 ? [`${names(outboundHeaders)} to the caller`] : []),
    ]
    return parts.length === 0 ? 'No headers yet' : parts.join('; ')
  },
  prepare({ inboundHeaders, outboundHeaders }) {
    const inbound = inboundHeaders.map(compile)
    const outbound = outboundHeaders.map(compile)
    return {
      onRequest(exchange) {
        for (const { name, value } of inbound) {
          const text = value(exchange)
          // Without a value the name is cleared, or a caller could speak for the gateway.
          if (text === undefined) exchange.removeHeader(name)
          else exchange.setHeader(name, text)
        }
        return undefined
      },
      onResponse(exchange) {
        for (const { name, value } of outbound) {
          const text = value(exchange)
          if (text === undefined) exchange.removeResponseHeader(name)
          else if (name === 'set-cookie') exchange.addResponseHeader(name, text)
          else exchange.setResponseHeader(name, text)
        }
      },
    }
  },
})

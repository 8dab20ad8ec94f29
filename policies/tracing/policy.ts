import { z } from 'zod'
import { definePolicy, type FinishedSpan, type Ports } from '../definition.ts'
import { isShown } from '../environment.ts'
import type { Exchange, Outcome } from '../exchange.ts'
import { compileFormula, formulaFault, isFormula, textOf } from '../formula.ts'
import { isToken } from '../header-fields.ts'
import {
  chanceOf,
  newSpanId,
  newTraceId,
  propagate,
  type TraceParent,
  traceParentOf,
  traceStateOf,
} from './trace-context.ts'

function percent(title: string, description: string) {
  return z.number().min(0).max(100).default(100).meta({ title, description })
}

const sampling = z.strictObject({
  client: percent('Asked for', 'Percent of the requests whose client says that their trace is recorded.'),
  random: percent('By chance', 'Percent of the requests that come without a trace.'),
  overall: percent('At most', 'Percent of all traces that are recorded, whoever asks for it.'),
})

const label = z
  .strictObject({
    name: z.string().min(1).max(100).meta({ title: 'Name' }),
    type: z.enum(['literal', 'environment', 'requestHeader']).meta({
      title: 'From',
      description: 'literal: the default value itself.',
    }),
    keyName: z
      .string()
      .max(200)
      .default('')
      .meta({ title: 'Which one', description: 'The variable of the node or the header of the request.' }),
    defaultValue: z
      .string()
      .max(256)
      .default('')
      .meta({ title: 'Default', description: 'Where there is none.' }),
  })
  .check((context) => {
    const fault = labelFault(context.value)
    if (fault !== undefined)
      context.issues.push({ code: 'custom', path: ['keyName'], message: fault, input: context.value })
  })
type Label = z.infer<typeof label>

const secret = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie'])

/** What HTTP/2 has in the place of a request line (RFC 9113 §8.3.1); of the path without its query. */
const pseudoHeaders = new Map<string, (exchange: Exchange) => string>([
  [':method', (exchange) => exchange.method],
  [':scheme', (exchange) => (exchange.secure ? 'https' : 'http')],
  [':authority', (exchange) => exchange.host],
  [':path', (exchange) => exchange.path],
])

function labelFault({ type, keyName }: { type: Label['type']; keyName: string }): string | undefined {
  if (type === 'environment' && !isShown(keyName))
    return 'only HOSTNAME, FLEX_NAME, NODE_NAME, POD_NAME, POD_NAMESPACE, POD_IP and variables that begin with HEXGATE_LABEL_ are shown: others may hold secrets'
  if (type !== 'requestHeader' || pseudoHeaders.has(keyName)) return undefined
  if (!isToken(keyName)) return 'is no header name'
  return secret.has(keyName.toLowerCase()) ? `${keyName} holds secrets and is not shown` : undefined
}

const config = z.strictObject({
  sampling: sampling
    .default({ client: 100, random: 100, overall: 100 })
    .meta({ title: 'Sampling', description: 'The same trace is recorded by all gateways or by none.' }),
  labels: z
    .array(label)
    .max(32)
    .default([])
    .meta({ title: 'Labels', description: 'Attributes of the span.' }),
  spanName: z
    .string()
    .max(500)
    .check((context) => {
      const fault = isFormula(context.value) ? formulaFault(context.value) : undefined
      if (fault !== undefined)
        context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
    })
    .default('')
    .meta({
      title: 'Name of the span',
      description: 'A text or an expression. Empty: the method and the base path of the API.',
      examples: ["#[attributes.method ++ ' ' ++ attributes.headers['x-operation']]"],
    }),
})
type Config = z.infer<typeof config>

const nameLengthMax = 200
const valueLengthMax = 256

/** A span that is running. */
interface Started {
  readonly own: TraceParent
  readonly parent: TraceParent | undefined
  readonly state: string
  readonly startMs: number
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

function isSampled({ sampling: share }: Config, traceId: string, parent: TraceParent | undefined): boolean {
  // What a client does not record would hang in the air if only this part of it were.
  if (parent?.isSampled === false) return false
  const wanted = parent === undefined ? share.random : share.client
  return chanceOf(traceId) * 100 < Math.min(wanted, share.overall)
}

function labelReader({ type, keyName, defaultValue }: Label, ports: Ports): (exchange: Exchange) => string {
  if (type === 'requestHeader') {
    const lower = keyName.toLowerCase()
    const read = pseudoHeaders.get(lower) ?? ((exchange: Exchange) => exchange.header(lower))
    return (exchange) => (read(exchange) ?? defaultValue).slice(0, valueLengthMax)
  }
  const value = (type === 'environment' ? ports.environment(keyName) : undefined) ?? defaultValue
  return () => value.slice(0, valueLengthMax)
}

function namer({ spanName }: Config, { api }: Ports): (exchange: Exchange) => string {
  if (spanName === '') return (exchange) => `${exchange.method} ${api.basePath}`
  if (!isFormula(spanName)) return () => spanName
  const formula = compileFormula(spanName)
  return (exchange) => textOf(formula(exchange)).slice(0, nameLengthMax)
}

/** By OpenTelemetry's semantic conventions for HTTP servers. The query stays out: it may hold secrets. */
function attributesOf(exchange: Exchange, outcome: Outcome, { api }: Ports, labels: Started['labels']) {
  return {
    'http.request.method': exchange.method,
    'http.route': api.basePath,
    'url.path': exchange.path.slice(0, 1_024),
    'url.scheme': exchange.secure ? 'https' : 'http',
    'server.address': exchange.host,
    'client.address': exchange.remoteAddress,
    'network.protocol.version': exchange.httpVersion,
    'http.response.status_code': outcome.status,
    'http.request.body.size': outcome.requestBytes,
    'http.response.body.size': outcome.responseBytes,
    'hexgate.api.name': api.name,
    'hexgate.api.version': api.version,
    'hexgate.request.id': exchange.requestId,
    ...(outcome.upstream === undefined ? {} : { 'hexgate.upstream': outcome.upstream }),
    ...(outcome.upstreamMs === undefined ? {} : { 'hexgate.upstream.duration_ms': outcome.upstreamMs }),
    ...(outcome.code === undefined ? {} : codeAttribute(outcome.status, outcome.code)),
    ...labels,
  }
}

/** An answer out of a cache has a code too, and is no error. */
function codeAttribute(status: number, code: string): Record<string, string> {
  return status >= 400 ? { 'error.type': code } : { 'hexgate.code': code }
}

function finished(exchange: Exchange, started: Started, outcome: Outcome, ports: Ports): FinishedSpan {
  const { own, parent, state, startMs, name, labels } = started
  return {
    traceId: own.traceId,
    spanId: own.spanId,
    parentSpanId: parent?.spanId,
    traceState: state,
    name,
    startMs,
    endMs: Math.max(startMs, ports.nowMs()),
    isFailed: outcome.status >= 500,
    attributes: attributesOf(exchange, outcome, ports, labels),
  }
}

/** Carries traces on to the upstream, and records what the gateway's part in them was. */
export const tracing = definePolicy<Config>({
  kind: 'tracing',
  policyVersion: '1.0.0',
  title: 'Tracing',
  summary: 'Carries W3C trace context on to the upstream and sends spans to the collector of the node.',
  category: 'observability',
  config,
  summarise: ({ sampling: { client, random, overall } }) =>
    `${Math.min(client, overall)} % of traces that come, ${Math.min(random, overall)} % of the others`,
  prepare(given, ports) {
    const nameOf = namer(given, ports)
    const labels = given.labels.map((one) => ({ name: one.name, read: labelReader(one, ports) }))
    const { spans } = ports
    if (spans === undefined) ports.log('warn', 'tracing.no_collector', { option: '--otlp-endpoint' })
    const running = new WeakMap<Exchange, Started>()
    return {
      onRequest(exchange) {
        const parent = traceParentOf(exchange.headerValues('traceparent'))
        const state = parent === undefined ? '' : traceStateOf(exchange.headerValues('tracestate'))
        const traceId = parent?.traceId ?? newTraceId()
        const own = { traceId, spanId: newSpanId(), isSampled: isSampled(given, traceId, parent) }
        running.delete(exchange)
        if (own.isSampled && spans !== undefined)
          running.set(exchange, {
            own,
            parent,
            state,
            startMs: ports.nowMs(),
            name: nameOf(exchange),
            labels: Object.fromEntries(labels.map(({ name, read }) => [name, read(exchange)])),
          })
        propagate(exchange, own, state)
        return undefined
      },
      onDone(exchange, outcome) {
        const started = running.get(exchange)
        if (started === undefined) return
        running.delete(exchange)
        spans?.(finished(exchange, started, outcome, ports))
      },
    }
  },
})

import { describe, expect, it } from 'vitest'
import type { Outcome } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { tracing } from './policy.ts'
import { chanceOf, newTraceId, traceParentOf, traceStateOf } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = `00-${traceId}-00f067aa0ba902b7-01`
const outcome: Outcome = {
  status: 200,
  code: undefined,
  durationMs: 25,
  requestBytes: 3,
  responseBytes: 7,
  upstream: '192.0.2.9:80',
  upstreamMs: 20,
}

type Given = ConstructorParameters<typeof ExchangeInMemory>[0]

function prepared(config: Record<string, unknown> = {}, ports = portsInMemory()) {
  const policy = tracing.prepare(tracing.config.parse(config), ports)
  function send(given: Given = {}, ended: Partial<Outcome> = {}) {
    const exchange = new ExchangeInMemory(given)
    policy.onRequest?.(exchange)
    ports.pass(25)
    policy.onDone?.(exchange, { ...outcome, ...ended })
    const sent = traceParentOf(exchange.headerValues('traceparent'))
    return { exchange, sent, span: ports.finishedSpans.at(-1) }
  }
  return { policy, ports, send }
}

describe('tracing', () => {
  it('carries a trace on: the same trace, its own span, and the state as it came', () => {
    const { send } = prepared()
    const { exchange, sent, span } = send({
      headers: { traceparent: parent, tracestate: ['congo=t61rcWkgMzE', 'rojo=00f067aa'] },
    })
    expect(sent).toMatchObject({ traceId, isSampled: true })
    expect(sent?.spanId).not.toBe('00f067aa0ba902b7')
    expect(exchange.headerValues('tracestate')).toEqual(['congo=t61rcWkgMzE,rojo=00f067aa'])
    expect(span).toMatchObject({
      traceId,
      spanId: sent?.spanId,
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'congo=t61rcWkgMzE,rojo=00f067aa',
    })
  })

  it('begins a trace where there is none, a new one each time', () => {
    const { send } = prepared()
    const [first, second] = [send(), send()]
    expect(first.sent?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(first.sent?.traceId).not.toBe(second.sent?.traceId)
    expect(first.span?.parentSpanId).toBeUndefined()
  })

  it.each([
    [[parent, parent]],
    [['']],
    [[parent.toUpperCase()]],
    [[`ff${parent.slice(2)}`]],
    [[`${parent}-more`]],
    [[`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`]],
    [[`00-${traceId}-${'0'.repeat(16)}-01`]],
    [[`00-${traceId}-00f067aa0ba902b7`]],
    [[`00-${traceId}-00f067aa0ba902b7-1`]],
    [[`00-${traceId}x-00f067aa0ba902b7-01`]],
  ])('begins a new trace, without the state, at traceparent %j', (values) => {
    const { send } = prepared()
    const { exchange, sent } = send({ headers: { traceparent: values, tracestate: 'a=1' } })
    expect(sent?.traceId).not.toBe(traceId)
    expect(exchange.headerValues('traceparent')).toHaveLength(1)
    expect(exchange.header('tracestate')).toBeUndefined()
  })

  it('takes later versions by what it knows of them', () => {
    expect(traceParentOf([`01-${traceId}-00f067aa0ba902b7-03-more`])).toMatchObject({
      traceId,
      isSampled: true,
    })
  })

  it.each([['no member'], ['A=1'], ['a='], [`a=${'x'.repeat(300)}`], [Array(33).fill('a=1').join(',')]])(
    'drops a state that is not of its form: %s',
    (state) => {
      expect(traceStateOf([state])).toBe('')
    },
  )

  it('tells with times, names and the outcome, never with the query', () => {
    const { send, ports } = prepared()
    const { span } = send(
      { method: 'POST', path: '/orders/7', query: '?api_key=hunter2', headers: { traceparent: parent } },
      { status: 504, code: 'upstream_timeout' },
    )
    expect(span).toMatchObject({ name: 'POST /orders', startMs: 0, endMs: 25, isFailed: true })
    expect(span?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'url.path': '/orders/7',
      'http.response.status_code': 504,
      'error.type': 'upstream_timeout',
      'hexgate.upstream': '192.0.2.9:80',
      'hexgate.api.name': 'orders',
      'hexgate.request.id': 'req-1',
    })
    expect(JSON.stringify(ports.finishedSpans)).not.toContain('hunter2')
  })

  it('takes no answer out of a cache for an error', () => {
    const { span } = prepared().send({}, { status: 200, code: 'http-caching.hit' })
    expect(span?.attributes).toMatchObject({ 'hexgate.code': 'http-caching.hit' })
    expect(span?.attributes).not.toHaveProperty('error.type')
    expect(span?.isFailed).toBe(false)
  })

  it('follows a client that does not record, and still carries the trace on', () => {
    const { send, ports } = prepared()
    expect(send({ headers: { traceparent: parent.replace(/01$/, '00') } }).sent).toMatchObject({
      traceId,
      isSampled: false,
    })
    expect(ports.finishedSpans).toHaveLength(0)
  })

  it.each([
    [{ client: 0 }, { headers: { traceparent: parent } }, 0],
    [{ client: 0 }, {}, 1],
    [{ random: 0 }, {}, 0],
    [{ random: 0 }, { headers: { traceparent: parent } }, 1],
    [{ overall: 0 }, { headers: { traceparent: parent } }, 0],
  ])('samples with %j a request of %j: %i', (sampling, given, spans) => {
    const { send, ports } = prepared({ sampling })
    expect(send(given).sent?.isSampled).toBe(spans === 1)
    expect(ports.finishedSpans).toHaveLength(spans)
  })

  it('records the share that it is told, and the same traces on every node', () => {
    const nodes = [prepared({ sampling: { client: 20 } }), prepared({ sampling: { client: 20 } })]
    for (let i = 0; i < 5_000; i++) {
      const headers = { traceparent: `00-${newTraceId()}-00f067aa0ba902b7-01` }
      for (const { send } of nodes) send({ headers })
    }
    const [first, second] = nodes.map(({ ports }) => ports.finishedSpans.map((span) => span.traceId))
    expect(first).toEqual(second)
    expect(first?.length).toBeGreaterThan(850)
    expect(first?.length).toBeLessThan(1_150)
    expect(chanceOf('f'.repeat(32))).toBeLessThan(1)
  })

  it('labels with texts, what the node shows of its environment, and headers, bounded in length', () => {
    const ports = portsInMemory({}, { environment: { HEXGATE_LABEL_ZONE: 'eu-1' } })
    const { send } = prepared(
      {
        labels: [
          { name: 'team', type: 'literal', defaultValue: 'orders' },
          { name: 'zone', type: 'environment', keyName: 'HEXGATE_LABEL_ZONE' },
          { name: 'pod', type: 'environment', keyName: 'POD_NAME', defaultValue: 'none' },
          { name: 'tenant', type: 'requestHeader', keyName: 'X-Tenant', defaultValue: 'nobody' },
          { name: 'method', type: 'requestHeader', keyName: ':method' },
          { name: 'path', type: 'requestHeader', keyName: ':path' },
        ],
      },
      ports,
    )
    expect(send({ headers: { 'x-tenant': 'a'.repeat(1_000) } }).span?.attributes).toMatchObject({
      team: 'orders',
      zone: 'eu-1',
      pod: 'none',
      tenant: 'a'.repeat(256),
      method: 'GET',
      path: '/orders',
    })
    expect(send({}).span?.attributes).toMatchObject({ tenant: 'nobody' })
  })

  it('names spans as told', () => {
    expect(prepared({ spanName: 'orders' }).send().span?.name).toBe('orders')
    const spanName = "#[attributes.method ++ ' ' ++ attributes.headers['x-op']]"
    expect(prepared({ spanName }).send({ headers: { 'x-op': 'list' } }).span?.name).toBe('GET list')
  })

  it('only carries traces on where the node has no collector, and says so', () => {
    const ports = { ...portsInMemory(), spans: undefined }
    const { send } = prepared({}, ports)
    expect(send({ headers: { traceparent: parent } }).sent).toMatchObject({ traceId })
    expect(ports.logged).toMatchObject([{ level: 'warn', code: 'tracing.no_collector' }])
  })

  it.each([
    [{ sampling: { client: 101 } }, 'sampling/client'],
    [{ sampling: { random: -1 } }, 'sampling/random'],
    [{ labels: [{ name: '', type: 'literal' }] }, 'labels/0/name'],
    [{ labels: [{ name: 'a', type: 'environment', keyName: 'HEXGATE_GATEWAY_KEY' }] }, 'labels/0/keyName'],
    [{ labels: [{ name: 'a', type: 'requestHeader', keyName: 'Authorization' }] }, 'labels/0/keyName'],
    [{ labels: [{ name: 'a', type: 'requestHeader', keyName: 'a b' }] }, 'labels/0/keyName'],
    [{ labels: [{ name: 'a', type: 'file', keyName: 'b' }] }, 'labels/0/type'],
    [{ spanName: '#[payload]' }, 'spanName'],
  ])('refuses %j at its field', (given, path) => {
    const issues = tracing.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})

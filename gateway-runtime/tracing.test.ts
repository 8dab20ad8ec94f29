import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { FinishedSpan } from '#policies/definition.ts'
import { createSpanSink } from './tracing.ts'
import { closing, memoryLog, until } from './testing/world.ts'

const end = closing()
afterEach(() => end.closeAll())

interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code: number }
}

/** Takes OTLP as JSON, as any collector does. */
async function collector(status = () => 200) {
  const spans: ReceivedSpan[] = []
  const requests: { url: string; headers: IncomingHttpHeaders; services: unknown[] }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(status(), { 'content-type': 'application/json' }).end('{}')
      if (response.statusCode !== 200) return
      const raw = Buffer.concat(chunks)
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      const { resourceSpans } = JSON.parse(bytes.toString()) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: unknown }[] }
          scopeSpans: { spans: ReceivedSpan[] }[]
        }[]
      }
      const services = resourceSpans.flatMap(({ resource }) =>
        resource.attributes.filter(({ key }) => key === 'service.name').map(({ value }) => value),
      )
      requests.push({ url: request.url ?? '', headers: request.headers, services })
      spans.push(...resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), spans, requests }
}

function span(more: Partial<FinishedSpan> = {}): FinishedSpan {
  return {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: 'b7ad6b7169203331',
    parentSpanId: '00f067aa0ba902b7',
    traceState: 'congo=t61',
    name: 'GET /orders',
    startMs: 1_700_000_000_123.5,
    endMs: 1_700_000_000_148,
    isFailed: true,
    attributes: { 'http.response.status_code': 504, team: 'orders' },
    ...more,
  }
}

describe('the way of spans to a collector', () => {
  it('brings them over OTLP as they are', async () => {
    const { url, spans, requests } = await collector()
    const sink = createSpanSink(url, memoryLog().log)
    sink.take(span())
    await sink.close()
    expect(requests).toMatchObject([{ url: '/v1/traces', services: [{ stringValue: 'hexgate-gateway' }] }])
    expect(spans).toMatchObject([
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: 'b7ad6b7169203331',
        parentSpanId: '00f067aa0ba902b7',
        traceState: 'congo=t61',
        name: 'GET /orders',
        kind: 2,
        startTimeUnixNano: '1700000000123500000',
        endTimeUnixNano: '1700000000148000000',
        status: { code: 2 },
        attributes: [
          { key: 'http.response.status_code', value: { intValue: 504 } },
          { key: 'team', value: { stringValue: 'orders' } },
        ],
      },
    ])
    expect(sink.lost).toBe(0)
  })

  it('sends a full batch at once and the rest a second later, none twice', async () => {
    const { url, spans, requests } = await collector()
    const sink = createSpanSink(new URL('/v1/traces', url), memoryLog().log)
    end.add(() => sink.close())
    for (let i = 0; i < 600; i++) sink.take(span({ spanId: i.toString(16).padStart(16, '0') }))
    await until('all have come', () => spans.length === 600)
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(600)
    expect(requests).toHaveLength(2)
    expect(requests[0]?.url).toBe('/v1/traces')
  })

  it('never waits for a collector: it keeps some, loses the rest, and says so once', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { log, lines } = memoryLog()
    const sink = createSpanSink(new URL(`http://127.0.0.1:${port}`), log)
    const began = performance.now()
    for (let i = 0; i < 20_000; i++) sink.take(span())
    expect(performance.now() - began).toBeLessThan(500)
    expect(sink.lost).toBeGreaterThan(15_000)
    await sink.close()
    expect(sink.lost).toBe(20_000)
    expect(lines.filter((line) => line['code'] === 'tracing.collector_away').length).toBeLessThanOrEqual(1)
  })

  it('says when a collector refuses, and that it is back', async () => {
    let status = 400
    const { url, spans } = await collector(() => status)
    const { log, lines } = memoryLog()
    const sink = createSpanSink(url, log)
    end.add(() => sink.close())
    sink.take(span())
    await until('it was said', () => lines.length > 0)
    expect(lines[0]).toMatchObject({ code: 'tracing.collector_away' })
    status = 200
    sink.take(span())
    await until('one has come', () => spans.length === 1)
    await until('that was said', () => lines.length > 2)
    expect(lines.slice(1)).toMatchObject([
      { code: 'tracing.collector_back' },
      { code: 'tracing.spans_lost', spans: 1 },
    ])
  })
})

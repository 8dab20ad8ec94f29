import { hostname } from 'node:os'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { FinishedSpan } from '#policies/definition.ts'

/** Takes spans and sends them to a collector. */
export interface SpanSink {
  /** Never waits: what finds the queue full is lost and counted. */
  readonly take: (span: FinishedSpan) => void
  readonly lost: number
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>
}

/** Where it says how it fares. */
export interface SinkLog {
  info(fields: Record<string, unknown>, text: string): void
  warn(fields: Record<string, unknown>, text: string): void
}

const queueMax = 4_096
const batchMax = 512
const flushMs = 1_000
const exportMsMax = 5_000
const closeMsMax = 3_000

type Ship = (spans: readonly FinishedSpan[]) => Promise<void>

/**
 * Sends spans over OTLP/HTTP, in batches, by OpenTelemetry's own exporter, which takes headers for the collector
 * from OTEL_EXPORTER_OTLP_HEADERS.
 */
export function createSpanSink(endpoint: URL, log: SinkLog): SpanSink {
  return new Sink(openShip(endpoint), log, endpoint.origin)
}

class Sink implements SpanSink {
  readonly #opening: Promise<{ ship: Ship; close: () => Promise<void> }>
  readonly #log: SinkLog
  readonly #where: string
  #queue: FinishedSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #inFlight = 0
  #isClosed = false
  #lost = 0
  #toldLost = 0
  #isAway = false

  constructor(opening: Promise<{ ship: Ship; close: () => Promise<void> }>, log: SinkLog, where: string) {
    this.#opening = opening
    this.#log = log
    this.#where = where
  }

  get lost(): number {
    return this.#lost
  }

  readonly take = (span: FinishedSpan): void => {
    if (this.#isClosed || this.#queue.length >= queueMax) {
      this.#lost++
      return
    }
    this.#queue.push(span)
    if (this.#sending !== undefined) return
    if (this.#queue.length >= batchMax) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), flushMs).unref()
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = undefined
      if (this.#queue.length >= batchMax) this.#send()
      else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#send(), flushMs).unref()
    })
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#queue.splice(0, batchMax)
    if (batch.length === 0) return
    this.#inFlight = batch.length
    try {
      await (await this.#opening).ship(batch)
      if (this.#isAway)
        this.#log.info({ code: 'tracing.collector_back', where: this.#where }, 'spans arrive again')
      this.#isAway = false
    } catch (error) {
      if (this.#isClosed) return
      this.#lost += batch.length
      this.#tellAway(error instanceof Error ? error.message : String(error))
    }
    this.#inFlight = 0
    if (this.#lost > this.#toldLost && !this.#isAway) {
      this.#log.warn({ code: 'tracing.spans_lost', spans: this.#lost - this.#toldLost }, 'spans were lost')
      this.#toldLost = this.#lost
    }
  }

  #tellAway(reason: string): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#log.warn(
      { code: 'tracing.collector_away', where: this.#where, reason },
      `the collector at ${this.#where} does not take spans`,
    )
  }

  async close(): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, closeMsMax).unref())
    await Promise.race([this.#drain(), late])
    clearTimeout(this.#timer)
    this.#isClosed = true
    this.#lost += this.#queue.length + this.#inFlight
    this.#queue = []
    await this.#opening.then(
      ({ close }) => Promise.race([close(), late]),
      () => undefined,
    )
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#sending !== undefined) {
      if (this.#sending === undefined) this.#send()
      await this.#sending
    }
  }
}

/** Loaded where there is a collector alone. */
async function openShip(endpoint: URL): Promise<{ ship: Ship; close: () => Promise<void> }> {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, { createTraceState }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/api'),
  ])
  const exporter = new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: exportMsMax })
  const resource = resourceFromAttributes({
    'service.name': process.env['OTEL_SERVICE_NAME'] ?? 'hexgate-gateway',
    'host.name': hostname(),
    'process.pid': process.pid,
  })
  const readable = (span: FinishedSpan): ReadableSpan => {
    const startTime = timeOf(span.startMs)
    return {
      name: span.name,
      // SERVER
      kind: 1,
      spanContext: () => ({
        traceId: span.traceId,
        spanId: span.spanId,
        traceFlags: 1,
        ...(span.traceState === '' ? {} : { traceState: createTraceState(span.traceState) }),
      }),
      ...(span.parentSpanId === undefined
        ? {}
        : {
            parentSpanContext: {
              traceId: span.traceId,
              spanId: span.parentSpanId,
              traceFlags: 1,
              isRemote: true,
            },
          }),
      startTime,
      endTime: timeOf(span.endMs),
      duration: timeOf(span.endMs - span.startMs),
      // ERROR and UNSET
      status: { code: span.isFailed ? 2 : 0 },
      attributes: span.attributes,
      links: [],
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: 'hexgate' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }
  return {
    ship: (spans) => exported(exporter, spans.map(readable)),
    close: () => exporter.shutdown(),
  }
}

function exported(exporter: SpanExporter, spans: ReadableSpan[]): Promise<void> {
  return new Promise((resolve, reject) =>
    exporter.export(spans, ({ code, error }) => {
      if (code === 0) resolve()
      else reject(error ?? new Error('the spans were not taken'))
    }),
  )
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): [number, number] {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000_000)]
}

/** A collector's base address, or the one for traces itself. */
function tracesUrl(endpoint: URL): string {
  const url = new URL(endpoint)
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`
  return url.href
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createHistogram } from 'node:perf_hooks'
import { AnswerReader } from './answer.ts'
import type { RateAnswer, RateOptions } from './load.ts'

/**
 * Asks at a constant rate. Each request is due at a moment of its own, and what it takes is counted from then: where
 * all connections wait for answers it waits too, and that is no excuse for anybody. SIGTERM ends it early.
 */

interface Connection {
  readonly socket: Socket
  /** When the request on it was due; negative while there is none. */
  dueMs: number
}

// From load.ts, as JSON.
const { port, path, connections, seconds, requestsPerSecond } = JSON.parse(
  process.argv[2] ?? '',
) as RateOptions
const ask = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
const free: Connection[] = []
const latencies = createHistogram()
const lateness = createHistogram()
/** Requests that nobody answers are counted as failed after so long. */
const LAST_ANSWER_MS = 5_000
/** The client's own code is compiled by then; what it asks until then is not counted. */
const WARM_UP_MS = 1_000
/** From here on it pays to sleep. */
const SLEEP_MS = 2
const gapMs = 1_000 / requestsPerSecond
let total = Math.ceil(WARM_UP_MS / gapMs + requestsPerSecond * seconds)
let countedFromMs = Number.POSITIVE_INFINITY
let startMs = 0
let sent = 0
let ended = 0
let answered = 0
let failed = 0
/** Requests wait for connections. */
let isBehind = false
let isOver = false

// One for all: an answer is looked at and forgotten before the next one is read.
const buffer = Buffer.alloc(65_536)

async function connectOnce(): Promise<void> {
  const reader = new AnswerReader()
  const callback = (length: number) => {
    const isGood = reader.take(buffer, length)
    if (isGood !== undefined) {
      end(connection, isGood)
      free.push(connection)
    }
    return true
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
  const connection: Connection = { socket, dueMs: -1 }
  socket.on('error', () => undefined)
  socket.on('close', () => lost(connection))
  await once(socket, 'connect')
  free.push(connection)
}

function lost(connection: Connection): void {
  if (connection.dueMs >= 0) end(connection, false)
  const at = free.indexOf(connection)
  if (at >= 0) free.splice(at, 1)
  // Where nobody listens the next attempt fails too; requests wait meanwhile, and that is counted.
  if (!isOver) connectOnce().catch(() => undefined)
}

function end(connection: Connection, isGood: boolean): void {
  const { dueMs } = connection
  connection.dueMs = -1
  ended++
  if (dueMs < countedFromMs) return
  if (isGood) {
    answered++
    latencies.record(nanoseconds(performance.now() - dueMs))
  } else failed++
}

// A histogram takes whole numbers from 1.
function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6))
}

function step(): void {
  const nowMs = performance.now()
  for (;;) {
    const dueMs = startMs + sent * gapMs
    if (sent >= total || dueMs > nowMs) {
      isBehind = false
      break
    }
    const connection = free.pop()
    if (connection === undefined) {
      isBehind = true
      break
    }
    if (!isBehind && dueMs >= countedFromMs) lateness.record(nanoseconds(nowMs - dueMs))
    connection.dueMs = dueMs
    connection.socket.write(ask)
    sent++
  }
  const lastMs = startMs + total * gapMs + LAST_ANSWER_MS
  if (ended >= total || nowMs > lastMs) finish()
  else if (startMs + sent * gapMs - nowMs > SLEEP_MS) setTimeout(step, 1)
  else setImmediate(step)
}

function finish(): void {
  isOver = true
  const milliseconds = (ns: number) => Number((ns / 1e6).toFixed(3))
  const answer: RateAnswer = {
    answered,
    failed: failed + total - ended,
    p50Ms: milliseconds(latencies.percentile(50)),
    p99Ms: milliseconds(latencies.percentile(99)),
    longestMs: milliseconds(latencies.max),
    lateP99Ms: milliseconds(lateness.percentile(99)),
  }
  process.stdout.write(JSON.stringify(answer), () => process.exit(0))
}

process.on('SIGTERM', () => (total = Math.min(total, sent)))
for (let index = 0; index < connections; index++) await connectOnce()
startMs = performance.now()
countedFromMs = startMs + WARM_UP_MS
step()

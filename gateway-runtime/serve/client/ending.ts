import { performance } from 'node:perf_hooks'
import type { Refusal } from '#policies/exchange.ts'
import type { InboundTls } from '#policies/settings.ts'
import { VerifiedPeer } from '#tls/verified-peer.ts'
import { AgreedSession, WITHOUT_TLS } from '../agreements.ts'
import { answerBytesMaxOf, runAnswerBodies } from '../bodies.ts'
import { noteDryRefusal, outcomeOf, type PolicyWatch } from '../course.ts'
import type { Http1Exchange } from '../exchange.ts'
import type { AccessLog } from '../log.ts'
import type { Metrics, RouteCounters } from '../metrics.ts'
import { runDone } from '../phases.ts'
import { PeerCounters } from '../peers.ts'
import { refusal } from '../refusals.ts'
import { AnswerCopy, type BodyBudget } from './body.ts'

/** What is told of ends. */
export interface EndWatch extends PolicyWatch {
  readonly metrics: Metrics
  readonly log: AccessLog | undefined
}

// Nothing was answered: the client had gone (nginx's 499).
const CLIENT_GONE = 499

/**
 * Counts, logs and tells the policies how an exchange has ended; `cutBy` says why where it was cut. A WebSocket's
 * policies hear of it when it is closed.
 */
export function recordEnd(
  exchange: Http1Exchange,
  watch: EndWatch,
  requestBytes: number,
  cutBy: string | undefined,
): void {
  exchange.over = true
  const durationMs = performance.now() - exchange.startMs
  const status = exchange.status === 0 ? CLIENT_GONE : exchange.status
  const { route, refusedByPolicy, code, course } = exchange
  if (course !== null)
    for (const policy of course.exceededIn(requestBytes))
      noteDryRefusal(exchange, policy, refusal('body_too_large'), watch)
  const counters = route?.counters ?? null
  const octave = watch.metrics.answered(counters, status, durationMs, refusedByPolicy, code)
  if (counters !== null) countParts(exchange, counters, status >= 500, octave, durationMs)
  if (watch.log !== undefined) logEnd(watch.log, exchange, status, durationMs, cutBy)
  if (route === null || !route.hasDone || status === 101) return
  const { bodyBytes: responseBytes } = exchange
  const outcome = outcomeOf({ course, status, requestBytes, responseBytes }, cutBy ?? code, durationMs)
  runDone(exchange, route.route.policies, watch, outcome)
}

function countParts(
  exchange: Http1Exchange,
  counters: RouteCounters,
  isError: boolean,
  octave: number,
  durationMs: number,
): void {
  const { pool, route, decidedBy } = exchange
  countCaller(exchange, counters, route?.route.inboundTls)
  if (pool !== null) counters.upstreams.of(pool.name).add(isError, octave, durationMs)
  const operation = route?.route.operations?.find(exchange.method, exchange.resourcePath)
  if (operation !== undefined) counters.operations.of(operation).add(isError, octave, durationMs)
  if (decidedBy !== null) counters.policy(decidedBy).answered++
}

/** A request without a certificate and a client is somebody's all the same, once policies have let it through. */
function countCaller(
  { tls, client, pool }: Http1Exchange,
  counters: RouteCounters,
  trust: InboundTls | undefined,
): void {
  const peer = tls?.peer
  if (tls === undefined) counters.cameBy(WITHOUT_TLS)
  else if (tls instanceof AgreedSession) counters.cameBy(tls.agreement)
  if (trust !== undefined && peer instanceof VerifiedPeer)
    (counters.peers ??= new PeerCounters()).seen(peer, trust, client?.id)
  if (client !== undefined) counters.calledBy(client.id)
  else if (peer === undefined && pool !== null) counters.calledBy('')
}

/** Counts and logs what was refused before a request could be made of it. */
export function recordUnparsed(
  refused: Refusal,
  watch: EndWatch,
  remoteAddress: string,
  requestId: string,
): void {
  const { status, code } = refused
  watch.metrics.answered(null, status, 0, false, code)
  watch.log?.record({
    requestId,
    remoteAddress,
    method: '-',
    host: '-',
    path: '-',
    status,
    bodyBytes: 0,
    durationMs: 0,
    api: undefined,
    client: undefined,
    code,
  })
}

/** A copy of an answer's body for the policies that want it; null where none does. */
export function beginCopy(
  exchange: Http1Exchange,
  { bodies }: { readonly bodies: BodyBudget },
): AnswerCopy | null {
  if (exchange.course === null || exchange.course.wanted.length === 0) return null
  return new AnswerCopy(answerBytesMaxOf(exchange), bodies)
}

/** Shows an answer's body to the policies that wanted it, and gives its memory back. */
export function endCopy(exchange: Http1Exchange, copy: AnswerCopy, watch: PolicyWatch): void {
  runAnswerBodies(exchange, copy.body, watch)
  copy.release()
}

function logEnd(
  log: AccessLog,
  exchange: Http1Exchange,
  status: number,
  durationMs: number,
  cutBy: string | undefined,
): void {
  const { requestId, remoteAddress, method, host, path, bodyBytes } = exchange
  const api = exchange.route?.route.apiName
  const client = exchange.client?.name
  const code = cutBy ?? exchange.code
  const dryRun = exchange.course?.dryRefusals
  log.record({
    requestId,
    remoteAddress,
    method,
    host,
    path,
    status,
    bodyBytes,
    durationMs,
    api,
    client,
    code,
    dryRun,
  })
}

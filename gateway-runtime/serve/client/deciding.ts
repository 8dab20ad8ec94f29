import type { Refusal } from '#policies/exchange.ts'
import { isSameOrigin } from '#policies/origins.ts'
import { runBodies, wantedBodyBytes } from '../bodies.ts'
import { courseOf } from '../course.ts'
import type { Http1Exchange } from '../exchange.ts'
import { normalPath } from '#domain/path.ts'
import { runFailurePhases, runRequestPhases } from '../phases.ts'
import type { LivePolicy } from '../plan.ts'
import { type RefusalCode, refusal } from '../refusals.ts'
import { checkedAnswer } from './answer.ts'
import type { ConnectionHost } from './host.ts'

/** Whoever carries a request while policies decide on it: a connection of HTTP/1.1, or a stream of HTTP/2. */
export interface Carrier {
  readonly host: ConnectionHost
  /** All of the request's body is here. */
  readonly requestDone: boolean
  /** The exchange still waits for a decision: the client may have gone, or time may have run out. */
  isDeciding(exchange: Http1Exchange): boolean
  /** Reads the body, which may be that long, to show it when it is whole. */
  collectBody(exchange: Http1Exchange, bytesMax: number): void
  send(exchange: Http1Exchange): void
  refuse(refused: Refusal): void
}

const NO_BYTES = Buffer.alloc(0)
const NO_POLICIES: readonly LivePolicy[] = []

export function policiesOf({ route }: Http1Exchange): readonly LivePolicy[] {
  return route === null ? NO_POLICIES : route.route.policies
}

/** Why a request has no route whatever its path, or null; its path is in normal form then. */
export function pathFault(exchange: Http1Exchange, host: ConnectionHost): RefusalCode | null {
  const { head } = exchange
  if (head.contentLength > host.limits.bodyBytesMax) return 'body_too_large'
  // OPTIONS * speaks of the server as a whole, which no API is.
  if (head.isAsterisk) return 'no_route'
  if (!head.needsNormalising) return null
  const path = normalPath(exchange.path)
  if (path === null) return 'bad_path'
  exchange.normalPath = path
  return null
}

/** Asks the policies by the request's head, then those that want its body; sends it on or refuses it. */
export function decide(exchange: Http1Exchange, carrier: Carrier): void {
  settle(runRequestPhases(exchange, policiesOf(exchange), carrier.host), exchange, carrier, admitBody)
}

function admitBody(exchange: Http1Exchange, carrier: Carrier): void {
  const { course, route, upgrades, head } = exchange
  if (upgrades && isForeign(exchange)) return carrier.refuse(refusal('foreign_origin'))
  // Without bounds and readers of the body it streams.
  if (upgrades || (course === null && route?.hasRequestBodies !== true)) return carrier.send(exchange)
  const wanted = wantedBodyBytes(exchange, head.contentLength, carrier.host)
  if (wanted === undefined) return carrier.send(exchange)
  if (typeof wanted === 'object') return carrier.refuse(checkedAnswer(wanted, exchange))
  if (carrier.requestDone) return showBody(exchange, NO_BYTES, carrier)
  courseOf(exchange).body = NO_BYTES
  carrier.collectBody(exchange, wanted)
}

// A browser lets any page open a WebSocket, with the cookies and the client certificate of whoever looks at it.
function isForeign(exchange: Http1Exchange): boolean {
  const origin = exchange.header('origin')
  return origin !== undefined && !exchange.isOriginAllowed && !isSameOrigin(origin, exchange.host)
}

/** Asks the policies that wanted the body whole; sends the request on or refuses it. */
export function showBody(exchange: Http1Exchange, body: Buffer, carrier: Carrier): void {
  const course = courseOf(exchange)
  course.body = body
  course.isBodyWhole = true
  settle(runBodies(exchange, body, carrier.host), exchange, carrier, sendOn)
}

function sendOn(exchange: Http1Exchange, carrier: Carrier): void {
  carrier.send(exchange)
}

type Decision = Refusal | undefined
type Next = (exchange: Http1Exchange, carrier: Carrier) => void

function settle(
  decision: Decision | Promise<Decision>,
  exchange: Http1Exchange,
  carrier: Carrier,
  next: Next,
): void {
  if (decision === undefined) next(exchange, carrier)
  else if (decision instanceof Promise) void settleLater(decision, exchange, carrier, next)
  else carrier.refuse(checkedAnswer(decision, exchange))
}

async function settleLater(
  decision: Promise<Decision>,
  exchange: Http1Exchange,
  carrier: Carrier,
  next: Next,
): Promise<void> {
  const decided = await decision
  if (carrier.isDeciding(exchange)) settle(decided, exchange, carrier, next)
}

/** What is answered where the upstream failed: a policy may have something better than the refusal that is due. */
export function inPlaceOf(due: Refusal, exchange: Http1Exchange, host: ConnectionHost): Refusal {
  const answer = runFailurePhases(exchange, policiesOf(exchange), host, due)
  return answer === due ? due : checkedAnswer(answer, exchange)
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** Whether a request may be sent anew of which an upstream may have seen something: only one without a body. */
export function mayTakeBack({ head, method }: Http1Exchange, idempotentOnly: boolean): boolean {
  if (head.chunked || head.contentLength > 0) return false
  return !idempotentOnly || IDEMPOTENT.has(method)
}

/** Whether a request that a kept connection has lost may go out again, which it may once. */
export function mayGoAgain({ head, method, course, retried }: Http1Exchange): boolean {
  if (retried || !IDEMPOTENT.has(method)) return false
  const hasBody = head.chunked || head.contentLength > 0
  return !hasBody || course?.isBodyWhole === true
}

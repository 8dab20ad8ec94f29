import type { AnswerBodyPhase, RequestBodyPhase } from '#policies/definition.ts'
import type { Exchange, Outcome, Refusal } from '#policies/exchange.ts'
import type { DryRefusal } from './log.ts'
import { Overlay } from './overlay.ts'
import type { LivePolicy, ServedRoute } from './plan.ts'
import { isRefusal } from './refusals.ts'

/** Headers of an answer that the gateway makes; several values are several lines. */
export type OwnHeaders = Readonly<Record<string, string | readonly string[]>>

/** An exchange while policies run on it, whatever HTTP version carries it. */
export interface Running extends Exchange {
  readonly route: ServedRoute | null
  /** The policy whose answer this is, where it is one's. */
  decidedBy: LivePolicy | null
  /** How many policies have been asked; their response phases will run. */
  reached: number
  /** It has ended: a policy that still waits is the last one that runs. */
  over: boolean
  /** Null for most: no rules that did not match, no dry runs, no bodies looked at. */
  course: Course | null
  /** The answer is the upstream's, not one of the gateway's own. */
  readonly isUpstreamAnswer: boolean
  /** Shows a head in the response members, once the real one has gone out. */
  showAnswer(headers: OwnHeaders): void
}

/** An answer body that a policy wants, and the head as it was at that policy's turn. */
export interface Wanted {
  readonly policy: LivePolicy
  readonly phase: AnswerBodyPhase
  readonly exchange: Exchange
  readonly head: OwnHeaders
}

/** A policy that wants the request's body whole. */
export interface Reader {
  readonly policy: LivePolicy
  readonly phase: RequestBodyPhase
  readonly exchange: Exchange
}

/** An endpoint of an upstream. */
interface Named {
  readonly host: string
  readonly port: number
}

/** What an exchange keeps of policies with rules, in dry run, with bodies or that hear of ends. */
export class Course {
  /** Places of policies that are not for this exchange. */
  readonly passedOver = new Set<number>()
  /** What policies in dry run would have refused with. */
  readonly dryRefusals: DryRefusal[] = []
  readonly wanted: Wanted[] = []
  /** How many policies have not seen the answer yet that one behind them put in place. */
  unasked = 0
  /** What policies allow of the request's body. */
  bodyBytesMax = Infinity
  readonly readers: Reader[] = []
  /** What was read of the request's body for them, which goes on to the upstream. */
  body: Buffer | null = null
  isBodyWhole = false
  /** Where the request went, when, and how long the head of the answer took. */
  endpoint: Named | undefined
  sentAtMs = 0
  upstreamMs: number | undefined
  private readonly overlays = new Map<number, Overlay>()

  overlay(place: number, policy: LivePolicy, exchange: Exchange): Overlay {
    let overlay = this.overlays.get(place)
    if (overlay === undefined) this.overlays.set(place, (overlay = new Overlay(policy, exchange)))
    return overlay
  }

  /** Policies in dry run that would not have allowed a body of that length. */
  exceededIn(bodyBytes: number): LivePolicy[] {
    return [...this.overlays.values()].flatMap(({ policy, bodyBytesMax }) =>
      bodyBytes > bodyBytesMax ? [policy] : [],
    )
  }
}

export function courseOf(exchange: Running): Course {
  exchange.course ??= new Course()
  return exchange.course
}

/** How long the request's body may be, by what its policies say and by the bound of the listener. */
export function allowedBodyBytes({ course }: Running, bytesMax: number): number {
  return course === null ? bytesMax : Math.min(bytesMax, course.bodyBytesMax)
}

/** The exchange as the policy at a place sees it. */
export function seenBy(policy: LivePolicy, place: number, exchange: Running): Exchange {
  return policy.dryRun === true ? courseOf(exchange).overlay(place, policy, exchange) : exchange
}

/** The request goes to an endpoint now. */
export function noteSent(exchange: Running, endpoint: Named): void {
  const course = courseOf(exchange)
  course.endpoint = endpoint
  course.sentAtMs = performance.now()
}

/** The head of its answer has come. */
export function noteAnswer(exchange: Running): void {
  const course = courseOf(exchange)
  course.upstreamMs = performance.now() - course.sentAtMs
}

/** How an exchange has ended, for its policies. */
export function outcomeOf(
  {
    course,
    status,
    requestBytes,
    responseBytes,
  }: { course: Course | null; status: number; requestBytes: number; responseBytes: number },
  code: string | undefined,
  durationMs: number,
): Outcome {
  const { endpoint, upstreamMs } = course ?? {}
  const upstream = endpoint === undefined ? undefined : addressOf(endpoint)
  return { status, code, durationMs, requestBytes, responseBytes, upstream, upstreamMs }
}

function addressOf({ host, port }: Named): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function isPassedOver(exchange: Running, place: number): boolean {
  return exchange.course !== null && exchange.course.passedOver.has(place)
}

/** Told what becomes of policies. */
export interface PolicyWatch {
  /** A policy has thrown: a bug of the policy, which costs its request and nothing else. */
  policyFailed(policy: LivePolicy, error: unknown): void
  /** A policy in dry run would have refused. */
  dryRefused(policy: LivePolicy, refused: Refusal, route: ServedRoute | null): void
}

/** Remembers and reports what a policy in dry run would have done. */
export function noteDryRefusal(
  exchange: Running,
  policy: LivePolicy,
  refused: Refusal,
  watch: PolicyWatch,
): void {
  if (!isRefusal(refused)) return
  courseOf(exchange).dryRefusals.push({ policy: policy.kind, code: refused.code, status: refused.status })
  watch.dryRefused(policy, refused, exchange.route)
}

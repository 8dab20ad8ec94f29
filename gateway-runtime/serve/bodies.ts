import type { Refusal } from '#policies/exchange.ts'
import {
  allowedBodyBytes,
  courseOf,
  isPassedOver,
  noteDryRefusal,
  type PolicyWatch,
  type Running,
  seenBy,
} from './course.ts'
import { answered, decided, failed, POLICY_FAILED } from './phases.ts'
import type { LivePolicy } from './plan.ts'
import { refusal } from './refusals.ts'

/** Asks which policies want the request's body whole; the answer is a refusal where one of them threw. */
export function askForBody(
  exchange: Running,
  policies: readonly LivePolicy[],
  watch: PolicyWatch,
): Refusal | undefined {
  for (const [place, policy] of policies.entries()) {
    const phase = policy.prepared.requestBody
    if (phase === undefined || isPassedOver(exchange, place)) continue
    const seen = seenBy(policy, place, exchange)
    try {
      if (phase.wants?.(seen) === false) continue
      courseOf(exchange).readers.push({ policy, phase, exchange: seen })
    } catch (error) {
      failed(policy, exchange, error, watch)
      if (policy.dryRun !== true) return POLICY_FAILED
    }
  }
  return undefined
}

/**
 * How much of the body must be read before it goes on: undefined where it streams, a refusal where it announces to be
 * longer than policies allow or one of them threw.
 */
export function wantedBodyBytes(
  exchange: Running,
  contentLength: number,
  watch: PolicyWatch,
): Refusal | number | undefined {
  if (contentLength > allowedBodyBytes(exchange, Infinity)) return refusal('body_too_large')
  const { route } = exchange
  if (route === null || !route.hasRequestBodies) return undefined
  const refused = askForBody(exchange, route.route.policies, watch)
  if (refused !== undefined) return refused
  if (exchange.course === null || exchange.course.readers.length === 0) return undefined
  const bytesMax = bodyBytesMaxOf(exchange)
  return contentLength > bytesMax ? bodyTooLarge(exchange, watch) : bytesMax
}

/** How much of the body must be read: the least that a reader allows, or the most where all of them are in dry run. */
export function bodyBytesMaxOf(exchange: Running): number {
  const readers = exchange.course?.readers ?? []
  const firm = readers.filter(({ policy }) => policy.dryRun !== true)
  if (firm.length > 0) return Math.min(...firm.map(({ phase }) => phase.maxBytes))
  return Math.max(0, ...readers.map(({ phase }) => phase.maxBytes))
}

/** The body is longer than any reader allows: refused, unless all of them are in dry run. */
export function bodyTooLarge(exchange: Running, watch: PolicyWatch): Refusal | undefined {
  const readers = exchange.course?.readers ?? []
  const tooLarge = refusal('body_too_large')
  if (readers.some(({ policy }) => policy.dryRun !== true)) return tooLarge
  for (const { policy } of readers) noteDryRefusal(exchange, policy, tooLarge, watch)
  readers.length = 0
  return undefined
}

/** Shows the whole body to those that wanted it, in order, from a place on; a promise where one of them waits. */
export function runBodies(
  exchange: Running,
  body: Uint8Array,
  watch: PolicyWatch,
  from = 0,
): Refusal | undefined | Promise<Refusal | undefined> {
  const readers = exchange.course?.readers ?? []
  for (let place = from; place < readers.length; place++) {
    const reader = readers[place]
    if (reader === undefined) continue
    const { policy, phase, exchange: seen } = reader
    try {
      const answer = body.length > phase.maxBytes ? refusal('body_too_large') : phase.run(seen, body)
      if (answer === undefined) continue
      if (answer instanceof Promise) {
        return answered(answer, policy, exchange, watch).then((refused) =>
          refused !== undefined || exchange.over ? refused : runBodies(exchange, body, watch, place + 1),
        )
      }
      if (policy.dryRun !== true) return decided(policy, exchange, answer)
      noteDryRefusal(exchange, policy, answer, watch)
    } catch (error) {
      failed(policy, exchange, error, watch)
      if (policy.dryRun !== true) return POLICY_FAILED
    }
  }
  return undefined
}

/** The most that a policy wants of the answer's body. */
export function answerBytesMaxOf(exchange: Running): number {
  return Math.max(0, ...(exchange.course?.wanted ?? []).map(({ phase }) => phase.maxBytes))
}

/** Shows the answer's body to those that wanted it; null where it is not whole. */
export function runAnswerBodies(exchange: Running, body: Uint8Array | null, watch: PolicyWatch): void {
  for (const { policy, phase, exchange: seen, head } of exchange.course?.wanted ?? []) {
    exchange.showAnswer(head)
    try {
      const shown = body !== null && body.length <= phase.maxBytes ? body : null
      const waiting = phase.run(seen, shown)
      if (waiting instanceof Promise)
        waiting.catch((error: unknown) => failed(policy, exchange, error, watch))
    } catch (error) {
      failed(policy, exchange, error, watch)
    }
  }
}

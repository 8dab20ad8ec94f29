import type { Exchange, Outcome, Refusal } from '#policies/exchange.ts'
import {
  courseOf,
  isPassedOver,
  noteDryRefusal,
  type OwnHeaders,
  type PolicyWatch,
  type Running,
  seenBy,
} from './course.ts'
import { timedCalls } from './metrics.ts'
import type { LivePolicy } from './plan.ts'

export const POLICY_FAILED: Refusal = { status: 500, code: 'policy_failed', detail: 'A policy failed' }

type Policies = readonly LivePolicy[]

/**
 * Runs the request phases that have not run yet. The answer is there at once unless a policy waits: then it is
 * a promise. A policy that throws refuses the request, since going on without it would let the request past it.
 */
export function runRequestPhases(
  exchange: Running,
  policies: Policies,
  watch: PolicyWatch,
): Refusal | undefined | Promise<Refusal | undefined> {
  while (exchange.reached < policies.length) {
    const place = exchange.reached++
    const policy = policies[place]
    if (policy === undefined) continue
    try {
      if (policy.applies !== undefined && !policy.applies(exchange)) {
        courseOf(exchange).passedOver.add(place)
        continue
      }
      const answer = ask(policy, place, exchange)
      if (answer === undefined) continue
      if (answer instanceof Promise) return runLater(answer, policy, exchange, policies, watch)
      if (policy.dryRun !== true) return decided(policy, exchange, answer)
      noteDryRefusal(exchange, policy, answer, watch)
    } catch (error) {
      failed(policy, exchange, error, watch)
      if (policy.dryRun !== true) return POLICY_FAILED
    }
  }
  return undefined
}

type Decision = Refusal | undefined
let untimed = 0

function ask(policy: LivePolicy, place: number, exchange: Running): Decision | Promise<Decision> {
  if (++untimed < timedCalls) return policy.prepared.onRequest?.(seenBy(policy, place, exchange))
  untimed = 0
  const fromMs = performance.now()
  const answer = policy.prepared.onRequest?.(seenBy(policy, place, exchange))
  const took = () => exchange.route?.counters?.policy(policy).took(performance.now() - fromMs)
  if (answer instanceof Promise) void answer.then(took, took)
  else took()
  return answer
}

/** The answer is this policy's. */
export function decided(policy: LivePolicy, exchange: Running, answer: Refusal): Refusal {
  exchange.decidedBy = policy
  return answer
}

/** A policy has thrown. */
export function failed(policy: LivePolicy, exchange: Running, error: unknown, watch: PolicyWatch): void {
  const counters = exchange.route?.counters
  if (counters) counters.policy(policy).failed++
  watch.policyFailed(policy, error)
}

async function runLater(
  answer: Promise<Refusal | undefined>,
  policy: LivePolicy,
  exchange: Running,
  policies: Policies,
  watch: PolicyWatch,
): Promise<Refusal | undefined> {
  const refused = await answered(answer, policy, exchange, watch)
  if (refused !== undefined || exchange.over) return refused
  return runRequestPhases(exchange, policies, watch)
}

/** What a policy that waited has to say, which is nothing in dry run. */
export async function answered(
  answer: Promise<Refusal | undefined>,
  policy: LivePolicy,
  exchange: Running,
  watch: PolicyWatch,
): Promise<Refusal | undefined> {
  try {
    const refused = await answer
    if (refused === undefined) return undefined
    if (policy.dryRun !== true) return decided(policy, exchange, refused)
    noteDryRefusal(exchange, policy, refused, watch)
    return undefined
  } catch (error) {
    failed(policy, exchange, error, watch)
    return policy.dryRun === true ? undefined : POLICY_FAILED
  }
}

/**
 * Runs the response phases of the first so many policies, which are those that were asked, last one first. Answers
 * with what takes the place of the upstream's answer: `policy_failed` where one threw, or what one of them put in
 * its place; then `course.unasked` policies have not seen that yet.
 */
export function runResponsePhases(
  exchange: Running,
  policies: Policies,
  watch: PolicyWatch,
  count = exchange.reached,
): Refusal | undefined {
  let failure: Refusal | undefined
  for (let place = count - 1; place >= 0; place--) {
    const policy = policies[place]
    if (policy === undefined || isPassedOver(exchange, place)) continue
    const { prepared } = policy
    if (prepared.onResponse === undefined && prepared.responseBody === undefined) continue
    const seen = seenBy(policy, place, exchange)
    try {
      const instead = prepared.onResponse?.(seen)
      if (exchange.isUpstreamAnswer) {
        if (typeof instead === 'object' && policy.dryRun !== true && failure === undefined) {
          courseOf(exchange).unasked = place
          return decided(policy, exchange, instead)
        }
        if (prepared.responseBody !== undefined) wantBody(exchange, policy, seen)
      }
    } catch (error) {
      failed(policy, exchange, error, watch)
      if (policy.dryRun !== true) failure = POLICY_FAILED
    }
  }
  return failure
}

/** What a policy puts in the place of a refusal that is due because the upstream failed, or that refusal. */
export function runFailurePhases(
  exchange: Running,
  policies: Policies,
  watch: PolicyWatch,
  due: Refusal,
): Refusal {
  for (let place = exchange.reached - 1; place >= 0; place--) {
    const policy = policies[place]
    if (policy?.prepared.onUpstreamFailure === undefined || isPassedOver(exchange, place)) continue
    try {
      const instead = policy.prepared.onUpstreamFailure(seenBy(policy, place, exchange), due)
      if (instead !== undefined && policy.dryRun !== true) return decided(policy, exchange, instead)
    } catch (error) {
      // The refusal that is due stands.
      failed(policy, exchange, error, watch)
    }
  }
  return due
}

function wantBody(exchange: Running, policy: LivePolicy, seen: Exchange): void {
  const phase = policy.prepared.responseBody
  if (phase === undefined || phase.wants?.(seen) === false) return
  courseOf(exchange).wanted.push({ policy, phase, exchange: seen, head: headersOf(exchange) })
}

function headersOf(exchange: Exchange): OwnHeaders {
  return Object.fromEntries(
    exchange.responseHeaderNames().map((name) => [name, exchange.responseHeaderValues(name)]),
  )
}

/** Tells the policies that were asked how it ended. */
export function runDone(exchange: Running, policies: Policies, watch: PolicyWatch, outcome: Outcome): void {
  for (let place = 0; place < exchange.reached; place++) {
    const policy = policies[place]
    if (policy?.prepared.onDone === undefined || isPassedOver(exchange, place)) continue
    try {
      policy.prepared.onDone(seenBy(policy, place, exchange), outcome)
    } catch (error) {
      failed(policy, exchange, error, watch)
    }
  }
}

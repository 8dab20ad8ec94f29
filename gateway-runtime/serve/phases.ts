import type { Refusal } from '#policies/exchange.ts'
import type { Http1Exchange } from './exchange.ts'
import type { LivePolicy } from './plan.ts'

/** Told when a policy throws: a bug of the policy, which costs its request and nothing else. */
export type PolicyFailed = (policy: LivePolicy, error: unknown) => void

export const POLICY_FAILED: Refusal = { status: 500, code: 'policy_failed', detail: 'A policy failed' }

/**
 * Runs the request phases that have not run yet. The answer is there at once unless a policy waits: then it is
 * a promise. A policy that throws refuses the request, since going on without it would let the request past it.
 */
export function runRequestPhases(
  exchange: Http1Exchange,
  policies: readonly LivePolicy[],
  failed: PolicyFailed,
): Refusal | undefined | Promise<Refusal | undefined> {
  while (exchange.reached < policies.length) {
    const policy = policies[exchange.reached++]
    if (policy?.prepared.onRequest === undefined) continue
    try {
      const answer = policy.prepared.onRequest(exchange)
      if (answer === undefined) continue
      return answer instanceof Promise ? runLater(answer, policy, exchange, policies, failed) : answer
    } catch (error) {
      failed(policy, error)
      return POLICY_FAILED
    }
  }
  return undefined
}

async function runLater(
  answer: Promise<Refusal | undefined>,
  policy: LivePolicy,
  exchange: Http1Exchange,
  policies: readonly LivePolicy[],
  failed: PolicyFailed,
): Promise<Refusal | undefined> {
  try {
    const refused = await answer
    if (refused !== undefined) return refused
  } catch (error) {
    failed(policy, error)
    return POLICY_FAILED
  }
  return runRequestPhases(exchange, policies, failed)
}

/** Runs the response phases of the policies that were asked, last one first; false where one threw. */
export function runResponsePhases(
  exchange: Http1Exchange,
  policies: readonly LivePolicy[],
  failed: PolicyFailed,
): boolean {
  let fine = true
  for (let i = exchange.reached - 1; i >= 0; i--) {
    const policy = policies[i]
    if (policy?.prepared.onResponse === undefined) continue
    try {
      policy.prepared.onResponse(exchange)
    } catch (error) {
      failed(policy, error)
      fine = false
    }
  }
  return fine
}

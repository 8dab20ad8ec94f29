import type { Verdict } from '#domain/chain.ts'
import type { Policy, Ports } from '#policies/definition.ts'
import { policyOf } from '#policies/index.ts'
import { faultsOf } from '../endpoint.ts'

// Preparing finds what a schema cannot say, and which phases the policy has; nothing of it is kept.
const idlePorts: Ports = {
  monotonicMs: () => 0,
  nowMs: () => 0,
  sha256: () => '',
  clientByKeyHash: () => undefined,
  state: (_key, create) => create(),
}

/** What a policy says about a configuration: whether it fits, what it does, where it acts. */
export function verdictOn(kind: string, config: unknown): Verdict {
  const policy = policyOf(kind)
  if (!policy) return refused([{ pointer: '', detail: `There is no policy called ${kind}.` }])
  const parsed = policy.config.safeParse(config)
  if (!parsed.success) return refused(faultsOf(parsed.error))
  return prepared(policy, parsed.data)
}

function prepared(policy: Policy, config: unknown): Verdict {
  try {
    const phases = policy.prepare(config, idlePorts)
    const verdict: Verdict = {
      summary: policy.summarise(config),
      // As JSON has it: members that are undefined are gone.
      config: JSON.parse(JSON.stringify(config)),
      faults: [],
      onRequest: phases.onRequest !== undefined,
      onResponse: phases.onResponse !== undefined,
    }
    phases.dispose?.()
    return verdict
  } catch (error) {
    return refused([{ pointer: '', detail: error instanceof Error ? error.message : String(error) }])
  }
}

function refused(faults: Verdict['faults']): Verdict {
  return { summary: null, config: null, faults, onRequest: true, onResponse: false }
}

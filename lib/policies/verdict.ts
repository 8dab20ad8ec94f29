import type { Verdict } from '#domain/chain.ts'
import type { Policy } from '#policies/definition.ts'
import { policyOf } from '#policies/index.ts'
import { faultsOf } from '../endpoint.ts'
import { tryPreparing } from './try-preparing.ts'

/** What a policy says about a configuration: whether it fits, what it does, where it acts. */
export function verdictOn(kind: string, config: unknown): Verdict {
  const policy = policyOf(kind)
  if (!policy) return refusedVerdict([{ pointer: '', detail: `There is no policy called ${kind}.` }])
  const parsed = policy.config.safeParse(config)
  if (!parsed.success) return refusedVerdict(faultsOf(parsed.error))
  return prepared(policy, parsed.data)
}

function prepared(policy: Policy, config: unknown): Verdict {
  const tried = tryPreparing(policy, config)
  if ('reason' in tried) return refusedVerdict([{ pointer: '', detail: tried.reason }])
  return {
    summary: policy.summarise(config),
    // As JSON has it: members that are undefined are gone.
    config: JSON.parse(JSON.stringify(config)),
    faults: [],
    onRequest: tried.phases.onRequest !== undefined,
    onResponse: tried.phases.onResponse !== undefined,
  }
}

/** A configuration that cannot be taken. */
export function refusedVerdict(faults: Verdict['faults']): Verdict {
  return { summary: null, config: null, faults, onRequest: true, onResponse: false }
}

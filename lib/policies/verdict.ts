import type { Verdict } from '#domain/chain.ts'
import { pathOfFault, wordsOf } from '#contract/judgement.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import type { Policy } from '#policies/definition.ts'
import { someContext } from '#policies/settings.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import { policyOf } from '#policies/index.ts'
import { faultsOf } from '../endpoint.ts'
import { tlsTrial } from './tls-trial.ts'
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
  const untried = settingsFault(policy, config)
  if (untried !== null) return refusedVerdict([untried])
  return {
    summary: policy.summarise(config),
    // As JSON has it: members that are undefined are gone.
    config: JSON.parse(JSON.stringify(config)),
    faults: [],
    onRequest: tried.phases.onRequest !== undefined,
    onResponse: tried.phases.onResponse !== undefined,
  }
}

/** Why what a policy says of listeners and upstreams cannot be set up; null where it can. */
function settingsFault(policy: Policy, config: unknown): Fault | null {
  // Which contexts there are, and what they give, is judged with the whole chain.
  const isFromContext = contextRefIn(config) !== undefined
  try {
    const inbound = policy.inboundTls?.(config, someContext)
    const outbound = policy.upstream?.(config, someContext).tls
    if (inbound !== undefined && !isFromContext) tlsTrial.inbound(inbound)
    if (outbound !== undefined && !isFromContext) tlsTrial.outbound(outbound)
    return null
  } catch (error) {
    return { pointer: pointerOf(pathOfFault(error)), detail: wordsOf(error) }
  }
}

/** A configuration that cannot be taken. */
export function refusedVerdict(faults: Verdict['faults']): Verdict {
  return { summary: null, config: null, faults, onRequest: true, onResponse: false }
}

import type { Verdict } from '#domain/chain.ts'
import { pathOfFault, wordsOf } from '#contract/judgement.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import type { Policy } from '#policies/definition.ts'
import { someContext } from '#policies/settings.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import { apiCertificates } from '#tls/api-certificates.ts'
import { lapsedAmong } from '#tls/lapsed.ts'
import { policyOf } from '#policies/index.ts'
import { faultsOf } from '../endpoint.ts'
import { tlsTrial } from './tls-trial.ts'
import { tryPreparing } from './try-preparing.ts'

/** What a policy says about a configuration: whether it fits, what it does, where it acts. */
export function verdictOn(kind: string, config: unknown, now = new Date()): Verdict {
  const policy = policyOf(kind)
  if (!policy) return refusedVerdict([{ pointer: '', detail: `There is no policy called ${kind}.` }])
  const parsed = policy.config.safeParse(config)
  if (!parsed.success) return refusedVerdict(faultsOf(parsed.error))
  return prepared(policy, parsed.data, now)
}

function prepared(policy: Policy, config: unknown, now: Date): Verdict {
  const tried = tryPreparing(policy, config)
  if ('reason' in tried) return refusedVerdict([{ pointer: '', detail: tried.reason }])
  const tls = triedTls(policy, config, now)
  if ('fault' in tls) return refusedVerdict([tls.fault])
  return {
    summary: policy.summarise(config),
    // As JSON has it: members that are undefined are gone.
    config: JSON.parse(JSON.stringify(config)),
    faults: [],
    warnings: tls.warnings,
    onRequest: tried.phases.onRequest !== undefined,
    onResponse: tried.phases.onResponse !== undefined,
  }
}

/** Tries the TLS that a policy says of listeners and upstreams. */
function triedTls(policy: Policy, config: unknown, now: Date): { fault: Fault } | { warnings: Fault[] } {
  try {
    const inbound = policy.inboundTls?.(config, someContext)
    const upstream = policy.upstream?.(config, someContext) ?? {}
    // Which contexts there are, and what they give, is judged with the whole chain.
    if (contextRefIn(config) !== undefined) return { warnings: [] }
    if (inbound !== undefined) tlsTrial.inbound(inbound)
    if (upstream.tls !== undefined) tlsTrial.outbound(upstream.tls)
    const lapsed = lapsedAmong(apiCertificates(inbound, [upstream]), now)
    return { warnings: lapsed.map(({ type, detail }) => ({ pointer: pointers[type], detail })) }
  } catch (error) {
    return { fault: { pointer: pointerOf(pathOfFault(error)), detail: wordsOf(error) } }
  }
}

const pointers = { server: '/certificate/crt', client: '/certificate/crt', ca: '/trustedCA' } as const

/** A configuration that cannot be taken. */
export function refusedVerdict(faults: Verdict['faults']): Verdict {
  return { summary: null, config: null, faults, warnings: [], onRequest: true, onResponse: false }
}

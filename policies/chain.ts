import { pointerOf } from '#domain/json-pointer.ts'
import type { PolicyRule } from '#domain/policy-rule.ts'
import type { Fault } from '#domain/problem.ts'
import type { Policy } from './definition.ts'
import { policyOf } from './index.ts'
import { ruleFaults } from './rules.ts'
import { type Contexts, type InboundTls, noContexts, type UpstreamSettings } from './settings.ts'
import { ContextFault } from './tls-fields.ts'

/** A policy as something attaches it; more may stand beside. */
export interface Attached {
  readonly kind: string
  readonly policyVersion: string
  readonly order: number
  readonly config: Readonly<Record<string, unknown>>
  /** Decides and reports, and lets through. */
  readonly dryRun?: boolean | undefined
  /** Which requests it is for; all of them without rules. */
  readonly rules?: readonly PolicyRule[] | undefined
  /** Attached to many APIs at once: it runs before those of the API itself. */
  readonly automated?: boolean | undefined
  /** Which upstreams of the API a policy about them is for, by their ids; all of them without this. */
  readonly upstreams?: readonly string[] | undefined
}

/** The upstreams of an API by their ids, and what it calls them. */
export type UpstreamNames = ReadonlyMap<string, string>

/** One place in a chain: what was attached, what it is, and its configuration with the defaults filled in. */
export interface Link<A extends Attached> {
  readonly attached: A
  readonly policy: Policy
  readonly config: unknown
}

export type Chain<A extends Attached> =
  | {
      readonly ok: true
      readonly links: readonly Link<A>[]
      readonly inboundTls: InboundTls | undefined
      /** What holds for each upstream, by its id. */
      readonly upstreams: ReadonlyMap<string, UpstreamSettings>
    }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Those that go first (CORS), automated ones, those of the API, those of the way out; in each by explicit order. */
function inEffectiveOrder<A extends Pick<Attached, 'kind' | 'order' | 'automated'>>(
  attached: readonly A[],
): A[] {
  return attached.toSorted((a, b) => rankOf(a) - rankOf(b) || a.order - b.order)
}

function rankOf({ kind, automated }: Pick<Attached, 'kind' | 'automated'>): number {
  const policy = policyOf(kind)
  if (policy?.first === true) return 0
  if (policy?.outbound === true) return 3
  return automated === true ? 1 : 2
}

function linkOf<A extends Attached>(
  attached: A,
  index: number,
  names: UpstreamNames,
  faults: Fault[],
): Link<A> | undefined {
  const policy = policyOf(attached.kind)
  if (policy === undefined) {
    faults.push({ pointer: `/${index}/kind`, detail: `there is no policy ${attached.kind} here` })
    return undefined
  }
  if (policy.policyVersion !== attached.policyVersion) {
    const detail = `${attached.kind} ${attached.policyVersion} is not known here, only ${policy.policyVersion}`
    faults.push({ pointer: `/${index}/policyVersion`, detail })
    return undefined
  }
  for (const { pointer, detail } of ruleFaults(attached.rules ?? []))
    faults.push({ pointer: `/${index}/rules${pointer}`, detail })
  faults.push(...settingsFaults(attached, policy).map((detail) => ({ pointer: `/${index}`, detail })))
  for (const { pointer, detail } of upstreamFaults(attached, policy, names))
    faults.push({ pointer: `/${index}/upstreams${pointer}`, detail })
  const parsed = policy.config.safeParse(attached.config)
  if (parsed.success) return { attached, policy, config: parsed.data }
  for (const issue of parsed.error.issues)
    faults.push({ pointer: `/${index}/config${pointerOf(issue.path)}`, detail: issue.message })
  return undefined
}

/** What settles how an API is reached, or how it reaches its upstream, holds for all requests and cannot be tried. */
function settingsFaults({ kind, rules = [], dryRun }: Attached, policy: Policy): string[] {
  if (policy.inboundTls === undefined && policy.upstream === undefined) return []
  return [
    ...(rules.length > 0 ? [`${kind} holds for all requests of an API and takes no rules`] : []),
    ...(dryRun === true ? [`${kind} cannot be tried in dry run: there is nothing that it decides`] : []),
  ]
}

function upstreamFaults({ kind, upstreams = [] }: Attached, policy: Policy, names: UpstreamNames): Fault[] {
  if (upstreams.length > 0 && policy.upstream === undefined)
    return [{ pointer: '', detail: `${kind} is not about upstreams and cannot be for some of them` }]
  return upstreams.flatMap((id, at) =>
    names.has(id) ? [] : [{ pointer: `/${at}`, detail: `the API has no upstream ${id}` }],
  )
}

/**
 * Checks attached policies and puts them in their order. Whatever is unknown, does not fit its schema or shares
 * its order with another is a fault, with a pointer into the list as it was given. `contexts` has the mTLS contexts
 * that policies may name.
 */
export function resolveChain<A extends Attached>(
  attached: readonly A[],
  names: UpstreamNames,
  contexts: Contexts = noContexts,
): Chain<A> {
  const faults: Fault[] = []
  const orders = new Map<string, number>()
  for (const [index, { order, automated }] of attached.entries()) {
    const place = `${automated === true} ${order}`
    const other = orders.get(place)
    if (other === undefined) orders.set(place, index)
    else
      faults.push({ pointer: `/${index}/order`, detail: `order ${order} is already that of policy ${other}` })
  }
  const links = attached.map((one, index) => linkOf(one, index, names, faults))
  const { inboundTls, upstreams } = settingsOf(links, names, contexts, faults)
  if (faults.length > 0) return { ok: false, faults }
  const byAttached = new Map(
    links.flatMap((link) => (link === undefined ? [] : [[link.attached, link] as const])),
  )
  const inOrder = inEffectiveOrder(attached).flatMap((one) => byAttached.get(one) ?? [])
  return { ok: true, links: inOrder, inboundTls, upstreams }
}

/** What the policies say about listener and upstreams. A part that two of them set is a fault of the later one. */
function settingsOf(
  links: readonly (Link<Attached> | undefined)[],
  names: UpstreamNames,
  contexts: Contexts,
  faults: Fault[],
): { inboundTls: InboundTls | undefined; upstreams: ReadonlyMap<string, UpstreamSettings> } {
  let inboundTls: InboundTls | undefined
  const upstreams = new Map<string, UpstreamSettings>([...names.keys()].map((id) => [id, {}]))
  for (const [index, link] of links.entries()) {
    if (link === undefined) continue
    try {
      const { attached, policy, config } = link
      if (policy.inboundTls !== undefined) {
        if (inboundTls !== undefined)
          throw new Error('another policy of the chain already sets the TLS of the listener')
        inboundTls = policy.inboundTls(config, contexts)
      }
      const settings = policy.upstream?.(config, contexts)
      if (settings !== undefined)
        addTo(upstreams, settings, new Set(attached.upstreams ?? names.keys()), names)
    } catch (error) {
      faults.push({
        pointer: `/${index}/config${error instanceof ContextFault ? '/contextRef' : ''}`,
        detail: error instanceof Error ? error.message : String(error),
      })
    }
  }
  return { inboundTls, upstreams }
}

function addTo(
  upstreams: Map<string, UpstreamSettings>,
  added: UpstreamSettings,
  ids: ReadonlySet<string>,
  names: UpstreamNames,
): void {
  for (const id of ids) {
    // One that there is not has been said already.
    const before = upstreams.get(id)
    if (before === undefined) continue
    const twice = inBoth(before, added)
    const which = names.size > 1 ? ` for ${names.get(id)}` : ''
    if (twice !== undefined) throw new Error(`another policy of the chain already sets ${twice}${which}`)
    upstreams.set(id, joined(before, added))
  }
}

function inBoth(before: UpstreamSettings, added: UpstreamSettings): string | undefined {
  const { timeouts = {}, ...rest } = added
  return (
    Object.keys(rest).find((part) => part in before) ??
    Object.keys(timeouts).find((part) => part in (before.timeouts ?? {}))
  )
}

function joined(before: UpstreamSettings, { timeouts, ...rest }: UpstreamSettings): UpstreamSettings {
  const all = { ...before.timeouts, ...timeouts }
  return { ...before, ...rest, ...(timeouts === undefined ? {} : { timeouts: all }) }
}

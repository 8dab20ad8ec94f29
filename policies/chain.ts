import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import type { Policy } from './definition.ts'
import { policyOf } from './index.ts'

/** A policy as something attaches it; more may stand beside. */
export interface Attached {
  readonly kind: string
  readonly policyVersion: string
  readonly order: number
  readonly config: Readonly<Record<string, unknown>>
}

/** One place in a chain: what was attached, what it is, and its configuration with the defaults filled in. */
export interface Link<A extends Attached> {
  readonly attached: A
  readonly policy: Policy
  readonly config: unknown
}

export type Chain<A extends Attached> =
  | { readonly ok: true; readonly links: readonly Link<A>[] }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** The order in which policies run: those that go first (CORS), then by their explicit order. */
function inEffectiveOrder<A extends Pick<Attached, 'kind' | 'order'>>(attached: readonly A[]): A[] {
  const rank = (kind: string) => (policyOf(kind)?.first === true ? 0 : 1)
  return attached.toSorted((a, b) => rank(a.kind) - rank(b.kind) || a.order - b.order)
}

function linkOf<A extends Attached>(attached: A, index: number, faults: Fault[]): Link<A> | undefined {
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
  const parsed = policy.config.safeParse(attached.config)
  if (parsed.success) return { attached, policy, config: parsed.data }
  for (const issue of parsed.error.issues)
    faults.push({ pointer: `/${index}/config${pointerOf(issue.path)}`, detail: issue.message })
  return undefined
}

/**
 * Checks attached policies and puts them in their order. Whatever is unknown, does not fit its schema or shares
 * its order with another is a fault, with a pointer into the list as it was given.
 */
export function resolveChain<A extends Attached>(attached: readonly A[]): Chain<A> {
  const faults: Fault[] = []
  const orders = new Map<number, number>()
  for (const [index, { order }] of attached.entries()) {
    const other = orders.get(order)
    if (other === undefined) orders.set(order, index)
    else
      faults.push({ pointer: `/${index}/order`, detail: `order ${order} is already that of policy ${other}` })
  }
  const links = attached.map((one, index) => linkOf(one, index, faults))
  if (faults.length > 0) return { ok: false, faults }
  const byAttached = new Map(
    links.flatMap((link) => (link === undefined ? [] : [[link.attached, link] as const])),
  )
  return { ok: true, links: inEffectiveOrder(attached).flatMap((one) => byAttached.get(one) ?? []) }
}

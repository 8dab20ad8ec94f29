import { z } from 'zod'
import { badnessOf, compare, type Expected, expected, type Verdict, verdicts } from './context.ts'
import { ascending } from './listing.ts'
import { firewallFor } from './network.ts'
import { type Side, sides } from './peer.ts'
import { apiStop, firewallStop, type Reading, reading, type Stop, stop } from './reading.ts'
import type { ApiView, NetworkView, PartyView } from './stored.ts'

/** Legs: the hops of a flow between two ends of TLS, with what each should use and what is known of it. */

const legReading = reading.extend({
  verdict: z.enum(verdicts),
  /** The APIs whose traffic is protected so; none where it makes no difference which API is called. */
  apiIds: z.array(z.string()),
})
export type LegReading = z.infer<typeof legReading>

/** A leg is as well protected as the least protected traffic on it, which is what it says of itself. */
export const legView = legReading.extend({
  id: z.string().describe('Equal for every flow that takes this hop'),
  side: z.enum(sides),
  from: stop,
  to: stop,
  crosses: z.boolean().describe('Whether it leaves or enters a network of another class than the gateway’s'),
  /** Null until the provider is named, since its network decides. */
  expected: expected.nullable(),
  /** How other APIs' traffic is protected on the same hop, the worst first. */
  others: z.array(legReading),
})
export type LegView = z.infer<typeof legView>

/** Everything that is known of a leg, the worst first. */
export function readingsOf(leg: LegView): LegReading[] {
  return [leg, ...leg.others]
}

/** What is known of a leg for one API's traffic. */
export function readingFor(leg: LegView, apiId: string): LegReading {
  return readingsOf(leg).find(({ apiIds }) => apiIds.includes(apiId)) ?? leg
}

// ── hops ────────────────────────────────────────────────────────────────────

/** One flow's or API's way over a leg. */
export interface Hop {
  /** The leg that it is on. */
  readonly legId: string
  readonly side: Side
  readonly from: Stop
  readonly to: Stop
  readonly crosses: boolean
  readonly expected: Expected | null
  readonly reading: Reading
  /** Null where it makes no difference which API is called. */
  readonly apiId: string | null
}

/** One side of a gateway: what stands there, and what is known of the ways to it. */
export interface Way {
  readonly api: ApiView
  readonly gateway: Stop
  readonly networks: ReadonlyMap<string, NetworkView>
  /** Of the hop that ends at the gateway. */
  readonly reading: Reading
  /** Of the hop beyond a network's firewall. */
  readonly beyond: (network: NetworkView) => Reading
}

const white = 'org-internal'

/** The hops from a consumer to the gateway. */
export function inboundHops({ id, name, networkId }: PartyView, way: Way): Hop[] {
  const far = way.networks.get(networkId)
  return far ? hops('inbound', { kind: 'consumer', id, name }, far, way) : []
}

/** The hops from the gateway to an API; `networkId` is its provider's, null until one is named. */
export function outboundHops(networkId: string | null, way: Way): Hop[] {
  const to = apiStop(way.api)
  const far = networkId === null ? undefined : way.networks.get(networkId)
  if (far) return hops('outbound', to, far, way)
  const { gateway: from, reading: known, api } = way
  const rest = { crosses: false, expected: null, reading: known, apiId: api.id }
  return [hop('outbound', to, from, rest)]
}

// What is known from the gateway's side is known of the hop that ends there, and of none beyond a firewall.
function hops(
  side: Side,
  end: Stop,
  far: NetworkView,
  { api, gateway, networks, reading: known, beyond }: Way,
) {
  const atGateway = { reading: known, apiId: api.id }
  if (far.class === white) {
    return [
      hop(side, end, gateway, { crosses: false, expected: { class: white, required: false }, ...atGateway }),
    ]
  }
  const external: Expected = { class: far.class, required: true }
  const guarding = firewallFor(far.id, networks)
  if (!guarding) return [hop(side, end, gateway, { crosses: true, expected: external, ...atGateway })]

  const firewall = firewallStop(guarding)
  const outer = hop(side, end, firewall, {
    crosses: true,
    expected: external,
    reading: beyond(guarding),
    apiId: null,
  })
  const inner = hop(side, firewall, gateway, {
    crosses: true,
    expected: { class: white, required: true },
    ...atGateway,
  })
  return side === 'inbound' ? [outer, inner] : [inner, outer]
}

function hop(side: Side, away: Stop, near: Stop, rest: Omit<Hop, 'legId' | 'side' | 'from' | 'to'>): Hop {
  const [from, to] = side === 'inbound' ? [away, near] : [near, away]
  return { legId: `${side}:${from.kind}:${from.id}:${to.kind}:${to.id}`, side, from, to, ...rest }
}

// ── legs ────────────────────────────────────────────────────────────────────

/** Puts hops together: a leg that many flows take is one, with every distinct thing that is known of it. */
export function legsFrom(all: readonly Hop[]): LegView[] {
  const keys = new Map<Reading, string>()
  for (const { reading: known } of all) if (!keys.has(known)) keys.set(known, keyOf(known))
  return [...Map.groupBy(all, ({ legId }) => legId)].flatMap(([id, onLeg]): LegView[] => {
    const [first] = onLeg
    if (!first) return []
    const { side, from, to, crosses, expected: wanted } = first
    const [worst, ...others] = [...Map.groupBy(onLeg, (each) => keys.get(each.reading) ?? '')]
      .map(([key, alike]) => ({ key, of: readingOf(alike, wanted) }))
      .toSorted((a, b) => badness(b.of) - badness(a.of) || ascending(a.key, b.key))
      .map(({ of }) => of)
    return worst ? [{ ...worst, id, side, from, to, crosses, expected: wanted, others }] : []
  })
}

// Whose settings it was read from makes no difference: what is equal is said once.
function keyOf({ actual: state, tls, proof }: Reading): string {
  return JSON.stringify([state, tls, proof])
}

/** One speaks for all that are alike, the same one in whatever order they come. */
function readingOf(alike: readonly Hop[], wanted: Expected | null): LegReading {
  const known = alike.map((each) => each.reading).reduce((a, b) => (speaker(b) < speaker(a) ? b : a))
  const fails = (known.proof?.fails ?? null) !== null
  const verdict: Verdict = wanted ? compare(wanted, known.actual, fails) : 'not-declared'
  const apiIds = new Set(alike.flatMap(({ apiId }) => apiId ?? []))
  return { ...known, verdict, apiIds: [...apiIds].toSorted(ascending) }
}

function speaker({ declaredBy }: Reading): string {
  return declaredBy ? `${declaredBy.name} ${declaredBy.id}` : ''
}

function badness({ actual: state, verdict }: LegReading): number {
  return badnessOf(state, verdict)
}

import { type Actual, compare, type Expected, type Verdict } from './context.ts'
import { firewallFor, type Network } from './network.ts'

/** Legs: the hops of a flow between two ends of TLS, with what each should use and what is known of it. */

export const stopKinds = ['consumer', 'firewall', 'gateway', 'api'] as const
export type StopKind = (typeof stopKinds)[number]

/** Where a leg begins or ends. A firewall's id is its network's. */
export interface Stop {
  readonly kind: StopKind
  readonly id: string
  readonly name: string
}

export type Side = 'inbound' | 'outbound'

export interface Leg {
  /** Equal for every flow that takes this hop. */
  readonly id: string
  readonly side: Side
  readonly from: Stop
  readonly to: Stop
  /** Whether it leaves or enters a network of another class than the gateway's. */
  readonly crosses: boolean
  /** Null until the provider is named, since its network decides. */
  readonly expected: Expected | null
  readonly actual: Actual
  /** Whose settings `actual` was read from; null where nothing of it is stored. */
  readonly declaredBy: Stop | null
  readonly verdict: Verdict
}

export interface Consumer {
  readonly id: string
  readonly name: string
  readonly networkId: string
}
export interface Gateway {
  readonly id: string
  readonly name: string
  readonly listeners: readonly { readonly protocol: string; readonly port: number }[]
}
export interface Api {
  readonly id: string
  readonly name: string
  readonly upstreamUrl: string
  /** The network of its provider; null until one is named. */
  readonly networkId: string | null
}
type Networks = ReadonlyMap<string, Network>
type Known = Pick<Leg, 'actual' | 'declaredBy'>

const white = 'org-internal'

/** The legs from a consumer to the gateway. */
export function inboundLegs(consumer: Consumer, gateway: Gateway, networks: Networks): Leg[] {
  const far = networks.get(consumer.networkId)
  if (!far) return []
  const from: Stop = { kind: 'consumer', id: consumer.id, name: consumer.name }
  const known = { actual: atListeners(gateway), declaredBy: stopOf(gateway) }
  return hops('inbound', from, far, gateway, networks, known)
}

/** The legs from the gateway to an API. */
export function outboundLegs(gateway: Gateway, api: Api, networks: Networks): Leg[] {
  const to: Stop = { kind: 'api', id: api.id, name: api.name }
  const known: Known = { actual: atUpstream(api.upstreamUrl), declaredBy: to }
  const far = api.networkId === null ? undefined : networks.get(api.networkId)
  if (far) return hops('outbound', to, far, gateway, networks, known)
  return [leg({ side: 'outbound', from: stopOf(gateway), to, crosses: false, expected: null, ...known })]
}

// `nearGateway` is what is known of the hop that ends at the gateway; of a hop beyond a firewall nothing is.
function hops(
  side: Side,
  end: Stop,
  far: Network,
  gateway: Gateway,
  networks: Networks,
  nearGateway: Known,
): Leg[] {
  const hop = (away: Stop, near: Stop, rest: Omit<Leg, 'id' | 'verdict' | 'side' | 'from' | 'to'>) =>
    leg({ side, from: side === 'inbound' ? away : near, to: side === 'inbound' ? near : away, ...rest })

  if (far.class === white) {
    const expected: Expected = { class: white, required: false }
    return [hop(end, stopOf(gateway), { crosses: false, expected, ...nearGateway })]
  }
  const external: Expected = { class: far.class, required: true }
  const guarding = firewallFor(far.id, networks)
  if (!guarding) return [hop(end, stopOf(gateway), { crosses: true, expected: external, ...nearGateway })]

  const firewall: Stop = { kind: 'firewall', id: guarding.id, name: guarding.firewall ?? '' }
  const outer = hop(end, firewall, {
    crosses: true,
    expected: external,
    actual: { state: 'not-declared' },
    declaredBy: null,
  })
  const inner = hop(firewall, stopOf(gateway), {
    crosses: true,
    expected: { class: white, required: true },
    ...nearGateway,
  })
  return side === 'inbound' ? [outer, inner] : [inner, outer]
}

/** Of two readings of one hop the worse: it is as well protected as the least protected traffic on it. */
export function worse(a: Leg, b: Leg): Leg {
  const badness: Record<Actual['state'], number> = { plain: 3, 'one-way': 2, 'not-declared': 1, mutual: 0 }
  return badness[b.actual.state] > badness[a.actual.state] ? b : a
}

function leg(parts: Omit<Leg, 'id' | 'verdict'>): Leg {
  const { side, from, to, expected, actual } = parts
  return {
    ...parts,
    id: `${side}:${from.kind}:${from.id}:${to.kind}:${to.id}`,
    verdict: expected ? compare(expected, actual) : 'not-declared',
  }
}

function stopOf({ id, name }: Gateway): Stop {
  return { kind: 'gateway', id, name }
}

function atListeners({ listeners }: Gateway): Actual {
  const plain = listeners.find(({ protocol }) => protocol === 'http')
  if (!plain) return { state: 'not-declared' }
  return { state: 'plain', because: `the gateway's listener on port ${plain.port} takes plain HTTP` }
}

function atUpstream(upstreamUrl: string): Actual {
  const scheme = /^(\w+):/.exec(upstreamUrl)?.[1]
  if (scheme === 'http' || scheme === 'ws')
    return { state: 'plain', because: `the upstream address ${upstreamUrl} is plain HTTP` }
  return { state: 'not-declared' }
}

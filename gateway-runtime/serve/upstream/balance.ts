import type { Balancing } from '#domain/routing.ts'

/** What a balancer looks at. */
export interface Balanced {
  /** Above 0. */
  readonly weight: number
  /** Requests that it has at the moment. */
  readonly active: number
  /** Tells it apart from the others, over restarts too. */
  readonly name: string
}

/** Chooses among the endpoints of an upstream those that a test lets through; undefined where it lets none. */
export interface Balancer<E extends Balanced> {
  pick(isUsable: (endpoint: E) => boolean, key: string | undefined): E | undefined
}

export function balancerOf<E extends Balanced>(kind: Balancing, endpoints: readonly E[]): Balancer<E> {
  switch (kind) {
    case 'round-robin':
      return new RoundRobin(endpoints)
    case 'least-requests':
      return new LeastRequests(endpoints)
    case 'consistent-hash':
      return new ConsistentHash(endpoints)
  }
}

/** In turn, each as often as its weight says and spread out as evenly as that can be (smooth weighted round robin). */
class RoundRobin<E extends Balanced> implements Balancer<E> {
  private readonly places: { readonly endpoint: E; credit: number }[]

  constructor(endpoints: readonly E[]) {
    this.places = endpoints.map((endpoint) => ({ endpoint, credit: 0 }))
  }

  pick(isUsable: (endpoint: E) => boolean): E | undefined {
    let best: { readonly endpoint: E; credit: number } | undefined
    let total = 0
    for (const place of this.places) {
      if (!isUsable(place.endpoint)) continue
      place.credit += place.endpoint.weight
      total += place.endpoint.weight
      if (best === undefined || place.credit > best.credit) best = place
    }
    if (best === undefined) return undefined
    best.credit -= total
    return best.endpoint
  }
}

/** The less loaded of two that chance picks, load being requests by weight. */
class LeastRequests<E extends Balanced> implements Balancer<E> {
  private readonly endpoints: readonly E[]

  constructor(endpoints: readonly E[]) {
    this.endpoints = endpoints
  }

  pick(isUsable: (endpoint: E) => boolean): E | undefined {
    const usable = this.endpoints.filter(isUsable)
    if (usable.length < 2) return usable[0]
    const first = Math.floor(Math.random() * usable.length)
    const step = 1 + Math.floor(Math.random() * (usable.length - 1))
    const one = usable[first]
    const other = usable[(first + step) % usable.length]
    if (one === undefined || other === undefined) return one
    return loadOf(other) < loadOf(one) ? other : one
  }
}

// With the request at hand: so a heavier endpoint is preferred while both are idle.
function loadOf({ active, weight }: Balanced): number {
  return (active + 1) / weight
}

const POINTS_PER_ENDPOINT = 256

/**
 * The same key goes to the same endpoint while that is usable; when one comes or goes, only its share of the keys
 * moves. A request without a key goes to whoever is next.
 */
class ConsistentHash<E extends Balanced> implements Balancer<E> {
  private readonly points: readonly { readonly at: number; readonly endpoint: E }[]
  private readonly withoutKey: RoundRobin<E>

  constructor(endpoints: readonly E[]) {
    const average = endpoints.reduce((sum, { weight }) => sum + weight, 0) / endpoints.length
    this.points = endpoints
      .flatMap((endpoint) => {
        const count = Math.max(1, Math.round((POINTS_PER_ENDPOINT * endpoint.weight) / average))
        return Array.from({ length: count }, (_, i) => ({ at: hashOf(`${endpoint.name} ${i}`), endpoint }))
      })
      .toSorted((a, b) => a.at - b.at)
    this.withoutKey = new RoundRobin(endpoints)
  }

  pick(isUsable: (endpoint: E) => boolean, key: string | undefined): E | undefined {
    if (key === undefined) return this.withoutKey.pick(isUsable)
    const { points } = this
    const start = this.firstFrom(hashOf(key))
    for (let i = 0; i < points.length; i++) {
      const point = points[(start + i) % points.length]
      if (point !== undefined && isUsable(point.endpoint)) return point.endpoint
    }
    return undefined
  }

  private firstFrom(at: number): number {
    let low = 0
    let high = this.points.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.points[middle]?.at ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** FNV-1a over UTF-16 units, with the last mixing of MurmurHash3, since FNV alone leaves near texts near. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

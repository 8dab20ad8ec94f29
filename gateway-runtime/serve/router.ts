import { at, equalsText, QUESTION, SLASH } from './http1/bytes.ts'
import { normalPath } from './paths.ts'

/** What the router must know of a route. */
export interface Routed {
  readonly id: string
  readonly host: string
  readonly basePath: string
}

export const ANY_HOST = '*'

// FNV-1a, 32 bits, over the bytes of a base path.
const HASH_START = -2128831035
const HASH_PRIME = 16777619
const HASH_OF_SLASH = Math.imul(HASH_START ^ SLASH, HASH_PRIME)

/** The routes of one host: the longest base path that ends at a segment's end wins. No string is made. */
export class HostRoutes<R extends Routed> {
  private root: R | null = null
  private readonly entries: { route: R; hash: number }[] = []
  private slots = new Int32Array(0)
  private hashes = new Int32Array(0)

  /** Adds a route, or answers the one that has its base path. */
  add(route: R): R | null {
    if (route.basePath === '/') {
      if (this.root === null) this.root = route
      return this.root === route ? null : this.root
    }
    const bytes = Buffer.from(route.basePath, 'latin1')
    const taken = this.lookUp(bytes, 0, bytes.length, hashOf(bytes))
    if (taken !== null) return taken
    this.entries.push({ route, hash: hashOf(bytes) })
    if (this.entries.length * 3 > this.slots.length) this.grow()
    else this.place(this.entries.length - 1)
    return null
  }

  /** The route for a normal path (a query may follow) between `start` and `end`. */
  find(bytes: Buffer, start: number, end: number): R | null {
    let best = this.root
    if (this.entries.length === 0) return best
    let hash = HASH_OF_SLASH
    for (let position = start + 1; ; position++) {
      const byte = position < end ? at(bytes, position) : SLASH
      if (byte === SLASH || byte === QUESTION) {
        best = this.lookUp(bytes, start, position, hash) ?? best
        if (position >= end || byte === QUESTION) return best
      }
      hash = Math.imul(hash ^ byte, HASH_PRIME)
    }
  }

  private lookUp(bytes: Buffer, start: number, end: number, hash: number): R | null {
    const mask = this.slots.length - 1
    if (mask < 0) return null
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot] ?? -1
      if (index < 0) return null
      if (this.hashes[slot] !== hash) continue
      const entry = this.entries[index]
      if (entry !== undefined && equalsText(bytes, start, end, entry.route.basePath)) return entry.route
    }
  }

  private grow(): void {
    const size = Math.max(16, this.slots.length * 2)
    this.slots = new Int32Array(size).fill(-1)
    this.hashes = new Int32Array(size)
    for (let index = 0; index < this.entries.length; index++) this.place(index)
  }

  private place(index: number): void {
    const hash = this.entries[index]?.hash ?? 0
    const mask = this.slots.length - 1
    let slot = spread(hash) & mask
    while ((this.slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask
    this.slots[slot] = index
    this.hashes[slot] = hash
  }
}

/** Finds the routes of a host; those for wildcards over it and for any host serve where the host has none of its own. */
export interface Router<R extends Routed> {
  /** `host` is lower-case and without its port. Null where nothing can match. */
  routesOf(host: string): readonly HostRoutes<R>[]
}

/** Something is wrong with a route, and perhaps with another one that is in its way. */
export class RouteFault extends Error {
  readonly routeId: string

  constructor(routeId: string, reason: string) {
    super(reason)
    this.routeId = routeId
  }
}

/**
 * Builds a router. Throws a RouteFault where two routes claim one address, which then names both by `nameOf`, or
 * where a host or a base path is not in normal form.
 */
export function buildRouter<R extends Routed>(
  routes: readonly R[],
  nameOf: (route: R) => string = ({ id }) => id,
): Router<R> {
  const hosts = new Map<string, HostRoutes<R>>()
  for (const route of routes) {
    checkForm(route, nameOf(route))
    let ofHost = hosts.get(route.host)
    if (ofHost === undefined) hosts.set(route.host, (ofHost = new HostRoutes<R>()))
    const taken = ofHost.add(route)
    if (taken !== null) {
      const address = `${route.host}${route.basePath}`
      throw new RouteFault(route.id, `${nameOf(route)}: ${address} is taken by another API, ${nameOf(taken)}`)
    }
  }
  const ofAnyHost = hosts.get(ANY_HOST)
  const any = ofAnyHost === undefined ? [] : [ofAnyHost]
  const hasWildcards = [...hosts.keys()].some((host) => host.startsWith('*.'))
  const above = (host: string) =>
    hasWildcards
      ? [...[...wildcardsOver(host)].flatMap((wildcard) => hosts.get(wildcard) ?? []), ...any]
      : any
  const lists = new Map(
    [...hosts].map(([host, ofHost]) => [
      host,
      host === ANY_HOST ? any : [ofHost, ...above(host.replace(/^\*/, ''))],
    ]),
  )
  return { routesOf: (host) => (host === ANY_HOST ? any : (lists.get(host) ?? above(host))) }
}

function checkForm({ id, host, basePath }: Routed, name: string): void {
  if (normalPath(basePath) !== basePath || (basePath.length > 1 && basePath.endsWith('/')))
    throw new RouteFault(id, `${name}: ${basePath} is not a normal base path`)
  if (host !== host.toLowerCase()) throw new RouteFault(id, `${name}: host ${host} is not lower-case`)
  if (host !== ANY_HOST && host.replace(/^\*\./, '').includes('*'))
    throw new RouteFault(id, `${name}: in host ${host} a * can only stand for what is before the first dot`)
}

/** RFC 1035 §2.3.4 */
const HOST_MAX = 253

/** The wildcards that cover a host, the longest first. They may stand for several labels. */
export function* wildcardsOver(host: string): Generator<string> {
  if (host.length > HOST_MAX) return
  for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`
}

function hashOf(path: Buffer): number {
  let hash = HASH_START
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ at(path, i), HASH_PRIME)
  return hash
}

// The low bits of FNV-1a alone would cluster.
function spread(hash: number): number {
  return hash ^ (hash >>> 15)
}

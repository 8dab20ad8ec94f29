import { at, equalsText, QUESTION, SLASH } from './http1/bytes.ts'
import { anyHost, wildcardsOver } from '#domain/host.ts'

/** What the router must know of a route. */
export interface Routed {
  readonly id: string
  readonly host: string
  readonly basePath: string
}

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

  /** Adds a route with a base path that no other one has. */
  add(route: R): void {
    if (route.basePath === '/') {
      this.root = route
      return
    }
    this.entries.push({ route, hash: hashOf(Buffer.from(route.basePath, 'latin1')) })
    if (this.entries.length * 3 > this.slots.length) this.grow()
    else this.place(this.entries.length - 1)
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

/** Builds a router of routes whose hosts and base paths are in normal form, no two of them the same. */
export function buildRouter<R extends Routed>(routes: readonly R[]): Router<R> {
  const hosts = new Map<string, HostRoutes<R>>()
  for (const route of routes) {
    let ofHost = hosts.get(route.host)
    if (ofHost === undefined) hosts.set(route.host, (ofHost = new HostRoutes<R>()))
    ofHost.add(route)
  }
  const ofAnyHost = hosts.get(anyHost)
  const any = ofAnyHost === undefined ? [] : [ofAnyHost]
  const hasWildcards = [...hosts.keys()].some((host) => host.startsWith('*.'))
  const above = (host: string) =>
    hasWildcards
      ? [...[...wildcardsOver(host)].flatMap((wildcard) => hosts.get(wildcard) ?? []), ...any]
      : any
  const lists = new Map(
    [...hosts].map(([host, ofHost]) => [
      host,
      host === anyHost ? any : [ofHost, ...above(host.replace(/^\*/, ''))],
    ]),
  )
  return { routesOf: (host) => (host === anyHost ? any : (lists.get(host) ?? above(host))) }
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

import { setImmediate } from 'node:timers/promises'
import { type Counted, nothingCounted } from '../data-plane.ts'
import type { UpstreamFigures } from '../plan-figures.ts'
import type { RouteCounters, RouteFigures } from '../serve/metrics.ts'

/**
 * Figures are numbers in objects, arrays and maps. They are written, read and summed by that alone, so that what is
 * counted one day needs no word here.
 */

/** Figures as JSON: every map is its entries under a name that nothing else has. */
export type Written = number | string | Written[] | { [name: string]: Written | [string | number, Written][] }

const slice = 100
/** Routes without requests that one reading tells of. */
const unaskedMax = 250
const nobodyAsked = { requests: 0, dryRefused: 0, webSockets: 0 }
const mapName = 'entries of a map'

/** What the control process was told, so that it is told only what is new. */
export class Told {
  readonly #routes = new Map<string, RouteFigures>()
  readonly #upstreams = new Map<string, string>()

  /**
   * Says for one reading whether there is something new about a route. Of those that nobody has asked yet it lets so
   * many through: thousands of them come with one revision, and to tell all at once would hold up the traffic.
   */
  isNews(): (id: string, now: RouteCounters) => boolean {
    let unasked = 0
    return (id, now) => {
      const told = this.#routes.get(id) ?? nobodyAsked
      const isNew =
        told.requests !== now.requests ||
        told.dryRefused !== now.dryRefused ||
        told.webSockets !== now.webSockets
      return isNew || (told === nobodyAsked && unasked++ < unaskedMax)
    }
  }

  /** Forgets what is served no more. */
  keepOnly(isServed: (id: string) => boolean): void {
    for (const id of this.#routes.keys()) if (!isServed(id)) this.#routes.delete(id)
    for (const id of this.#upstreams.keys()) if (!isServed(id)) this.#upstreams.delete(id)
  }

  /** Only the upstreams of which there is something new; looked at in slices, so that traffic gets its turn. */
  async upstreamNews(upstreams: Counted['upstreams']): Promise<Counted['upstreams']> {
    const news = new Map<string, UpstreamFigures>()
    let looked = 0
    for (const [name, figures] of upstreams) {
      const now = JSON.stringify(writtenOf(figures))
      if (this.#upstreams.get(name) !== now) news.set(name, figures)
      this.#upstreams.set(name, now)
      if (++looked % slice === 0) await setImmediate()
    }
    return news
  }

  /** Writes what has been counted, of routes and upstreams what the above have let through. */
  news(counted: Counted): Written {
    for (const [id, route] of counted.traffic.routes) this.#routes.set(id, route)
    return writtenOf(counted)
  }
}

function writtenOf(value: unknown): Written {
  if (typeof value === 'number' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(writtenOf)
  if (value instanceof Map)
    return { [mapName]: [...value].map(([key, one]): [string | number, Written] => [key, writtenOf(one)]) }
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, writtenOf(one)]))
}

/** The other end of `news`: what it left out is as it was before. */
export function read(given: Written, before: Counted = nothingCounted): Counted {
  // Written by `news` of the same build, in a process that this one started.
  const now = readOf(given) as Counted
  return {
    ...now,
    traffic: { ...now.traffic, routes: new Map([...before.traffic.routes, ...now.traffic.routes]) },
    upstreams: new Map([...before.upstreams, ...now.upstreams]),
    certificates: now.certificates.size > 0 ? now.certificates : before.certificates,
  }
}

function readOf(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(readOf)
  const members = Object.entries(value ?? {})
  const [first] = members
  if (first?.[0] === mapName) {
    const entries = first[1] as [string | number, unknown][]
    return new Map(entries.map(([key, one]) => [key, readOf(one)]))
  }
  return Object.fromEntries(members.map(([name, one]) => [name, readOf(one)]))
}

/** What is the same in every process. */
const fixed: ReadonlySet<string> = new Set(['boundsMs', 'certificates'])

/** What two processes have counted as if they were one. */
export function summed(a: Counted, b: Counted): Counted {
  return sumOf(a, b) as Counted
}

function sumOf(a: unknown, b: unknown): unknown {
  if (a === undefined) return b
  if (typeof a === 'number') return a + (typeof b === 'number' ? b : 0)
  if (Array.isArray(a)) return Array.isArray(b) ? a.map((one, index) => sumOf(one, b[index])) : a
  if (a instanceof Map) {
    const sum = new Map<unknown, unknown>(a)
    if (b instanceof Map) for (const [key, one] of b) sum.set(key, sumOf(sum.get(key), one))
    return sum
  }
  const sum: Record<string, unknown> = { ...(a as object) }
  for (const [name, one] of Object.entries(b ?? {})) sum[name] = fixed.has(name) ? one : sumOf(sum[name], one)
  return sum
}

/** What is of now, and so not of a process that has ended. */
const ofNow: ReadonlySet<string> = new Set([
  'connections',
  'webSockets',
  'idle',
  'pending',
  'circuitsOpen',
  'unverified',
  'pools',
  'unhealthy',
  'ejected',
])

/** What still counts when the process has ended. */
export function remaining(counted: Counted): Counted {
  return withoutNow(counted) as Counted
}

function withoutNow(value: unknown): unknown {
  if (typeof value !== 'object' || Array.isArray(value)) return value
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, withoutNow(one)]))
  const members = Object.entries(value ?? {})
  return Object.fromEntries(members.map(([name, one]) => [name, ofNow.has(name) ? 0 : withoutNow(one)]))
}

/** Forgets what is served no more. */
export function onlyServed(counted: Counted, isServed: (id: string) => boolean): Counted {
  const only = <V>(map: ReadonlyMap<string, V>) => new Map([...map].filter(([id]) => isServed(id)))
  const { traffic, upstreams } = counted
  return { ...counted, traffic: { ...traffic, routes: only(traffic.routes) }, upstreams: only(upstreams) }
}

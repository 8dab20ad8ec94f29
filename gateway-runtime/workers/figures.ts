import type { Figures, RouteFigures } from '../serve/metrics.ts'

/**
 * Figures are numbers in objects, arrays and maps. They are written, read and summed by that alone, so that what
 * the server counts one day needs no word here.
 */

/** Figures as JSON: every map is its entries under a name that nothing else has. */
export type Written = number | Written[] | { [name: string]: Written | [string | number, Written][] }

const mapName = 'entries of a map'

/** Writes figures, leaving out the routes about which nothing is new. */
export function written(figures: Figures, before: Figures | undefined): Written {
  const news = [...figures.routes].filter(([id, now]) => !isSame(now, before?.routes.get(id)))
  return writtenOf({ ...figures, routes: new Map(news) })
}

function isSame(a: RouteFigures, b: RouteFigures | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b)
}

function writtenOf(value: unknown): Written {
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(writtenOf)
  if (value instanceof Map)
    return { [mapName]: [...value].map(([key, one]): [string | number, Written] => [key, writtenOf(one)]) }
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, writtenOf(one)]))
}

/** The other end of `written`: a route that it left out is as it was before. */
export function read(given: Written, before: Figures | undefined): Figures {
  // Written by `written` of the same build, in a process that this one started.
  const figures = readOf(given) as Figures
  return { ...figures, routes: new Map([...(before?.routes ?? []), ...figures.routes]) }
}

function readOf(value: unknown): unknown {
  if (typeof value === 'number') return value
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
const fixed: ReadonlySet<string> = new Set(['boundsMs'])

/** The figures of two processes as if they were one. */
export function summed(a: Figures, b: Figures): Figures {
  return sumOf(a, b) as Figures
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
  for (const [name, one] of Object.entries(b ?? {})) if (!fixed.has(name)) sum[name] = sumOf(sum[name], one)
  return sum
}

/** What is of now, and so not of a process that has ended. */
const ofNow: ReadonlySet<string> = new Set(['connections', 'webSockets'])

/** What still counts when the process has ended. */
export function remaining(figures: Figures): Figures {
  return withoutNow(figures) as Figures
}

function withoutNow(value: unknown): unknown {
  if (typeof value === 'number' || Array.isArray(value)) return value
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, withoutNow(one)]))
  const members = Object.entries(value ?? {})
  return Object.fromEntries(members.map(([name, one]) => [name, ofNow.has(name) ? 0 : withoutNow(one)]))
}

/** Forgets routes that are served no more. */
export function withRoutes(figures: Figures, isServed: (id: string) => boolean): Figures {
  return { ...figures, routes: new Map([...figures.routes].filter(([id]) => isServed(id))) }
}

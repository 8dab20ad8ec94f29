import { readFileSync } from 'node:fs'
import { heapBytesMax } from './serve/heap.ts'
import { defaultLimits, type Limits } from './serve/limits.ts'

/** What the system lets a serving process have. */
export interface Means {
  /** File descriptors; undefined where the system does not say. */
  readonly descriptors: number | undefined
  readonly heapBytes: number
}

/** For the log, the channels to other processes, ports, the shared store, requests to issuers, and refusals. */
const descriptorsReserved = 96

/** Limits that can be kept with what there is, and what had to be lowered, in sentences. */
export function withinMeans(
  wanted: Partial<Limits>,
  { descriptors, heapBytes }: Means,
): { readonly limits: Partial<Limits>; readonly lowered: readonly string[] } {
  // A request takes two: the client's connection, and one to the upstream.
  const possible = Math.max(1, Math.floor(((descriptors ?? Infinity) - descriptorsReserved) / 2))
  const connections = wanted.connectionsMax ?? defaultLimits.connectionsMax
  // Bodies lie outside the heap; it still says how large a process is meant to be.
  const collected = wanted.collectedBytesMax ?? Math.min(defaultLimits.collectedBytesMax, heapBytes / 2)
  const limits = {
    ...wanted,
    connectionsMax: Math.min(connections, possible),
    collectedBytesMax: Math.floor(collected),
  }
  if (connections <= possible) return { limits, lowered: [] }
  return {
    limits,
    lowered: [
      `at most ${possible} connections are taken at a time, not ${connections}: there are ${descriptors} file descriptors (ulimit -n)`,
    ],
  }
}

/** The means of this process, which those that it starts have as well. */
export function ownMeans(): Means {
  return { descriptors: descriptorsAllowed(), heapBytes: heapBytesMax() }
}

// Node raises what it may open to the most that the system allows when it starts.
function descriptorsAllowed(): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

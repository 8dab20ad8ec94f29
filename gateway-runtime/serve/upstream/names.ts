import { type LookupAddress, lookup, Resolver } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import { ForbiddenAddress, isForbiddenAddress } from './addresses.ts'

/** How names are found. Both are asked of the system unless a test says otherwise. */
export interface NameSources {
  /** All addresses of a name, in the way of the system: hosts file, search domains, DNS. */
  readonly addresses: (name: string) => Promise<readonly LookupAddress[]>
  /** For how many seconds DNS says that its answer is good; undefined where it does not say. */
  readonly ttlSeconds: (name: string) => Promise<number | undefined>
}

const DEFAULT_TTL_MS = 30_000
const TTL_MIN_MS = 1_000
const TTL_MAX_MS = 300_000
/** After a failure the name is asked for again no sooner than this. */
const FAILURE_MS = 5_000
/** How long a connection waits for news where old addresses are known. */
const STALE_WAIT_MS = 500
/** Names that nobody asked for in this time are forgotten. */
const UNUSED_MS = 3_600_000

interface Known {
  addresses: readonly LookupAddress[]
  expiresMs: number
  usedMs: number
  turn: number
  refresh: Promise<void> | null
  error: Error | null
}

/**
 * Addresses of names, remembered for as long as DNS allows and used in turn. When a name cannot be found any more,
 * its last good addresses are used on.
 */
export class Names {
  private readonly sources: NameSources
  private readonly nowMs: () => number
  private readonly known = new Map<string, Known>()

  constructor(sources: NameSources = systemNames, nowMs: () => number = () => performance.now()) {
    this.sources = sources
    this.nowMs = nowMs
  }

  /**
   * A `lookup` for sockets. Every address is looked at anew for each connection: a name cannot pass a check first
   * and lead elsewhere afterwards.
   */
  lookupFor(allowLoopback: boolean): LookupFunction {
    return (name, options, done) => {
      this.find(name).then(
        (found) => {
          const { family } = options
          const wanted = family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : 0
          const allowed = found.filter(
            (one) =>
              (wanted === 0 || one.family === wanted) && !isForbiddenAddress(one.address, allowLoopback),
          )
          const [first] = allowed
          if (first === undefined) done(new ForbiddenAddress('no address of that name may be reached'), '')
          else if (options.all === true) done(null, allowed)
          else done(null, first.address, first.family)
        },
        (error: Error) => done(error, ''),
      )
    }
  }

  /** The addresses of a name, beginning with whichever is next. Rejects where it was never found. */
  async find(name: string): Promise<LookupAddress[]> {
    const now = this.nowMs()
    const known = this.knownOf(name, now)
    known.usedMs = now
    if (known.expiresMs <= now) {
      known.refresh ??= this.refresh(name, known)
      if (known.addresses.length === 0) await known.refresh
      else if (known.error === null) await Promise.race([known.refresh, pause(STALE_WAIT_MS)])
    }
    const { addresses } = known
    if (addresses.length === 0) throw known.error ?? new Error(`${name} has no address`)
    const first = known.turn++ % addresses.length
    return [...addresses.slice(first), ...addresses.slice(0, first)]
  }

  private knownOf(name: string, now: number): Known {
    const found = this.known.get(name)
    if (found !== undefined) return found
    for (const [other, { usedMs }] of this.known) if (now - usedMs > UNUSED_MS) this.known.delete(other)
    const known = { addresses: [], expiresMs: 0, usedMs: now, turn: 0, refresh: null, error: null }
    this.known.set(name, known)
    return known
  }

  private async refresh(name: string, known: Known): Promise<void> {
    const startMs = this.nowMs()
    // Beside the system's answer, which is what counts: many systems have names that DNS does not know.
    const ttl = this.sources.ttlSeconds(name).catch(() => undefined)
    try {
      const addresses = await this.sources.addresses(name)
      if (addresses.length === 0) throw new Error(`${name} has no address`)
      known.addresses = addresses
      known.error = null
      known.expiresMs = startMs + DEFAULT_TTL_MS
      void ttl.then((seconds) => {
        if (seconds === undefined) return
        known.expiresMs = startMs + Math.min(TTL_MAX_MS, Math.max(TTL_MIN_MS, seconds * 1_000))
      })
    } catch (error) {
      known.error = error instanceof Error ? error : new Error(String(error))
      known.expiresMs = this.nowMs() + FAILURE_MS
    } finally {
      known.refresh = null
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/** Asks the system, and its DNS servers for how long the answer is good. */
const systemNames: NameSources = {
  addresses: (name) =>
    new Promise((resolve, reject) => {
      lookup(name, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)))
    }),
  ttlSeconds: (name) => ttlFrom(new Resolver({ timeout: 1_000, tries: 1 }), name),
}

/** The shortest time that the address records of a name are good for. */
export function ttlFrom(resolver: Resolver, name: string): Promise<number | undefined> {
  if (isIP(name) !== 0) return Promise.resolve(undefined)
  const asked = (ask: 'resolve4' | 'resolve6') =>
    new Promise<number[]>((resolve) => {
      resolver[ask](name, { ttl: true }, (error, records) =>
        resolve(error === null ? records.map(({ ttl }) => ttl) : []),
      )
    })
  return Promise.all([asked('resolve4'), asked('resolve6')]).then((answers) => {
    const all = answers.flat()
    return all.length === 0 ? undefined : Math.min(...all)
  })
}

/** The names of this process. */
export const names = new Names()

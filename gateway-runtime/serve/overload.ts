import { constants, performance, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { heapBytesMax, heapBytesUsed } from './heap.ts'
import type { Limits } from './limits.ts'

/** What a process has too little of. */
export type Shortage = 'time' | 'memory'

/** How a process bears its load. */
export interface Strain {
  /** How late it has been with all its work of late, and how late it is now. */
  readonly lateMs: number
  readonly latestMs: number
  /** Requests that came since it was last looked at. */
  readonly requests: number
  /** The part of the heap that is in use once the garbage is gone. */
  readonly heapShare: number
}

type StrainLimits = Pick<Limits, 'loopDelayMsMax' | 'heapPercentMax'>

/** With fewer requests in a turn it is late for another reason, which refusing them would not mend. */
const REQUESTS_MIN = 32
/** The part of the heap at which it refuses as much as it ever does for that. */
const HEAP_FULL = 0.97
/** Something must get through, else nothing would show that there is memory again. */
const SHARE_MAX = 0.95

/**
 * The share of new requests that is to be refused with their connections, and for what. Each connection that has
 * something to say makes a turn of the event loop longer, so that so many of them are kept as fit into the delay that
 * is allowed.
 */
export function shareFor(
  { lateMs, latestMs, requests, heapShare }: Strain,
  { loopDelayMsMax, heapPercentMax }: StrainLimits,
): { readonly share: number; readonly shortage: Shortage } {
  const isLate = loopDelayMsMax > 0 && lateMs > loopDelayMsMax && requests >= REQUESTS_MIN
  const time = isLate ? Math.max(0, 1 - loopDelayMsMax / latestMs) : 0
  const heapMax = heapPercentMax / 100
  const beyond = (heapShare - heapMax) / Math.max(0.01, HEAP_FULL - heapMax)
  const memory = heapMax >= 1 ? 0 : SHARE_MAX * Math.min(1, Math.max(0, beyond))
  return memory > time ? { share: memory, shortage: 'memory' } : { share: time, shortage: 'time' }
}

/** How often the event loop is looked at, where it comes round that often. */
const SAMPLE_MS = 50
/** A delay counts by how long it lasts: one pause of a quarter of this, by a fifth. */
const MEMORY_MS = 1_000
/** Without news of the heap for so long, what was known of it counts no more: refusing makes no garbage to collect. */
const HEAP_KNOWN_MS = 5_000

/**
 * Watches whether the process can bear its load. It costs a request three comparisons: the delay of the event loop is
 * looked at 20 times a second, the heap after each collection of all garbage. Where more than a thousand connections
 * have something to say at once, the loop does not come to its timers for seconds; then requests see that themselves.
 */
export class Overload {
  /** The share of new requests to refuse, at the last look. */
  share = 0
  shortage: Shortage = 'time'
  /** How late the process has been with all its work of late. */
  lateMs = 0
  private readonly limits: StrainLimits
  private readonly onChange: (overload: Overload) => void
  private readonly heapMax = heapBytesMax()
  private requests = 0
  private sampledAtMs = Infinity
  private heapShare = 0
  private heapKnownAtMs = -Infinity
  private timer: NodeJS.Timeout | undefined
  private readonly collections = new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajor)) this.lookAtHeap()
  })

  /** `onChange` is called when it begins to refuse and when it stops. */
  constructor(limits: StrainLimits, onChange: (overload: Overload) => void) {
    this.limits = limits
    this.onChange = onChange
  }

  /** Begins to watch. */
  start(): void {
    if (this.timer !== undefined) return
    this.sampledAtMs = performance.now()
    if (this.limits.heapPercentMax < 100) this.collections.observe({ entryTypes: ['gc'] })
    this.timer = setInterval(() => this.sample(performance.now()), SAMPLE_MS).unref()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    this.collections.disconnect()
    this.sampledAtMs = Infinity
    this.share = 0
  }

  /** Counts what comes at this moment, and says whether it is to be refused. */
  refuses(nowMs: number): boolean {
    this.requests++
    const sinceMs = nowMs - this.sampledAtMs
    if (this.share === 0 && sinceMs <= SAMPLE_MS + this.limits.loopDelayMsMax) return false
    const share = sinceMs <= SAMPLE_MS ? this.share : this.look(sinceMs, nowMs).share
    return share > 0 && Math.random() < share
  }

  private sample(nowMs: number): void {
    const { share, shortage, lateMs } = this.look(nowMs - this.sampledAtMs, nowMs)
    const isChange = share > 0 !== this.share > 0
    this.sampledAtMs = nowMs
    this.requests = 0
    this.lateMs = lateMs
    this.share = share
    this.shortage = shortage
    if (isChange) this.onChange(this)
  }

  private look(sinceMs: number, nowMs: number) {
    const latestMs = Math.max(0, sinceMs - SAMPLE_MS)
    const weight = sinceMs / (sinceMs + MEMORY_MS)
    const lateMs = this.lateMs + weight * (latestMs - this.lateMs)
    const heapShare = nowMs - this.heapKnownAtMs < HEAP_KNOWN_MS ? this.heapShare : 0
    return { ...shareFor({ lateMs, latestMs, requests: this.requests, heapShare }, this.limits), lateMs }
  }

  private lookAtHeap(): void {
    this.heapShare = heapBytesUsed() / this.heapMax
    this.heapKnownAtMs = performance.now()
  }
}

// Entries for collections have a detail with the kind, which the declaration leaves out.
function isMajor(entry: PerformanceEntry & { readonly detail?: { readonly kind?: number } }): boolean {
  return entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

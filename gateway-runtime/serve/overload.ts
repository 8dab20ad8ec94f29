import { constants, performance, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { heapBytesMax, heapBytesUsed } from './heap.ts'
import type { Limits } from './limits.ts'

/** What a process has too little of. */
export type Shortage = 'time' | 'memory'

/** How a process bears its load. */
export interface Strain {
  /** How late it is with all its work. */
  readonly lateMs: number
  /** The part of the heap that is in use once the garbage is gone. */
  readonly heapShare: number
}

type StrainLimits = Pick<Limits, 'loopDelayMsMax' | 'heapPercentMax'>

/** Something must get through, else nothing would show that times are better. */
const SHARE_MAX = 0.95
/** At so many times the delay that is allowed it refuses as much as it ever does. */
const FULL_AT = 2
/** The part of the heap at which it does. */
const HEAP_FULL = 0.97

/** The share of new requests that is to be refused, and for what. It grows with the strain, so that it settles. */
export function shareFor(
  { lateMs, heapShare }: Strain,
  { loopDelayMsMax, heapPercentMax }: StrainLimits,
): { readonly share: number; readonly shortage: Shortage } {
  const heapMax = heapPercentMax / 100
  const time = loopDelayMsMax === 0 ? 0 : between(loopDelayMsMax, FULL_AT * loopDelayMsMax, lateMs)
  const memory = heapMax >= 1 ? 0 : between(heapMax, Math.max(HEAP_FULL, heapMax), heapShare)
  return memory > time ? { share: memory, shortage: 'memory' } : { share: time, shortage: 'time' }
}

function between(low: number, high: number, value: number): number {
  if (value <= low) return 0
  return value >= high ? SHARE_MAX : (SHARE_MAX * (value - low)) / (high - low)
}

const SAMPLE_MS = 50
/** The middle one of so many counts: one long pause, of the garbage collector say, is no overload. */
const SAMPLES = 5
/** Without news of the heap for so long, what was known of it counts no more: refusing makes no garbage to collect. */
const HEAP_KNOWN_MS = 5_000

/**
 * Watches whether the process can bear its load. Nothing is asked of it for a request but whether `share` is above 0:
 * the delay of the event loop is looked at 20 times a second, the heap after each collection of all garbage.
 */
export class Overload {
  /** The share of new requests to refuse. */
  share = 0
  shortage: Shortage = 'time'
  /** How late the process is with all its work. */
  lateMs = 0
  private readonly limits: StrainLimits
  private readonly onChange: (overload: Overload) => void
  private readonly late = new Float64Array(SAMPLES)
  private place = 0
  private sampledAtMs = 0
  private readonly heapMax = heapBytesMax()
  private heapShare = 0
  private heapKnownAtMs = 0
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
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    this.collections.disconnect()
    this.share = 0
  }

  /** Whether the request at hand is to be refused. */
  refuses(): boolean {
    return this.share > 0 && Math.random() < this.share
  }

  private sample(): void {
    const nowMs = performance.now()
    this.late[this.place] = Math.max(0, nowMs - this.sampledAtMs - SAMPLE_MS)
    this.place = (this.place + 1) % SAMPLES
    this.sampledAtMs = nowMs
    this.lateMs = this.late.toSorted()[SAMPLES >> 1] ?? 0
    const isHeapKnown = nowMs - this.heapKnownAtMs < HEAP_KNOWN_MS
    const strain = { lateMs: this.lateMs, heapShare: isHeapKnown ? this.heapShare : 0 }
    const { share, shortage } = shareFor(strain, this.limits)
    const isChange = share > 0 !== this.share > 0
    this.share = share
    this.shortage = shortage
    if (isChange) this.onChange(this)
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

import type { OutlierSettings } from '#policies/settings.ts'

const EJECTION_MAX_MS = 300_000

/** How an endpoint has done of late. `half-open` lets a few requests try it. */
interface Standing {
  consecutive: number
  /** Times it was ejected; each makes the next one longer, each quiet interval forgives one. */
  ejections: number
  isEjected: boolean
  untilMs: number
  trials: number
  forgivenAtMs: number
}

/**
 * Ejects endpoints that fail again and again, for longer each time. Behind an ejection a few requests at a time
 * try the endpoint: one that is answered well brings it back, one that fails ejects it anew.
 */
export class Outliers<E extends object> {
  private readonly settings: OutlierSettings
  private readonly trialsMax: number
  private readonly standings = new Map<E, Standing>()
  private readonly ejectedMax: number

  constructor(settings: OutlierSettings, trialsMax: number, endpoints: readonly E[]) {
    this.settings = settings
    this.trialsMax = Math.max(1, trialsMax)
    // One may always be ejected, as in Envoy: else the rule would not exist for a handful of endpoints.
    this.ejectedMax = Math.max(1, Math.floor((endpoints.length * settings.maxEjectionPercent) / 100))
    for (const endpoint of endpoints)
      this.standings.set(endpoint, {
        consecutive: 0,
        ejections: 0,
        isEjected: false,
        untilMs: 0,
        trials: 0,
        forgivenAtMs: 0,
      })
  }

  /** Every endpoint may be out at once, by the operator's own word. */
  get mayEjectAll(): boolean {
    return this.settings.maxEjectionPercent >= 100
  }

  get ejected(): number {
    let count = 0
    for (const { isEjected } of this.standings.values()) if (isEjected) count++
    return count
  }

  isEjected(endpoint: E): boolean {
    return this.standings.get(endpoint)?.isEjected === true
  }

  /** Whether a request may go there now. */
  allows(endpoint: E, nowMs: number): boolean {
    const standing = this.standings.get(endpoint)
    if (standing === undefined || !standing.isEjected) return true
    return standing.untilMs <= nowMs && standing.trials < this.trialsMax
  }

  /** Milliseconds until some endpoint may be tried; 0 where one may be now or will be once its trial has ended. */
  waitMs(nowMs: number): number {
    const waits = [...this.standings.values()].map(({ isEjected, untilMs }) =>
      isEjected ? Math.max(0, untilMs - nowMs) : 0,
    )
    return Math.min(...waits)
  }

  /** A request goes there. */
  began(endpoint: E): void {
    const standing = this.standings.get(endpoint)
    if (standing?.isEjected === true) standing.trials++
  }

  /** It was not answered, and that says nothing about the endpoint: whoever asked went away. */
  abandoned(endpoint: E): void {
    const standing = this.standings.get(endpoint)
    if (standing !== undefined && standing.trials > 0) standing.trials--
  }

  answered(endpoint: E, status: number, nowMs: number): void {
    if (status >= 500) return this.failed(endpoint, nowMs)
    const standing = this.standings.get(endpoint)
    if (standing === undefined) return
    standing.consecutive = 0
    // An answer to what was asked before the ejection proves nothing.
    if (!standing.isEjected || standing.trials === 0) return
    standing.isEjected = false
    standing.trials = 0
    standing.forgivenAtMs = nowMs
  }

  failed(endpoint: E, nowMs: number): void {
    const standing = this.standings.get(endpoint)
    if (standing === undefined) return
    if (standing.isEjected) {
      if (standing.trials > 0) this.eject(standing, nowMs)
      return
    }
    standing.consecutive++
    if (standing.consecutive >= this.settings.consecutive5xxErrors && this.ejected < this.ejectedMax)
      this.eject(standing, nowMs)
  }

  private eject(standing: Standing, nowMs: number): void {
    const { baseEjectionMs, intervalMs } = this.settings
    if (!standing.isEjected) {
      const quietIntervals = Math.floor((nowMs - standing.forgivenAtMs) / intervalMs)
      standing.ejections = Math.max(0, standing.ejections - quietIntervals)
    }
    standing.isEjected = true
    standing.ejections++
    standing.trials = 0
    standing.consecutive = 0
    const longest = Math.max(EJECTION_MAX_MS, baseEjectionMs)
    standing.untilMs = nowMs + Math.min(longest, baseEjectionMs * standing.ejections)
  }
}

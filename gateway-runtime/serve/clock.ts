/** Something with a deadline, in the milliseconds of `clock.nowMs`; Infinity for none. */
export interface Timed {
  deadline: number
  /** Called by the sweep while the deadline lies behind. Sets a later deadline or leaves the clock. */
  expire(): void
}

/** How often deadlines are looked at: none comes early, and none later than two sweeps. */
export const SWEEP_MS = 40

/**
 * One coarse clock for all deadlines of the process. A timer for each request costs more than the request's own
 * bookkeeping; a sweep over every connection 25 times a second costs nothing that can be measured.
 */
class Clock {
  nowMs = performance.now()
  /** The Date header of now (RFC 9110 §6.6.1). */
  date = new Date().toUTCString()
  private readonly members = new Set<Timed>()
  private timer: NodeJS.Timeout | undefined
  private dateAtMs = this.nowMs

  add(member: Timed): void {
    this.members.add(member)
    if (this.timer !== undefined) return
    this.tick()
    this.timer = setInterval(() => this.sweep(), SWEEP_MS).unref()
  }

  delete(member: Timed): void {
    this.members.delete(member)
  }

  /** The deadline that lies this far ahead, rounded up to a sweep. */
  after(ms: number): number {
    // Nobody had a deadline for a while, so nobody has looked at the time since.
    if (this.timer === undefined) this.tick()
    return this.nowMs + ms + SWEEP_MS
  }

  private sweep(): void {
    this.tick()
    for (const member of this.members) if (member.deadline <= this.nowMs) member.expire()
    if (this.members.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  private tick(): void {
    this.nowMs = performance.now()
    if (this.nowMs - this.dateAtMs < 500) return
    this.dateAtMs = this.nowMs
    this.date = new Date().toUTCString()
  }
}

export const clock = new Clock()

import type { Prepared } from '#policies/definition.ts'
import type { Plan } from './plan.ts'
import type { Pool } from './upstream/pool.ts'

/** A plan in use: it lives until it was replaced and its last exchange has ended. */
export class Lease {
  readonly plan: Plan
  private running = 0
  private replaced = false
  private readonly onEnd: (lease: Lease) => void

  constructor(plan: Plan, onEnd: (lease: Lease) => void) {
    this.plan = plan
    this.onEnd = onEnd
  }

  begin(): void {
    this.running++
  }

  end(): void {
    this.running--
    if (this.replaced && this.running === 0) this.onEnd(this)
  }

  replace(): void {
    this.replaced = true
    if (this.running === 0) this.onEnd(this)
  }
}

/**
 * Counts which plans in use hold which policies and pools, and disposes of what none holds any more. A thing
 * that the next plan took over is held by both for a while, then by the next alone.
 */
export class Holdings {
  private readonly holders = new Map<Pool | Prepared, number>()
  private readonly onFailure: (error: unknown) => void

  constructor(onFailure: (error: unknown) => void) {
    this.onFailure = onFailure
  }

  hold(plan: Pick<Plan, 'routes'>): void {
    for (const thing of thingsOf(plan)) this.holders.set(thing, (this.holders.get(thing) ?? 0) + 1)
  }

  release(plan: Pick<Plan, 'routes'>): void {
    for (const thing of thingsOf(plan)) {
      const left = (this.holders.get(thing) ?? 1) - 1
      if (left > 0) {
        this.holders.set(thing, left)
        continue
      }
      this.holders.delete(thing)
      this.dispose(thing)
    }
  }

  private dispose(thing: Pool | Prepared): void {
    try {
      thing.dispose?.()
    } catch (error) {
      this.onFailure(error)
    }
  }
}

function thingsOf(plan: Pick<Plan, 'routes'>): Set<Pool | Prepared> {
  const things = new Set<Pool | Prepared>()
  for (const { upstream, destinations = [], policies } of plan.routes) {
    things.add(upstream)
    for (const { pool } of destinations) things.add(pool)
    for (const { prepared } of policies) things.add(prepared)
  }
  return things
}

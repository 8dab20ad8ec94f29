/** One counter that a policy keeps: its labels are few and so are their values. */
export interface Counter {
  readonly policy: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** More than this is a policy that counts by something that callers choose. */
const countersMax = 2_000
const overflow = keyOf({ policy: 'all', name: 'not_counted', labels: {} })

/** What the policies of a process count, each counter under a key that says which it is. */
export class Counts {
  readonly #counts = new Map<string, number>()

  add(policy: string, name: string, labels: Readonly<Record<string, string>>): void {
    const key = keyOf({ policy, name, labels })
    const known = this.#counts.get(key)
    if (known === undefined && this.#counts.size >= countersMax)
      this.#counts.set(overflow, (this.#counts.get(overflow) ?? 0) + 1)
    else this.#counts.set(key, (known ?? 0) + 1)
  }

  get all(): ReadonlyMap<string, number> {
    return new Map(this.#counts)
  }
}

function keyOf({ policy, name, labels }: Counter): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([policy, name, sorted])
}

/** The counter that a key stands for. */
export function counterOf(key: string): Counter {
  // Keys are made by keyOf alone.
  const [policy, name, labels] = JSON.parse(key) as [string, string, [string, string][]]
  return { policy, name, labels: Object.fromEntries(labels) }
}

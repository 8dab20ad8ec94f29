import { ANY_HOST, wildcardsOver } from '../router.ts'

/** What each host has: its own, that of the longest wildcard that covers it, or the default. */
export class HostTable<T> {
  private readonly hosts: ReadonlyMap<string, T>
  private readonly hasWildcards: boolean
  private readonly fallback: T | undefined

  /** Keys are lower-case names, `*.name`, or `*` for the default. A single entry is the default too. */
  constructor(hosts: ReadonlyMap<string, T>) {
    this.hosts = hosts
    this.hasWildcards = [...hosts.keys()].some((host) => host.startsWith('*.'))
    const [first, ...others] = new Set(hosts.values())
    this.fallback = hosts.get(ANY_HOST) ?? (others.length === 0 ? first : undefined)
  }

  /** `name` is lower-case. Undefined and unknown ones get the default, if there is one. */
  find(name: string | undefined): T | undefined {
    if (name === undefined) return this.fallback
    const own = this.hosts.get(name)
    if (own !== undefined || !this.hasWildcards) return own ?? this.fallback
    for (const wildcard of wildcardsOver(name)) {
      const found = this.hosts.get(wildcard)
      if (found !== undefined) return found
    }
    return this.fallback
  }

  /** The same hosts with something else each; those that get undefined have none. */
  map<U>(change: (value: T) => U | undefined): HostTable<U> {
    const changed = [...this.hosts].flatMap(([host, value]) => {
      const other = change(value)
      return other === undefined ? [] : [[host, other] as const]
    })
    return new HostTable(new Map(changed))
  }
}

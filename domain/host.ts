/** Hosts that APIs answer at: lower-case names, `*.name` for all below a name, `*` for any. */

export const anyHost = '*'

/** RFC 1035 §2.3.4 */
const hostMax = 253

/** The wildcards that cover a host, the longest first. They may stand for several labels. */
export function* wildcardsOver(host: string): Generator<string> {
  if (host.length > hostMax) return
  for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`
}

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
    this.fallback = hosts.get(anyHost) ?? (others.length === 0 ? first : undefined)
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

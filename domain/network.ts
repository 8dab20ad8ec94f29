/** Networks: where parties run, and how they nest. */

export const networkClasses = ['org-internal', 'org-external', 'non-org-external'] as const
export type NetworkClass = (typeof networkClasses)[number]

export const locations = ['cloud', 'vpc', 'cluster', 'data-centre', 'on-premises'] as const
export type Location = (typeof locations)[number]

/** The class in words, as a sentence uses it. */
export const networkClassName: Record<NetworkClass, string> = {
  'org-internal': 'organisation internal',
  'org-external': 'organisation external',
  'non-org-external': 'non-organisation external',
}

export interface Network {
  readonly id: string
  readonly name: string
  readonly class: NetworkClass
  readonly location: Location
  readonly parentId: string | null
  /** The firewall that ends external TLS for this network; null where none stands. */
  readonly firewall: string | null
}

type Nested = Pick<Network, 'id' | 'parentId'>

/** The network itself and everything that it stands inside, from the inside out. */
export function enclosing<N extends Nested>(id: string, networks: ReadonlyMap<string, N>): N[] {
  const chain: N[] = []
  const seen = new Set<string>()
  for (let next = networks.get(id); next && !seen.has(next.id); ) {
    seen.add(next.id)
    chain.push(next)
    next = next.parentId === null ? undefined : networks.get(next.parentId)
  }
  return chain
}

/** Whether putting `id` inside `parentId` would make a network stand inside itself. */
export function wouldCycle(id: string, parentId: string, networks: ReadonlyMap<string, Nested>): boolean {
  return enclosing(parentId, networks).some((network) => network.id === id)
}

/**
 * Whether two internal networks count as one: the same one, or one inside the other. Two that merely stand
 * side by side need peering or a secure channel between them, so they are two.
 */
export function areOneNetwork(a: string, b: string, networks: ReadonlyMap<string, Nested>): boolean {
  const inside = (inner: string, outer: string) =>
    enclosing(inner, networks).some((network) => network.id === outer)
  return inside(a, b) || inside(b, a)
}

/** The network whose firewall stands between this network and the gateway: its own, or the nearest around it of the same class. */
export function firewallFor<N extends Network>(id: string, networks: ReadonlyMap<string, N>): N | null {
  const chain = enclosing(id, networks)
  const own = chain[0]?.class
  for (const network of chain) {
    if (network.class !== own) return null
    if (network.firewall !== null) return network
  }
  return null
}

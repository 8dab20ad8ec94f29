import { type NetworkClass, networkClasses } from '#domain/network.ts'
import { describeTopology, type Topology } from '#domain/topology.ts'

/** Topologies for tests, made from a seed: any size, any nesting, some networks behind firewalls. */
export function madeUp(seed: number, size: { parties: number; flows: number; gateways?: number }): Topology {
  const random = generator(seed)
  const pick = <T>(all: readonly T[]): T => {
    const chosen = all[Math.floor(random() * all.length)]
    if (chosen === undefined) throw new Error('nothing to pick from')
    return chosen
  }
  const networks = madeUpNetworks(Math.max(3, Math.ceil(size.parties / 8)), random, pick)
  const inside = networks.filter((network) => network.class === 'org-internal')
  const gateways = Array.from({ length: size.gateways ?? 1 }, (_, index) => ({
    id: `g${index}`,
    name: `edge-${index}`,
    networkId: random() < 0.7 ? pick(inside).id : null,
    environment: 'production',
    listeners: [{ protocol: 'http', port: 80 }],
    revision: 1,
    nodes: { total: 1, online: 1, degraded: 0, current: 1 },
    version: 1,
  }))
  const parties = Array.from({ length: size.parties }, (_, index) => {
    const network = pick(networks)
    return {
      id: `p${index}`,
      name: `Party ${index}`,
      kind: index % 5 < 3 ? ('consumer' as const) : ('provider' as const),
      owner: network.class === 'non-org-external' ? ('third-party' as const) : ('organisation' as const),
      networkId: network.id,
      version: 1,
    }
  })
  const consumers = parties.filter(({ kind }) => kind === 'consumer')
  const providers = parties.filter(({ kind }) => kind === 'provider')
  const apis = Array.from({ length: Math.max(1, providers.length) }, (_, index) => ({
    id: `a${index}`,
    apiId: `api${index}`,
    name: `API ${index}`,
    label: '1.0',
    gatewayId: pick(gateways).id,
    providerId: providers.length > 0 && random() < 0.9 ? pick(providers).id : null,
    basePath: `/a${index}`,
    upstreamUrl: 'http://upstream',
    enabled: true,
    version: 1,
    deployment: 'serving' as const,
    traffic: null,
  }))
  const flows = Array.from({ length: consumers.length > 0 ? size.flows : 0 }, (_, index) => ({
    id: `f${index}`,
    consumerId: pick(consumers).id,
    apiId: pick(apis).id,
  }))
  return describeTopology({ networks, parties, gateways, apis, flows })
}

function madeUpNetworks(count: number, random: () => number, pick: <T>(all: readonly T[]) => T) {
  const networks: {
    id: string
    name: string
    class: NetworkClass
    location: 'vpc'
    parentId: string | null
    firewall: string | null
    version: number
  }[] = []
  for (let index = 0; index < count; index++) {
    const cls = networkClasses[index % 3] ?? 'org-internal'
    networks.push({
      id: `n${index}`,
      name: `Network ${index}`,
      class: cls,
      location: 'vpc',
      parentId: index > 2 && random() < 0.4 ? pick(networks).id : null,
      firewall: random() < 0.6 ? `waf-${index}` : null,
      version: 1,
    })
  }
  return networks
}

// Mulberry32: the same seed gives the same numbers on every machine.
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

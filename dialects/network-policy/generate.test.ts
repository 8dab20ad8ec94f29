import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { declaringOf, type PlacedInCluster } from '#domain/declared-connections.ts'
import { dnsErrands, passage, type NetworkPolicyRules, type Place, type Pod } from '#domain/network-policy.ts'
import type { Stored } from '#domain/stored.ts'
import { now } from '#domain/testing/certificates.ts'
import { api, gateway, network, nothingStored, party } from '#domain/testing/stored.ts'
import { describeTopology } from '#domain/topology.ts'
import { networkPoliciesFor, writeNetworkPolicies } from './generate.ts'
import { type NetworkPolicy, networkPolicy } from './resources.ts'

const pod = (namespace: string, labels: Record<string, string>): Pod => ({
  kind: 'pod',
  namespace,
  namespaceLabels: {},
  labels,
  portNames: {},
})

interface World {
  readonly stored: Stored
  readonly set: PlacedInCluster
}

function generated({ stored, set }: World): NetworkPolicy[] {
  return networkPoliciesFor(set, declaringOf(stored))
}

function netpolFindings({ stored, set }: World, policies: readonly NetworkPolicy[]): string[] {
  const rules: NetworkPolicyRules[] = policies.map(({ metadata: { namespace, name }, spec }) => ({
    namespace,
    name,
    spec,
  }))
  const networkPolicies = [{ ...set, policies: rules }]
  return describeTopology({ ...stored, networkPolicies }, now)
    .findings.filter(({ code }) => code.startsWith('netpol.'))
    .map(({ why }) => why)
}

/** The set with each of its rules left out in turn. */
function withOneLess(policies: readonly NetworkPolicy[]): { without: string; rest: NetworkPolicy[] }[] {
  return policies.flatMap((policy, at) =>
    (['egress', 'ingress'] as const).flatMap((direction) =>
      (policy.spec[direction] ?? []).map((rule, index) => {
        const spec = { ...policy.spec, [direction]: policy.spec[direction]?.toSpliced(index, 1) }
        return {
          without: `${policy.metadata.name} ${direction} ${JSON.stringify(rule)}`,
          rest: policies.with(at, { ...policy, spec }),
        }
      }),
    ),
  )
}

// ── random topologies ───────────────────────────────────────────────────────

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function randomWorld(seed: number): World {
  const random = randomOf(seed)
  const some = <T>(most: number, make: (index: number) => T): T[] =>
    Array.from({ length: random(most + 1) }, (_, index) => make(index))
  const place = (): Place => {
    const namespace = `ns-${random(3)}`
    // Some pods have the labels of others and more, and some are gateways themselves.
    const labels = { app: ['stock', 'prices', 'edge-0', 'edge-1'][random(4)] ?? '' }
    const more: Record<string, string> = random(3) === 0 ? { tier: `${random(2)}` } : {}
    switch (random(6)) {
      case 0:
        return { kind: 'address', address: null }
      case 1:
        return { kind: 'address', address: `10.0.0.${random(3)}` }
      case 2:
        return { kind: 'address', address: `2001:db8::${random(3) + 1}` }
      default:
        return pod(namespace, { ...labels, ...more })
    }
  }
  const port = () => [443, 8443, 53, 5432][random(4)] ?? 1
  const gateways = Array.from({ length: 1 + random(3) }, (_, index) =>
    gateway(`edge-${index}`, {
      networkId: 'VPC',
      listeners: some(2, (at) => ({ id: `l${at}`, protocol: 'http', address: '0.0.0.0', port: 8080 + at })),
    }),
  )
  const apis = some(6, (index) => api(`api-${index}`, { gatewayId: `edge-${random(gateways.length)}` }))
  const parties = some(4, (index) => party(`party-${index}`, 'consumer', 'VPC'))
  const flows = apis.flatMap(({ id }) =>
    parties
      .filter(() => random(2) === 0)
      .map((one) => ({ id: `${one.id} ${id}`, consumerId: one.id, apiId: id })),
  )
  const jwks = (apiId: string) => ({
    name: `JWKS of ${apiId}`,
    place: place(),
    protocol: 'TCP' as const,
    port: port(),
    apiIds: [apiId],
  })
  return {
    stored: { ...nothingStored, networks: [network('VPC')], parties, gateways, apis, flows },
    set: {
      id: 'set',
      name: 'the set',
      gateways: gateways.map(({ id }, index) => ({
        gatewayId: id,
        pod: pod(`ns-${random(2)}`, { app: index === 2 && random(2) === 0 ? 'edge-0' : id }),
        errands: [...dnsErrands(), ...apis.filter((one) => one.gatewayId === id).map((one) => jwks(one.id))],
      })),
      upstreams: apis.flatMap(({ id }) => some(2, () => ({ apiId: id, place: place(), port: port() }))),
      consumers: parties.filter(() => random(3) > 0).map(({ id }) => ({ partyId: id, place: place() })),
    },
  }
}

const seeds = Array.from({ length: 300 }, (_, index) => index + 1)

describe('generated NetworkPolicies', () => {
  it('let through all that is declared, whatever the topology', () => {
    for (const seed of seeds) {
      const world = randomWorld(seed)
      expect(netpolFindings(world, generated(world)), `seed ${seed}`).toEqual([])
    }
  })

  it('have no rule that could be left out', () => {
    let rules = 0
    for (const seed of seeds) {
      const world = randomWorld(seed)
      for (const { without, rest } of withOneLess(generated(world))) {
        rules += 1
        expect(netpolFindings(world, rest), `seed ${seed} without ${without}`).not.toEqual([])
      }
    }
    expect(rules).toBeGreaterThan(1_000)
  })

  it('let through nothing that is not declared', () => {
    const stranger = pod('ns-0', { app: 'stranger' })
    for (const seed of seeds) {
      const world = randomWorld(seed)
      const policies = generated(world).map(({ metadata, spec }) => ({ ...metadata, spec }))
      for (const { pod: edge } of world.set.gateways) {
        const tried = [
          { from: edge, to: stranger, port: 8080 },
          { from: edge, to: stranger, port: 443 },
          { from: edge, to: { kind: 'address', address: '169.254.169.254' }, port: 443 },
          { from: { ...stranger, namespace: edge.namespace }, to: edge, port: 22 },
        ] as const
        for (const one of tried)
          expect(passage({ ...one, protocol: 'TCP' }, policies).passes, `seed ${seed}`).toBe(false)
      }
    }
  })

  it('are the same documents in the same order, in whatever order the topology comes', () => {
    for (const seed of seeds.slice(0, 50)) {
      const { stored, set } = randomWorld(seed)
      const turned: World = {
        stored: {
          ...stored,
          apis: stored.apis.toReversed(),
          flows: stored.flows.toReversed(),
          parties: stored.parties.toReversed(),
        },
        set: {
          ...set,
          gateways: set.gateways.toReversed(),
          upstreams: set.upstreams.toReversed(),
          consumers: set.consumers.toReversed(),
        },
      }
      expect(writeNetworkPolicies(generated(turned)), `seed ${seed}`).toBe(
        writeNetworkPolicies(generated({ stored, set })),
      )
    }
  })

  it('are documents that Kubernetes takes, under names of their own', () => {
    for (const seed of seeds) {
      const text = writeNetworkPolicies(generated(randomWorld(seed)))
      const documents = parseAllDocuments(text)
      const read = (Array.isArray(documents) ? documents : []).map((one) => networkPolicy.parse(one.toJS()))
      expect(read).toEqual(generated(randomWorld(seed)))
      const names = read.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`)
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('deny first, then allow clients in and upstreams, names and keys out', () => {
    const edge = pod('shop', { app: 'edge' })
    const jwks: Place = { kind: 'address', address: null }
    const world: World = {
      stored: {
        ...nothingStored,
        networks: [network('VPC')],
        parties: [party('Web', 'consumer', 'VPC')],
        gateways: [
          gateway('edge', { listeners: [{ id: 'http', protocol: 'http', address: '0.0.0.0', port: 8080 }] }),
        ],
        apis: [api('Basket')],
        flows: [{ id: 'f', consumerId: 'Web', apiId: 'Basket' }],
      },
      set: {
        id: 'set',
        name: 'the set',
        gateways: [
          {
            gatewayId: 'edge',
            pod: edge,
            errands: [
              ...dnsErrands(),
              { name: 'JWKS', place: jwks, protocol: 'TCP', port: 443, apiIds: ['Basket'] },
            ],
          },
        ],
        upstreams: [{ apiId: 'Basket', place: pod('stock', { app: 'stock' }), port: 8443 }],
        consumers: [{ partyId: 'Web', place: pod('shop', { app: 'web' }) }],
      },
    }
    expect(writeNetworkPolicies(generated(world))).toMatchInlineSnapshot(`
      "apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: shop
      spec:
        podSelector: {}
        policyTypes:
          - Ingress
          - Egress
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: shop
      spec:
        podSelector: {}
        policyTypes:
          - Egress
        egress:
          - to:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: kube-system
                podSelector:
                  matchLabels:
                    k8s-app: kube-dns
            ports:
              - protocol: TCP
                port: 53
              - protocol: UDP
                port: 53
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-edge-egress
        namespace: shop
      spec:
        podSelector:
          matchLabels:
            app: edge
        policyTypes:
          - Egress
        egress:
          - to:
              - ipBlock:
                  cidr: 0.0.0.0/0
                  except:
                    - 10.0.0.0/8
                    - 100.64.0.0/10
                    - 127.0.0.0/8
                    - 169.254.0.0/16
                    - 172.16.0.0/12
                    - 192.168.0.0/16
              - ipBlock:
                  cidr: ::/0
                  except:
                    - ::1/128
                    - fc00::/7
                    - fe80::/10
            ports:
              - protocol: TCP
                port: 443
          - to:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: stock
                podSelector:
                  matchLabels:
                    app: stock
            ports:
              - protocol: TCP
                port: 8443
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-edge-ingress
        namespace: shop
      spec:
        podSelector:
          matchLabels:
            app: edge
        policyTypes:
          - Ingress
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: web
            ports:
              - protocol: TCP
                port: 8080
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-web-egress
        namespace: shop
      spec:
        podSelector:
          matchLabels:
            app: web
        policyTypes:
          - Egress
        egress:
          - to:
              - podSelector:
                  matchLabels:
                    app: edge
            ports:
              - protocol: TCP
                port: 8080
      "
    `)
  })
})

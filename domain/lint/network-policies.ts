import { type Finding, found } from '../finding.ts'
import { count, listed } from '../listing.ts'
import {
  type Errand,
  type NetworkPolicySet,
  type Passage,
  type Place,
  type Pod,
  passage,
} from '../network-policy.ts'
import type { ApiView, GatewayView } from '../stored.ts'
import { allOf } from '../uses.ts'
import { touching, type World } from './world.ts'

/** Whether applied sets of NetworkPolicies let through what is declared: clients in, upstreams, names and key sets out. */
export function lintNetworkPolicies(world: World): Finding[] {
  return world.stored.networkPolicies.flatMap((set) =>
    set.gateways.flatMap(({ gatewayId, pod, errands }) => {
      const gateway = world.at.gateways.get(gatewayId)
      if (!gateway) return []
      const apis = world.stored.apis.filter((api) => api.gatewayId === gatewayId)
      const here: Here = { set, gateway, pod, apis, world }
      return [...noIngress(here), ...upstreamsBlocked(here), ...errandsBlocked(here, errands)]
    }),
  )
}

interface Here {
  readonly set: NetworkPolicySet
  readonly gateway: GatewayView
  readonly pod: Pod
  readonly apis: readonly ApiView[]
  readonly world: World
}

type Stopped = Extract<Passage, { passes: false }>

// ── in ──────────────────────────────────────────────────────────────────────

interface Caller {
  readonly name: string
  readonly place: Place
  readonly apiId: string
  readonly flowIds: readonly string[]
}

/** For each port the consumers that cannot reach it; where nobody knows whence they come, whether anybody can. */
function noIngress(here: Here): Finding[] {
  const { set, gateway, pod, apis, world } = here
  const ways = apis.flatMap((api) =>
    world
      .servedOf(api)
      .flatMap(({ listener: { port } }) => callersOf(api, here).map((caller) => ({ port, caller }))),
  )
  return [...Map.groupBy(ways, ({ port }) => port)].flatMap(([port, all]): Finding[] => {
    const stopped = all.flatMap(({ caller }) => {
      const outcome = passage({ from: caller.place, to: pod, protocol: 'TCP', port }, set.policies)
      return outcome.passes ? [] : [{ ...caller, outcome }]
    })
    const [first] = stopped
    if (!first) return []
    const who = listed(stopped.map(({ name }) => name))
    const { legIds } = allOf(stopped.map(({ apiId }) => world.uses.ofSide(apiId, 'inbound')))
    return [
      finding(here, 'netpol.no-ingress-to-gateway', {
        why: `Nothing in ${set.name} lets ${who} reach ${gateway.name} on TCP port ${port}: ${stops(first.outcome)}.`,
        label: `Admit clients to ${gateway.name} on port ${port}`,
        detail: String(port),
        use: { legIds, flowIds: new Set(stopped.flatMap(({ flowIds }) => flowIds)) },
      }),
    ]
  })
}

function callersOf({ id: apiId }: ApiView, { set, world }: Here): Caller[] {
  const placeOf = new Map(set.consumers.map(({ partyId, place }) => [partyId, place]))
  const flows = world.flows.filter((flow) => flow.apiId === apiId)
  const placed = flows.flatMap(({ id, consumerId }): Caller[] => {
    const place = placeOf.get(consumerId)
    const name = world.at.parties.get(consumerId)?.name ?? consumerId
    return place ? [{ name, place, apiId, flowIds: [id] }] : []
  })
  if (placed.length === flows.length && flows.length > 0) return placed
  const rest = flows.filter(({ consumerId }) => !placeOf.has(consumerId)).map(({ id }) => id)
  return [...placed, { name: 'anybody', place: { kind: 'anybody' }, apiId, flowIds: rest }]
}

// ── out ─────────────────────────────────────────────────────────────────────

function upstreamsBlocked(here: Here): Finding[] {
  const { set, gateway, pod, apis, world } = here
  const byId = new Map(apis.map((api) => [api.id, api]))
  return set.upstreams.flatMap(({ apiId, place, port }): Finding[] => {
    const api = byId.get(apiId)
    const outcome = api && passage({ from: pod, to: place, protocol: 'TCP', port }, set.policies)
    if (!outcome || outcome.passes) return []
    return [
      finding(here, 'netpol.egress-blocked', {
        why: `${set.name} keeps ${gateway.name} from the upstream of ${api.name} on TCP port ${port}: ${stops(outcome)}.`,
        label: `Let ${gateway.name} reach the upstream of ${api.name}`,
        detail: `${apiId}:${port}`,
        use: world.uses.ofSide(apiId, 'outbound'),
      }),
    ]
  })
}

function errandsBlocked(here: Here, errands: readonly Errand[]): Finding[] {
  const { set, gateway, pod, apis, world } = here
  return errands.flatMap(({ name, place, protocol, port, apiIds }): Finding[] => {
    const outcome = passage({ from: pod, to: place, protocol, port }, set.policies)
    if (outcome.passes) return []
    const needing = apiIds ?? apis.map(({ id }) => id)
    return [
      finding(here, 'netpol.egress-blocked', {
        why: `${set.name} keeps ${gateway.name} from ${name} on ${protocol} port ${port}: ${stops(outcome)}.`,
        label: `Let ${gateway.name} reach ${name}`,
        detail: `${name}:${protocol}:${port}`,
        use: allOf(needing.map((id) => world.uses.ofSide(id, 'outbound'))),
      }),
    ]
  })
}

// ── words ───────────────────────────────────────────────────────────────────

function stops({ direction, policies }: Stopped): string {
  const verb = policies.length === 1 ? 'selects' : 'select'
  const way = direction === 'egress' ? 'let it out' : 'let it in'
  return `${count(policies.length, 'policy', 'policies')} (${listed(policies)}) ${verb} the pod and none of its rules ${way}`
}

function finding(
  { set, gateway }: Here,
  code: 'netpol.no-ingress-to-gateway' | 'netpol.egress-blocked',
  said: {
    why: string
    label: string
    detail: string
    use: { legIds: ReadonlySet<string>; flowIds: ReadonlySet<string> }
  },
): Finding {
  return found(
    {
      code,
      severity: 'error',
      about: { kind: 'network-policies', id: set.id, name: set.name },
      why: said.why,
      fix: {
        kind: 'allow-traffic',
        label: said.label,
        target: { kind: 'network-policies', id: set.id },
        isSafe: false,
      },
      ...touching(said.use),
    },
    `${gateway.id}:${said.detail}`,
  )
}

import { type DeclaredConnection, declaredConnections } from '../declared-connections.ts'
import { type Finding, found } from '../finding.ts'
import { count, listed } from '../listing.ts'
import { type NetworkPolicySet, type Passage, passage } from '../network-policy.ts'
import type { GatewayView } from '../stored.ts'
import { allOf } from '../uses.ts'
import { touching, type World } from './world.ts'

/** Whether applied sets of NetworkPolicies let through what is declared: clients in, upstreams, names and key sets out. */
export function lintNetworkPolicies(world: World): Finding[] {
  const { stored, flows, servedOf, at } = world
  const declaring = { apis: stored.apis, flows, parties: at.parties, gateways: at.gateways, servedOf }
  return stored.networkPolicies.flatMap((set) => {
    const byGateway = Map.groupBy(declaredConnections(set, declaring), ({ gatewayId }) => gatewayId)
    return [...byGateway].flatMap(([gatewayId, declared]) => {
      const gateway = at.gateways.get(gatewayId)
      if (!gateway) return []
      const stopped = declared.flatMap((each): Stopped[] => {
        const outcome = passage(each, set.policies)
        return outcome.passes ? [] : [{ ...each, outcome }]
      })
      const here: Here = { set, gateway, world }
      return [...noIngress(here, stopped), ...stopped.flatMap((each) => blocked(here, each))]
    })
  })
}

interface Here {
  readonly set: NetworkPolicySet
  readonly gateway: GatewayView
  readonly world: World
}

interface Stopped extends DeclaredConnection {
  readonly outcome: Extract<Passage, { passes: false }>
}

/** For each port the consumers that cannot reach it; where nobody knows whence they come, whether anybody can. */
function noIngress(here: Here, stopped: readonly Stopped[]): Finding[] {
  const { set, gateway, world } = here
  const clients = stopped.flatMap(({ of, port, outcome }) =>
    of.kind === 'client' ? [{ ...of, port, outcome }] : [],
  )
  return [...Map.groupBy(clients, ({ port }) => port)].flatMap(([port, all]): Finding[] => {
    const [first] = all
    if (!first) return []
    const who = listed(all.map(({ name }) => name))
    const { legIds } = allOf(all.map(({ apiId }) => world.uses.ofSide(apiId, 'inbound')))
    return [
      finding(here, 'netpol.no-ingress-to-gateway', {
        why: `Nothing in ${set.name} lets ${who} reach ${gateway.name} on TCP port ${port}: ${stops(first.outcome)}.`,
        label: `Admit clients to ${gateway.name} on port ${port}`,
        detail: String(port),
        use: { legIds, flowIds: new Set(all.flatMap(({ flowIds }) => flowIds)) },
      }),
    ]
  })
}

function blocked(here: Here, { of, protocol, port, outcome }: Stopped): Finding[] {
  const { set, gateway, world } = here
  if (of.kind === 'client') return []
  const { name, detail, apiIds } =
    of.kind === 'upstream'
      ? {
          name: `the upstream of ${world.at.apis.get(of.apiId)?.name ?? of.apiId}`,
          detail: `${of.apiId}:${port}`,
          apiIds: [of.apiId],
        }
      : {
          name: of.errand.name,
          detail: `${of.errand.name}:${protocol}:${port}`,
          apiIds: of.errand.apiIds ?? apisAt(gateway, world),
        }
  return [
    finding(here, 'netpol.egress-blocked', {
      why: `${set.name} keeps ${gateway.name} from ${name} on ${protocol} port ${port}: ${stops(outcome)}.`,
      label: `Let ${gateway.name} reach ${name}`,
      detail,
      use: allOf(apiIds.map((id) => world.uses.ofSide(id, 'outbound'))),
    }),
  ]
}

function apisAt({ id: gatewayId }: GatewayView, { stored }: World): string[] {
  return stored.apis.filter((api) => api.gatewayId === gatewayId).map(({ id }) => id)
}

// ── words ───────────────────────────────────────────────────────────────────

function stops({ direction, policies }: Stopped['outcome']): string {
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

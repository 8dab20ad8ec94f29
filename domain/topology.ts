import { z } from 'zod'
import { actualStates, verdicts } from './context.ts'
import { findingCodes, fixKinds, lintLeg, severities } from './finding.ts'
import { inboundLegs, type Leg, outboundLegs, stopKinds, worse } from './leg.ts'
import { areOneNetwork, locations, type Network, networkClasses } from './network.ts'
import { owners, partyKinds } from './party.ts'
import { type Classified, classify, gatewayRoles, patterns, useCases } from './pattern.ts'

/** The topology as one document: what stands where, which flows there are, and what is to be said about them. */

const id = z.string()
const version = z.int()
const networkClass = z.enum(networkClasses)

export const networkView = z.object({
  id,
  name: z.string(),
  class: networkClass,
  location: z.enum(locations),
  parentId: id.nullable(),
  firewall: z.string().nullable(),
  version,
})
export const partyView = z.object({
  id,
  name: z.string(),
  kind: z.enum(partyKinds),
  owner: z.enum(owners),
  networkId: id,
  version,
})
const gatewayView = z.object({
  id,
  name: z.string(),
  networkId: id.nullable(),
  environment: z.string(),
  listeners: z.array(z.object({ protocol: z.string(), port: z.int() })),
  revision: z.int(),
  nodes: z.object({ total: z.int(), online: z.int(), degraded: z.int(), current: z.int() }),
  version,
})

export const deployments = ['not-deployed', 'waiting', 'partly', 'serving'] as const

const apiView = z.object({
  /** The instance: this API version at this gateway. */
  id,
  apiId: id,
  name: z.string(),
  label: z.string(),
  gatewayId: id,
  providerId: id.nullable(),
  basePath: z.string(),
  upstreamUrl: z.string(),
  enabled: z.boolean(),
  version,
  deployment: z.enum(deployments),
  /** From the nodes' latest reports; null when no node has reported lately. */
  traffic: z
    .object({
      requestsPerSecond: z.number(),
      errorsPerSecond: z.number(),
      refusedPerSecond: z.number(),
    })
    .nullable(),
})

const stop = z.object({ kind: z.enum(stopKinds), id, name: z.string() })
const contextRef = z.object({ id, name: z.string(), class: networkClass })
const actual = z.discriminatedUnion('state', [
  z.object({ state: z.literal(actualStates[0]) }),
  z.object({ state: z.literal(actualStates[1]), because: z.string() }),
  z.object({ state: z.literal(actualStates[2]), because: z.string() }),
  z.object({ state: z.literal(actualStates[3]), context: contextRef }),
])
const legView = z.object({
  id,
  side: z.enum(['inbound', 'outbound']),
  from: stop,
  to: stop,
  crosses: z.boolean(),
  expected: z.object({ class: networkClass, required: z.boolean() }).nullable(),
  actual,
  declaredBy: stop.nullable().describe('Whose settings say so'),
  verdict: z.enum(verdicts),
})

const classificationView = z.object({
  useCase: z.literal(useCases),
  pattern: z.enum(patterns),
  role: z.enum(gatewayRoles),
  hexagons: z.array(z.enum([...networkClasses, 'gateway'])),
})
const flowView = z.object({
  id,
  consumerId: id,
  apiId: id.describe('The API instance'),
  /** Null when it cannot be told yet; `open` says why. */
  classification: classificationView.nullable(),
  open: z.string().nullable(),
  /** Leg ids in order, from consumer to provider. */
  legs: z.array(id),
})
const findingView = z.object({
  id,
  code: z.enum(findingCodes),
  severity: z.enum(severities),
  legId: id,
  flowIds: z.array(id),
  why: z.string(),
  fix: z.object({ kind: z.enum(fixKinds), label: z.string(), id }),
})

export const topologyView = z.object({
  networks: z.array(networkView),
  parties: z.array(partyView),
  gateways: z.array(gatewayView),
  apis: z.array(apiView),
  flows: z.array(flowView),
  legs: z.array(legView),
  findings: z.array(findingView),
})

export type NetworkView = z.infer<typeof networkView>
export type PartyView = z.infer<typeof partyView>
export type GatewayView = z.infer<typeof gatewayView>
export type ApiView = z.infer<typeof apiView>
export type LegView = z.infer<typeof legView>
export type FlowView = z.infer<typeof flowView>
export type FindingView = z.infer<typeof findingView>
export type Topology = z.infer<typeof topologyView>
export type Deployment = (typeof deployments)[number]

/** What is stored, before anything is derived from it. */
export interface Stored {
  readonly networks: readonly NetworkView[]
  readonly parties: readonly PartyView[]
  readonly gateways: readonly GatewayView[]
  readonly apis: readonly ApiView[]
  readonly flows: readonly { readonly id: string; readonly consumerId: string; readonly apiId: string }[]
}

/** Derives legs, classifications and findings from what is stored. Each shared leg appears once. */
export function describeTopology(stored: Stored): Topology {
  const at = index(stored)
  const legs = new Map<string, Leg>()
  const keep = (made: readonly Leg[]) =>
    made.map((leg) => {
      const known = legs.get(leg.id)
      legs.set(leg.id, known ? worse(known, leg) : leg)
      return leg.id
    })

  for (const api of stored.apis) keep(outboundOf(api, at))
  const flows = stored.flows.flatMap((flow): FlowView[] => {
    const consumer = at.parties.get(flow.consumerId)
    const api = at.apis.get(flow.apiId)
    const gateway = api && at.gateways.get(api.gatewayId)
    if (!consumer || !api || !gateway) return []
    const inbound = keep(inboundLegs(consumer, gateway, at.networks))
    return [{ ...flow, ...classified(consumer, api, at), legs: [...inbound, ...keep(outboundOf(api, at))] }]
  })
  return {
    networks: [...stored.networks],
    parties: [...stored.parties],
    gateways: [...stored.gateways],
    apis: [...stored.apis],
    flows,
    legs: [...legs.values()],
    findings: findingsOf([...legs.values()], flows, at),
  }
}

type Index = ReturnType<typeof index>

function index(stored: Stored) {
  const byId = <T extends { id: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
    new Map(all.map((each) => [each.id, each]))
  const networks: ReadonlyMap<string, Network> = byId(stored.networks)
  return { networks, parties: byId(stored.parties), gateways: byId(stored.gateways), apis: byId(stored.apis) }
}

function outboundOf(api: ApiView, at: Index): Leg[] {
  const gateway = at.gateways.get(api.gatewayId)
  if (!gateway) return []
  const networkId = (api.providerId !== null && at.parties.get(api.providerId)?.networkId) || null
  return outboundLegs(gateway, { ...api, networkId }, at.networks)
}

function classified(consumer: PartyView, api: ApiView, at: Index): Pick<FlowView, 'classification' | 'open'> {
  const provider = api.providerId === null ? undefined : at.parties.get(api.providerId)
  if (!provider) return { classification: null, open: `Nobody has said yet who provides ${api.name}.` }
  const result = classifyParties(provider, consumer, at)
  if (result.kind === 'refused') {
    return { classification: null, open: result.refusals.map(({ detail }) => detail).join(' ') }
  }
  return {
    classification: { ...result.classification, hexagons: [...result.classification.hexagons] },
    open: null,
  }
}

function classifyParties(provider: PartyView, consumer: PartyView, at: Index): Classified {
  const placed = ({ name, owner, networkId }: PartyView) => {
    const network = at.networks.get(networkId)
    if (!network) throw new Error(`party ${name} stands in a network that is not there`)
    return { name, owner, networkClass: network.class }
  }
  return classify({
    provider: placed(provider),
    consumer: placed(consumer),
    sameNetwork: areOneNetwork(provider.networkId, consumer.networkId, at.networks),
  })
}

function findingsOf(legs: readonly Leg[], flows: readonly FlowView[], at: Index): FindingView[] {
  const flowsOn = new Map<string, string[]>()
  for (const leg of legs) flowsOn.set(leg.id, [])
  for (const flow of flows) for (const leg of flow.legs) flowsOn.get(leg)?.push(flow.id)
  return legs.flatMap((leg) =>
    lintLeg(leg, farNetwork(leg, at)).map((finding) => ({
      ...finding,
      id: `${finding.code}@${leg.id}`,
      flowIds: flowsOn.get(leg.id) ?? [],
    })),
  )
}

function farNetwork(leg: Leg, at: Index): Network | null {
  const far = leg.side === 'inbound' ? leg.from : leg.to
  const party = far.kind === 'consumer' ? far.id : at.apis.get(far.id)?.providerId
  const networkId = far.kind === 'firewall' ? far.id : party && at.parties.get(party)?.networkId
  return (networkId && at.networks.get(networkId)) || null
}

import { z } from 'zod'
import { acceptance, acceptanceOf } from './acceptance.ts'
import { finding } from './finding.ts'
import { type Hop, inboundHops, legsFrom, legView, outboundHops, type Way } from './leg.ts'
import { lint } from './lint/lint.ts'
import { areOneNetwork, networkClasses } from './network.ts'
import { type Classified, classify, gatewayRoles, patterns, useCases } from './pattern.ts'
import { observedView } from './peer.ts'
import { issuersIn, knownContexts, proof } from './proof.ts'
import { recognise } from './recognise.ts'
import {
  firewallReading,
  gatewayStop,
  inboundReading,
  outboundReading,
  type Reading,
  type Served,
  servedByApi,
  type Trust,
} from './reading.ts'
import {
  type ApiView,
  apiView,
  arrangement,
  gatewayView,
  type Index,
  indexOf,
  type NetworkView,
  networkView,
  type PartyView,
  partyView,
  type Stored,
} from './stored.ts'
import { authorityView, certificateView, contextView } from './trust.ts'
import { flowsByLeg, usesOf } from './uses.ts'

/** The topology as one document: what stands where, which flows there are, and what is to be said about them. */

const id = z.string()

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

export const findingView = finding.extend({
  accepted: acceptance
    .pick({ id: true, owner: true, reason: true, until: true })
    .nullable()
    .describe('Who answers for it, until when'),
})

export const topologyView = z.object({
  at: z.iso.datetime().describe('The moment at which certificates were judged'),
  networks: z.array(networkView),
  parties: z.array(partyView),
  gateways: z.array(gatewayView),
  apis: z.array(apiView),
  flows: z.array(flowView),
  legs: z.array(legView),
  contexts: z.array(
    contextView.extend({
      proof: proof.nullable().describe('The chain of its keystore, up to a CA of its own'),
    }),
  ),
  authorities: z.array(authorityView),
  certificates: z.array(certificateView),
  observed: observedView.nullable().describe('Whom and what nodes have seen; null while none says'),
  findings: z.array(findingView),
  arrangement: arrangement.describe('What was put by hand on the map'),
})

export type FlowView = z.infer<typeof flowView>
export type FindingView = z.infer<typeof findingView>
export type Topology = z.infer<typeof topologyView>

/** Derives legs, classifications and findings from what is stored, as they are at a moment. */
export function describeTopology(stored: Stored, now: Date): Topology {
  const at = indexOf(stored)
  const contexts = knownContexts(stored, at, now)
  const served = servedByApi(stored)
  const known = readings(stored, served, at, { contexts, watch: stored.watch, now })
  const ways = waysOf(stored, at, known)
  const { flows, hops } = flowsOf(stored, at, ways)
  const legs = legsFrom([...ways.values()].flatMap(({ out }) => out).concat(hops))
  const flowsOfLeg = flowsByLeg(flows)
  const observed = stored.observed && recognise(stored.observed, stored.parties)
  const world = {
    stored,
    at,
    now,
    legs,
    legById: new Map(legs.map((leg) => [leg.id, leg])),
    flows,
    flowsOfLeg,
    observed,
    contexts,
    uses: usesOf(legs, flowsOfLeg, stored.apis),
    issuers: issuersIn(stored),
    servedOf: (api: ApiView) => served.get(api.id) ?? [],
  }
  return {
    at: now.toISOString(),
    networks: [...stored.networks],
    parties: [...stored.parties],
    gateways: [...stored.gateways],
    apis: [...stored.apis],
    flows,
    legs,
    contexts: stored.contexts.map((view) => ({ ...view, proof: contexts.get(view.id)?.proof ?? null })),
    authorities: [...stored.authorities],
    certificates: [...stored.certificates],
    observed,
    arrangement: { ...stored.arrangement },
    findings: lint(world).map((each) => {
      const held = acceptanceOf(each, stored.acceptances, now)
      return {
        ...each,
        accepted: held && { id: held.id, owner: held.owner, reason: held.reason, until: held.until },
      }
    }),
  }
}

// ── readings ────────────────────────────────────────────────────────────────

interface Readings {
  readonly inbound: ReadonlyMap<string, Reading>
  /** Of each upstream. */
  readonly outbound: ReadonlyMap<string, readonly Reading[]>
  readonly beyond: (network: NetworkView) => Reading
}

// Each once, since thousands of flows share them.
function readings(
  { apis, networks }: Stored,
  served: ReadonlyMap<string, readonly Served[]>,
  at: Index,
  trust: Trust,
): Readings {
  const firewalls = new Map(networks.map((network) => [network.id, firewallReading(network, trust)]))
  return {
    inbound: new Map(
      apis.flatMap((api) => {
        const gateway = at.gateways.get(api.gatewayId)
        return gateway ? [[api.id, inboundReading(gateway, served.get(api.id) ?? [], trust)] as const] : []
      }),
    ),
    outbound: new Map(
      apis.map((api) => [api.id, api.upstreams.map((upstream) => outboundReading(api, upstream, trust))]),
    ),
    beyond: (network) => firewalls.get(network.id) ?? firewallReading(network, trust),
  }
}

/** The way to an API's gateway, and the hops on from there. */
interface ThroughGateway {
  readonly inbound: Way
  readonly out: readonly Hop[]
}

function waysOf({ apis }: Stored, at: Index, known: Readings): ReadonlyMap<string, ThroughGateway> {
  return new Map(
    apis.flatMap((api) => {
      const gateway = at.gateways.get(api.gatewayId)
      const [inbound, outbound] = [known.inbound.get(api.id), known.outbound.get(api.id)]
      if (!gateway || !inbound || !outbound) return []
      const way = { api, gateway: gatewayStop(gateway), networks: at.networks, beyond: known.beyond }
      const provider = api.providerId === null ? undefined : at.parties.get(api.providerId)
      const out = outbound.flatMap((reading) =>
        outboundHops(provider?.networkId ?? null, { ...way, reading }),
      )
      return [[api.id, { inbound: { ...way, reading: inbound }, out }] as const]
    }),
  )
}

// ── flows ───────────────────────────────────────────────────────────────────

function flowsOf(
  { flows }: Stored,
  at: Index,
  ways: ReadonlyMap<string, ThroughGateway>,
): { flows: FlowView[]; hops: Hop[] } {
  const hops: Hop[] = []
  const views = flows.flatMap((flow): FlowView[] => {
    const consumer = at.parties.get(flow.consumerId)
    const api = at.apis.get(flow.apiId)
    const way = ways.get(flow.apiId)
    if (!consumer || !api || !way) return []
    const into = inboundHops(consumer, way.inbound)
    hops.push(...into)
    const { id: flowId, consumerId, apiId } = flow
    const legs = [...new Set([...into, ...way.out].map(({ legId }) => legId))]
    return [{ id: flowId, consumerId, apiId, ...classified(consumer, api, at), legs }]
  })
  return { flows: views, hops }
}

function classified(consumer: PartyView, api: ApiView, at: Index): Pick<FlowView, 'classification' | 'open'> {
  const provider = api.providerId === null ? undefined : at.parties.get(api.providerId)
  if (!provider) return { classification: null, open: `Nobody has said yet who provides ${api.name}.` }
  const result = classifyParties(provider, consumer, at)
  if (result === null) {
    const open = `${provider.name} or ${consumer.name} stands in a network that is not there.`
    return { classification: null, open }
  }
  if (result.kind === 'refused') {
    return { classification: null, open: result.refusals.map(({ detail }) => detail).join(' ') }
  }
  return {
    classification: { ...result.classification, hexagons: [...result.classification.hexagons] },
    open: null,
  }
}

function classifyParties(provider: PartyView, consumer: PartyView, at: Index): Classified | null {
  const [near, far] = [at.networks.get(provider.networkId), at.networks.get(consumer.networkId)]
  if (!near || !far) return null
  return classify({
    provider: { name: provider.name, owner: provider.owner, networkClass: near.class },
    consumer: { name: consumer.name, owner: consumer.owner, networkClass: far.class },
    sameNetwork: areOneNetwork(near.id, far.id, at.networks),
  })
}

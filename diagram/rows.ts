import type { Severity } from '#domain/finding.ts'
import type { ApiView, PartyView } from '#domain/stored.ts'
import type { Classification } from '#domain/pattern.ts'
import type { FlowFilter } from './filter.ts'
import type { Selection } from './highlight.ts'
import { type Ends, type LegFacts, legFacts, soonest } from './leg-facts.ts'
import { type Line, linesOf } from './lines.ts'
import { deploymentLook, findingTitle, ownerLabel, roleLabel } from './looks.ts'
import { isOpen, type Model } from './model.ts'
import { eachOnce, type SeenPeer } from './peers.ts'
import { handshakesText } from './handshakes.ts'
import { gatewayState, trafficText } from './words.ts'

/** One line of the table: the same as the map says, in words. */
export interface TableRow {
  readonly id: string
  readonly of: Selection
  readonly consumer: string
  /** Whose it is, who answers for it, and where it stands. */
  readonly consumerPlace: string
  readonly api: string
  readonly gateway: string
  readonly provider: string
  readonly providerPlace: string
  readonly useCase: string
  readonly pattern: string
  readonly role: string
  readonly legs: readonly LegFacts[]
  /** The certificate on its legs that ends first. */
  readonly ends: Ends | null
  /** Until then, for sorting. */
  readonly daysLeft: number | undefined
  /** Null where no node can see anybody on its legs. */
  readonly peers: readonly SeenPeer[] | null
  /** For sorting. */
  readonly lastSeenAt: string | undefined
  readonly deployment: string
  readonly traffic: string
  /** Of its API, for sorting. */
  readonly requestsPerSecond: number | undefined
  readonly errors: number
  readonly warnings: number
  /** What they are about, each once, the gravest first. */
  readonly findings: readonly string[]
  /** Errors before warnings, for sorting. */
  readonly weight: number
}

export function rowsOf(model: Model, filter: FlowFilter): TableRow[] {
  return linesOf(model, filter).map((line) => rowOf(model, line))
}

function rowOf(model: Model, line: Line): TableRow {
  const { of, consumer, provider, api, flow } = line
  const legs = line.legs.map((leg) => legFacts(model, leg, line))
  const ends = soonest(legs.map((leg) => leg.ends))
  const seen = legs.flatMap((leg) => (leg.peers ? [leg.peers] : []))
  const peers = seen.length > 0 ? eachOnce(seen.flat()) : null
  return {
    id: `${of.kind}:${of.id}`,
    of,
    consumer: consumer?.name ?? '',
    consumerPlace: placeOf(model, consumer),
    api: api ? `${api.name} ${api.label}` : '',
    gateway: api ? gatewayWords(model, api) : '',
    provider: provider?.name ?? (api ? 'not named' : ''),
    providerPlace: placeOf(model, provider),
    ...classified(flow?.classification ?? null),
    legs,
    ends,
    daysLeft: ends?.daysLeft,
    peers,
    lastSeenAt: peers?.[0]?.lastSeenAt,
    deployment: api ? deploymentLook[api.deployment].label : '',
    traffic: (api && trafficText(api)) ?? '',
    requestsPerSecond: api?.traffic?.requestsPerSecond,
    ...foundOn(line),
  }
}

function classified(classification: Classification | null) {
  return {
    useCase: classification ? String(classification.useCase) : '',
    pattern: classification?.pattern ?? '',
    role: classification ? roleLabel[classification.role] : '',
  }
}

function placeOf(model: Model, party: PartyView | undefined): string {
  if (!party) return ''
  const network = model.networks.get(party.networkId)?.name
  return [ownerLabel[party.owner], party.team, network].filter(Boolean).join(', ')
}

function gatewayWords(model: Model, { gatewayId }: ApiView): string {
  const gateway = model.gateways.get(gatewayId)
  if (!gateway) return ''
  const failing = handshakesText(gateway)
  return [`at ${gateway.name}`, gatewayState(gateway).text, ...(failing ? [failing] : [])].join(', ')
}

function foundOn({ findings }: Line) {
  const open = findings.filter(isOpen)
  const number = (wanted: Severity) => open.filter(({ severity }) => severity === wanted).length
  const [errors, warnings] = [number('error'), number('warning')]
  return {
    errors,
    warnings,
    findings: [...new Set(open.map(({ code }) => findingTitle[code]))],
    weight: errors * 1000 + warnings,
  }
}

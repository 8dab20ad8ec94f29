import { networkClassName } from '#domain/network.ts'
import type { GatewayView, PartyView } from '#domain/stored.ts'
import type { FindingView } from '#domain/topology.ts'
import { toCsv } from './csv.ts'
import type { FlowFilter } from './filter.ts'
import { type LegFacts, legFacts, soonest } from './leg-facts.ts'
import { type Line, linesOf } from './lines.ts'
import { deploymentLook, locationLabel, ownerLabel, roleLabel, severityLook } from './looks.ts'
import { isOpen, type Model, networkOf } from './model.ts'
import { eachOnce, type SeenPeer } from './peers.ts'
import { handshakesText } from './handshakes.ts'
import { sightingText } from './seen.ts'
import { gatewayState, gatewaySubtitle, trafficText } from './words.ts'

/** All that the map says as a table: each flow, and whoever has none. */

const header = [
  'Consumer',
  'Consumer team',
  'Consumer network',
  'API',
  'Provider',
  'Provider team',
  'Provider network',
  'Gateway',
  'Use case',
  'Pattern',
  'Role',
  'Legs',
  'TLS',
  'Certificates',
  'Days left',
  'Peers seen',
  'Traffic of legs',
  'Deployment',
  'Traffic of the API',
  'Consumer seen',
  'Errors',
  'Warnings',
  'Findings',
  'Accepted findings',
]

export function flowsCsv(model: Model, filter: FlowFilter): string {
  return toCsv(
    header,
    linesOf(model, filter).map((line) => cells(model, line)),
  )
}

function cells(model: Model, line: Line): string[] {
  const { consumer, provider, api, flow, findings } = line
  const classification = flow?.classification
  const gateway = api && model.gateways.get(api.gatewayId)
  const open = findings.filter(isOpen)
  const number = (wanted: FindingView['severity']) =>
    String(open.filter(({ severity }) => severity === wanted).length)
  return [
    owned(consumer),
    consumer?.team ?? '',
    placed(model, consumer),
    api ? `${api.name} ${api.label}` : '',
    provider ? owned(provider) : api ? 'not named' : '',
    provider?.team ?? '',
    placed(model, provider),
    gateway ? gatewayText(gateway) : '',
    classification ? String(classification.useCase) : '',
    classification?.pattern ?? '',
    classification ? roleLabel[classification.role] : (flow?.open ?? ''),
    ...legCells(line.legs.map((leg) => legFacts(model, leg, line))),
    api ? deploymentLook[api.deployment].label : '',
    (api && trafficText(api)) ?? '',
    flow ? sightingText(model, flow) : '',
    number('error'),
    number('warning'),
    open.map(({ severity, why }) => `${severityLook[severity].label}: ${why}`).join(' | '),
    findings.flatMap(acceptedText).join(' | '),
  ]
}

/** A cell for each sort of fact, with every leg that has it. */
function legCells(legs: readonly LegFacts[]): string[] {
  const each = (said: (leg: LegFacts) => string | null) =>
    legs
      .flatMap((leg) => {
        const text = said(leg)
        return text === null ? [] : [`${leg.title}: ${text}`]
      })
      .join(' | ')
  const ends = soonest(legs.map((leg) => leg.ends))
  return [
    each(({ expected, actual, verdict }) => `expected ${expected}; actual ${actual}; ${verdict.label}`),
    each(({ tls }) => tls),
    each(({ chain }) => chain),
    ends ? String(ends.daysLeft) : '',
    each(({ peers }) => peers && peersText(eachOnce(peers))),
    each(({ traffic }) => traffic),
  ]
}

function peersText(peers: readonly SeenPeer[]): string {
  if (peers.length === 0) return 'none seen'
  return peers
    .map(({ subject, issuer, lastSeenAt }) => `${subject} from ${issuer}, last seen ${lastSeenAt}`)
    .join('; ')
}

function acceptedText({ accepted, why }: FindingView): string[] {
  return accepted
    ? [`${why} (${accepted.owner} until ${accepted.until.slice(0, 10)}: ${accepted.reason})`]
    : []
}

function owned(party: PartyView | undefined): string {
  return party ? `${party.name} (${ownerLabel[party.owner]})` : ''
}

function placed(model: Model, party: PartyView | undefined): string {
  const network = party && networkOf(model, party)
  if (!network) return ''
  const { name, class: cls, location, firewall } = network
  const behind = firewall === null ? 'no firewall' : `firewall ${firewall}`
  return `${name} (${networkClassName[cls]}, ${locationLabel[location]}, ${behind})`
}

function gatewayText(gateway: GatewayView): string {
  const { name, environment } = gateway
  const failing = handshakesText(gateway)
  const said = [
    environment,
    gatewaySubtitle(gateway),
    gatewayState(gateway).text,
    ...(failing ? [failing] : []),
  ]
  return `${name} (${said.join(', ')})`
}

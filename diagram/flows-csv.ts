import { actualText } from '#domain/context.ts'
import { type LegView, readingFor, readingsOf } from '#domain/leg.ts'
import { networkClassName } from '#domain/network.ts'
import type { ApiView, GatewayView, PartyView } from '#domain/stored.ts'
import type { FindingView, FlowView } from '#domain/topology.ts'
import { toCsv } from './csv.ts'
import { type FlowFilter, isFiltered, passes } from './filter.ts'
import { deploymentLook, locationLabel, ownerLabel, roleLabel, severityLook, verdictLook } from './looks.ts'
import { findingsOfFlow, findingsOn, isOpen, type Model, networkOf } from './model.ts'
import { expectedText, gatewayState, gatewaySubtitle, legTitle, trafficText } from './words.ts'

/** All that the map says as a table: each flow, and whoever has none. */

const header = [
  'Consumer',
  'Consumer network',
  'API',
  'Provider',
  'Provider network',
  'Gateway',
  'Use case',
  'Pattern',
  'Role',
  'Legs',
  'Deployment',
  'Traffic of the API',
  'Errors',
  'Warnings',
  'Findings',
  'Accepted findings',
]

/** What one row is about; a party or an API that no flow touches has a row of its own. */
interface Line {
  readonly consumer?: PartyView | undefined
  readonly provider?: PartyView | undefined
  readonly api?: ApiView | undefined
  readonly flow?: FlowView
  readonly legs: readonly LegView[]
  readonly findings: readonly FindingView[]
}

export function flowsCsv(model: Model, filter: FlowFilter): string {
  const flows = model.topology.flows.filter((flow) => passes(model, flow, filter))
  const lines = flows.map((flow) => lineOf(model, flow))
  const all = isFiltered(filter) ? lines : [...lines, ...alone(model)]
  return toCsv(
    header,
    all.map((line) => cells(model, line)),
  )
}

function lineOf(model: Model, flow: FlowView): Line {
  const api = model.apis.get(flow.apiId)
  return {
    flow,
    api,
    consumer: model.parties.get(flow.consumerId),
    provider: providerOf(model, api),
    legs: flow.legs.flatMap((id) => model.legs.get(id) ?? []),
    findings: findingsOfFlow(model, flow.id),
  }
}

function providerOf(model: Model, api: ApiView | undefined): PartyView | undefined {
  return api?.providerId ? model.parties.get(api.providerId) : undefined
}

function alone(model: Model): Line[] {
  const { parties, apis, flows, legs } = model.topology
  const consuming = new Set(flows.map(({ consumerId }) => consumerId))
  const consumed = new Set(flows.map(({ apiId }) => apiId))
  const providing = new Set(apis.map(({ providerId }) => providerId))
  const nothing = { legs: [], findings: [] }
  return [
    ...apis
      .filter(({ id }) => !consumed.has(id))
      .map((api): Line => {
        const out = legs.filter((leg) => readingsOf(leg).some(({ apiIds }) => apiIds.includes(api.id)))
        const findings = findingsOn(
          model,
          out.map(({ id }) => id),
        )
        return { api, provider: providerOf(model, api), legs: out, findings }
      }),
    ...parties.flatMap((party): Line[] => {
      if (party.kind === 'consumer') return consuming.has(party.id) ? [] : [{ consumer: party, ...nothing }]
      return providing.has(party.id) ? [] : [{ provider: party, ...nothing }]
    }),
  ]
}

function cells(model: Model, { consumer, provider, api, flow, legs, findings }: Line): string[] {
  const classification = flow?.classification
  const gateway = api && model.gateways.get(api.gatewayId)
  const open = findings.filter(isOpen)
  const number = (wanted: FindingView['severity']) =>
    String(open.filter(({ severity }) => severity === wanted).length)
  return [
    owned(consumer),
    placed(model, consumer),
    api ? `${api.name} ${api.label}` : '',
    provider ? owned(provider) : api ? 'not named' : '',
    placed(model, provider),
    gateway ? gatewayText(gateway) : '',
    classification ? String(classification.useCase) : '',
    classification?.pattern ?? '',
    classification ? roleLabel[classification.role] : (flow?.open ?? ''),
    legs.map((leg) => legText(leg, api)).join(' | '),
    api ? deploymentLook[api.deployment].label : '',
    (api && trafficText(api)) ?? '',
    number('error'),
    number('warning'),
    open.map(({ severity, why }) => `${severityLook[severity].label}: ${why}`).join(' | '),
    findings.flatMap(acceptedText).join(' | '),
  ]
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
  return `${name} (${environment}, ${gatewaySubtitle(gateway)}, ${gatewayState(gateway).text})`
}

function legText(leg: LegView, api: ApiView | undefined): string {
  const { actual, verdict } = api ? readingFor(leg, api.id) : leg
  return `${legTitle(leg)}: expected ${expectedText(leg.expected)}; actual ${actualText(actual)}; ${verdictLook[verdict].label}`
}

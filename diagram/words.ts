import { actualText, type Expected } from '#domain/context.ts'
import type { LegView } from '#domain/leg.ts'
import { count } from '#domain/listing.ts'
import { networkClassName } from '#domain/network.ts'
import { ownerName } from '#domain/party.ts'
import type { Classification, GatewayRole } from '#domain/pattern.ts'
import type { LegTls } from '#domain/reading.ts'
import type { ApiView, GatewayView, NetworkView, PartyView } from '#domain/stored.ts'
import type { FlowView } from '#domain/topology.ts'
import { figure, milliseconds, requestRate } from '#domain/figures.ts'
import type { Tone } from './tone.ts'
import { failingText, legFailures } from './handshakes.ts'
import { deploymentLook, locationLabel, ownerLabel, roleLabel } from './looks.ts'
import { findingsOn, isOpen, looseFinding, type Model } from './model.ts'
import { legTraffic, legTrafficText } from './traffic.ts'

/** The topology in sentences: what panels say, what screen readers hear, what stands in the table. */

export function flowTitle(model: Model, flow: FlowView): string {
  const consumer = model.parties.get(flow.consumerId)?.name ?? 'Unknown consumer'
  return `${consumer} to ${model.apis.get(flow.apiId)?.name ?? 'unknown API'}`
}

/** One plain sentence: use case, pattern, what stands where, and the gateway's role. */
export function flowSentence(model: Model, flow: FlowView): string {
  const { classification } = flow
  const api = model.apis.get(flow.apiId)
  const provider = api?.providerId ? model.parties.get(api.providerId) : undefined
  const consumer = model.parties.get(flow.consumerId)
  if (!classification || !provider || !consumer) return flow.open ?? 'This flow cannot be classified yet.'
  const whose = (party: PartyView, what: string) =>
    party.owner === 'organisation' ? `your ${what}` : `a third party's ${what}`
  const where = (party: PartyView) =>
    networkClassName[model.networks.get(party.networkId)?.class ?? 'org-internal']
  return (
    `Use case ${classification.useCase}, pattern ${classification.pattern}. ` +
    `${capital(whose(provider, 'API'))} in an ${where(provider)} network, ${whose(consumer, 'consumer')} in ${sameOrAnother(classification, where(consumer))}: ` +
    `the gateway acts as ${roleLabel[classification.role]}.`
  ).replaceAll('an non-', 'a non-')
}

function sameOrAnother({ pattern }: Classification, where: string): string {
  if (pattern === '1A') return 'the same one'
  if (pattern === '1B') return 'another internal one'
  return `an ${where} one`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function partySubtitle({ owner }: PartyView, network: NetworkView | undefined): string {
  return network ? `${ownerLabel[owner]}, ${locationLabel[network.location]}` : ownerLabel[owner]
}

/** Figures that nodes reported, or null when there are none. */
export function trafficText({ traffic }: Pick<ApiView, 'traffic'>): string | null {
  if (!traffic) return null
  const parts = [requestRate(traffic.requestsPerSecond)]
  if (traffic.errorsPerSecond > 0) parts.push(`${figure(traffic.errorsPerSecond)} errors/s`)
  if (traffic.refusedPerSecond > 0) parts.push(`${figure(traffic.refusedPerSecond)} refused/s`)
  if (traffic.latencyMs) {
    const { p50, p99 } = traffic.latencyMs
    parts.push(`p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`)
  }
  return parts.join(', ')
}

export function apiSubtitle(api: ApiView): string {
  const state = deploymentLook[api.deployment].label
  const requests = api.traffic?.requestsPerSecond ?? 0
  return requests > 0 ? `${state}, ${requestRate(requests)}` : state
}

/** The gateway's nodes against its newest revision. */
export function gatewayState({ nodes, revision }: GatewayView): { text: string; tone: Tone } {
  if (nodes === null) return { text: 'as it was deployed', tone: 'idle' }
  if (nodes.total === 0) return { text: 'no node yet', tone: 'idle' }
  if (nodes.online === 0)
    return { text: nodes.total === 1 ? 'node offline' : 'all nodes offline', tone: 'err' }
  if (revision === 0) return { text: 'nothing deployed yet', tone: 'idle' }
  if (nodes.current < nodes.total)
    return { text: `applied on ${nodes.current} of ${nodes.total}`, tone: 'warn' }
  if (nodes.online < nodes.total) return { text: `${nodes.total - nodes.online} offline`, tone: 'warn' }
  if (nodes.degraded > 0) return { text: `${nodes.degraded} degraded`, tone: 'warn' }
  return { text: 'applied', tone: 'ok' }
}

export function gatewaySubtitle({ nodes, revision }: GatewayView): string {
  return nodes === null ? `revision ${revision}` : `${count(nodes.total, 'node')}, revision ${revision}`
}

/** What its flows make of a gateway, all of them together; null while none can be classified. */
export function gatewayRole(model: Model, { id }: Pick<GatewayView, 'id'>): GatewayRole | null {
  const roles = new Set(
    model.topology.flows
      .filter(({ apiId }) => model.apis.get(apiId)?.gatewayId === id)
      .flatMap(({ classification }) => classification?.role ?? []),
  )
  const [only = null] = roles
  return roles.size > 1 ? 'ingress-and-egress' : only
}

export function expectedText(expected: Expected | null): string {
  if (!expected) return 'nothing can be expected until the provider is named'
  const context = `${networkClassName[expected.class]} mTLS`
  return expected.required ? context : `${context}, recommended`
}

export function versionsText({ minVersion, maxVersion }: Pick<LegTls, 'minVersion' | 'maxVersion'>): string {
  return minVersion === maxVersion ? `TLS ${minVersion} alone` : `TLS ${minVersion} to ${maxVersion}`
}

/** How long a certificate has yet, or how long ago it ended. */
export function daysText(daysLeft: number): string {
  return daysLeft < 0 ? `ended ${count(-daysLeft, 'day')} ago` : `${count(daysLeft, 'day')} left`
}

export function legTitle({ from, to }: Pick<LegView, 'from' | 'to'>): string {
  return `${from.name} to ${to.name}`
}

/** What a screen reader hears of a consumer or provider after its name. */
export function partyDetail(model: Model, party: PartyView): string {
  const network = model.networks.get(party.networkId)
  const flows = model.topology.flows.filter(
    ({ consumerId, apiId }) => consumerId === party.id || model.apis.get(apiId)?.providerId === party.id,
  )
  const apis = model.topology.apis.filter(({ providerId }) => providerId === party.id)
  return [
    party.kind,
    `owned by ${ownerName[party.owner]}`,
    ...(party.team === null ? [] : [`answered for by ${party.team}`]),
    ...(network ? [`in ${network.name}, ${networkClassName[network.class]}`] : []),
    ...(party.kind === 'provider' ? [count(apis.length, 'API')] : []),
    count(flows.length, 'flow'),
  ].join(', ')
}

export function apiDetail(model: Model, api: ApiView): string {
  const callers = model.topology.flows.filter(({ apiId }) => apiId === api.id).length
  const finding = looseFinding(model, api.id)
  return `API, ${count(callers, 'consumer')}${finding ? `, ${finding.why}` : ''}`
}

export function gatewayDetail(gateway: GatewayView): string {
  return `gateway in ${gateway.environment}`
}

export function networkDetail(model: Model, network: NetworkView): string {
  const parties = model.topology.parties.filter(({ networkId }) => networkId === network.id).length
  const firewall = network.firewall ? `firewall ${network.firewall}` : 'no firewall'
  return `network, ${networkClassName[network.class]}, ${firewall}, ${count(parties, 'party', 'parties')}`
}

export function legLabel(model: Model, leg: LegView): string {
  const findings = findingsOn(model, [leg.id])
    .filter(isOpen)
    .map(({ why }) => why)
  const days = daysOf(leg)
  const traffic = legTraffic(model, leg)
  const failing = failingText(legFailures(model, leg))
  return [
    `${legTitle(leg)}, expected ${expectedText(leg.expected)}, actual ${actualText(leg.actual)}`,
    ...(days === null ? [] : [`certificate ${daysText(days)}`]),
    ...(traffic ? [legTrafficText(traffic)] : []),
    ...(failing ? [failing] : []),
    ...findings,
  ].join('. ')
}

/** Until the first certificate of a leg's chain ends; null where no chain is known. */
export function daysOf({ proof }: Pick<LegView, 'proof'>): number | null {
  return proof && proof.links.length > 0 ? Math.min(...proof.links.map(({ daysLeft }) => daysLeft)) : null
}

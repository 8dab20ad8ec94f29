import { z } from 'zod'
import { type FindingCode, severities } from '#domain/finding.ts'
import { type LegView, readingFor } from '#domain/leg.ts'
import { owners } from '#domain/party.ts'
import { useCases } from '#domain/pattern.ts'
import type { FlowView } from '#domain/topology.ts'
import { findingsOfFlow, isOpen, type Model } from './model.ts'

/** Lenses: which flows stand out, and which of their legs the reason lies on. Several hold together. */

/** What legs and callers can be looked for by. */
export const flowShows = ['plaintext', 'permissive', 'never-seen', 'undeclared'] as const
export type FlowShow = (typeof flowShows)[number]

export const expiringDays = [7, 30, 60, 90] as const

/** Which flows stand out; null, or no text, lets all of them. */
export interface FlowFilter {
  readonly useCase: (typeof useCases)[number] | null
  readonly severity: (typeof severities)[number] | null
  /** Of the gateway, by its name. */
  readonly environment: string | null
  /** Of an end of the flow. */
  readonly owner: (typeof owners)[number] | null
  /** That answers for an end of the flow, by its name. */
  readonly team: string | null
  /** Within so many days a certificate of the chain ends. */
  readonly expiring: (typeof expiringDays)[number] | null
  readonly show: FlowShow | null
  /** The one API whose flows are looked at. */
  readonly focus: string | null
  /** Part of a name. */
  readonly search: string
}

export const noFilter: FlowFilter = {
  useCase: null,
  severity: null,
  environment: null,
  owner: null,
  team: null,
  expiring: null,
  show: null,
  focus: null,
  search: '',
}

export const severityWord = z.enum(severities)
export const useCaseNumber = z.coerce.number().pipe(z.literal(useCases))

const names = Object.keys(noFilter) as (keyof FlowFilter)[]

export function isFiltered(filter: FlowFilter): boolean {
  return names.some((name) => filter[name] !== noFilter[name])
}

/** Whether a flow passes the filter. */
export function passes(model: Model, flow: FlowView, filter: FlowFilter): boolean {
  return (
    fitsPlace(model, flow, filter) &&
    (filter.search === '' || isNamed(model, flow, filter.search)) &&
    fitsFindings(model, flow, filter) &&
    (!looksAtLegs(filter) || flow.legs.some((id) => legFits(model, id, flow.apiId, filter)))
  )
}

/** Whether what is looked for lies on this leg, for one API's traffic. All legs do where it is not about legs. */
export function legFits(model: Model, legId: string, apiId: string, filter: FlowFilter): boolean {
  const leg = model.legs.get(legId)
  if (!leg) return false
  if (filter.expiring !== null && !expiresWithin(leg, apiId, filter.expiring)) return false
  const { show } = filter
  if (show !== 'plaintext' && show !== 'permissive') return true
  const { state } = readingFor(leg, apiId).actual
  return show === 'plaintext' ? state === 'plain' : state === 'permissive'
}

export function looksAtLegs({ expiring, show }: FlowFilter): boolean {
  return expiring !== null || show === 'plaintext' || show === 'permissive'
}

function expiresWithin(leg: LegView, apiId: string, days: number): boolean {
  const links = readingFor(leg, apiId).proof?.links ?? []
  return links.some(({ daysLeft }) => daysLeft <= days)
}

function fitsPlace(
  model: Model,
  flow: FlowView,
  { useCase, environment, owner, team, focus }: FlowFilter,
): boolean {
  if (useCase !== null && flow.classification?.useCase !== useCase) return false
  if (focus !== null && flow.apiId !== focus) return false
  const api = model.apis.get(flow.apiId)
  if (environment !== null && model.gateways.get(api?.gatewayId ?? '')?.environment !== environment)
    return false
  const ends = endsOf(model, flow)
  return (
    (owner === null || ends.some((party) => party?.owner === owner)) &&
    (team === null || ends.some((party) => party?.team === team))
  )
}

/** The findings behind the filter that are about findings. */
export const shownBy: Partial<Record<FlowShow, FindingCode>> = {
  'never-seen': 'flow.never-seen',
  undeclared: 'flow.undeclared-peer',
}

function fitsFindings(model: Model, flow: FlowView, { severity, show }: FlowFilter): boolean {
  const code = show === null ? undefined : shownBy[show]
  if (severity === null && code === undefined) return true
  const open = findingsOfFlow(model, flow.id).filter(isOpen)
  return (
    (severity === null || open.some((finding) => finding.severity === severity)) &&
    (code === undefined || open.some((finding) => finding.code === code))
  )
}

function isNamed(model: Model, flow: FlowView, search: string): boolean {
  const wanted = search.toLowerCase()
  const api = model.apis.get(flow.apiId)
  const ends = endsOf(model, flow)
  const names = [
    api?.name,
    api && model.gateways.get(api.gatewayId)?.name,
    ...ends.flatMap((party) =>
      party ? [party.name, party.team ?? undefined, model.networks.get(party.networkId)?.name] : [],
    ),
  ]
  return names.some((name) => name?.toLowerCase().includes(wanted))
}

function endsOf(model: Model, { consumerId, apiId }: FlowView) {
  const providerId = model.apis.get(apiId)?.providerId
  return [model.parties.get(consumerId), providerId ? model.parties.get(providerId) : undefined]
}

import { ownerName } from '#domain/party.ts'
import { type FlowFilter, type FlowShow, flowShows, noFilter } from '#diagram/filter.ts'
import { showLabel } from '#diagram/looks.ts'
import type { Model } from '#diagram/model.ts'

/** The lenses in words. */

export const showHint: Record<FlowShow, string> = {
  plaintext: 'a leg without TLS',
  permissive: 'clients without a certificate get in',
  'never-seen': 'declared, and no node has seen it',
  undeclared: 'somebody calls whom no flow names',
}

/** A lens that is on and has no chip of its own in the bar, with what takes it off. */
export interface LensTag {
  readonly label: string
  readonly off: Partial<FlowFilter>
}

/** Those lenses that are on and that the bar would not show otherwise. */
export function tagsOf(model: Model, { environment, owner, team, show, focus }: FlowFilter): LensTag[] {
  return [
    ...(focus === null
      ? []
      : [{ label: `Only ${model.apis.get(focus)?.name ?? 'an API that is gone'}`, off: { focus: null } }]),
    ...(environment === null ? [] : [{ label: environment, off: { environment: null } }]),
    ...(owner === null ? [] : [{ label: `Of ${ownerName[owner]}`, off: { owner: null } }]),
    ...(team === null ? [] : [{ label: team, off: { team: null } }]),
    ...(show === null || show === 'never-seen' ? [] : [{ label: showLabel[show], off: { show: null } }]),
  ]
}

export function environmentsOf({ topology }: Model): string[] {
  return eachOnce(topology.gateways.map(({ environment }) => environment))
}

/** Every team that answers for a consumer or a provider. */
export function teamsOf({ topology }: Model): string[] {
  return eachOnce(topology.parties.flatMap(({ team }) => team ?? []))
}

function eachOnce(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b, 'en'))
}

/** Each way of looking at legs by itself. */
export const showLenses = flowShows.map((show) => ({ show, lenses: { ...noFilter, show } }))

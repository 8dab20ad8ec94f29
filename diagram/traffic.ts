import { type LegView, readingsOf } from '#domain/leg.ts'
import type { ApiView } from '#domain/stored.ts'
import { figure, requestRate } from '#domain/figures.ts'
import type { Model } from './model.ts'

/** What really goes over a leg, as far as nodes' reports tell. */

export interface LegTraffic {
  readonly requestsPerSecond: number
  readonly errorsPerSecond: number
}

/**
 * The traffic of a leg, or null where nobody can know: reports count by API, so a leg that only some of an API's
 * consumers take has no figure of its own.
 */
export function legTraffic(model: Model, leg: LegView): LegTraffic | null {
  const apis = apisOn(model, leg)
  const flows = model.flowsOfLeg.get(leg.id) ?? []
  const here = new Map<string, number>()
  for (const { apiId } of flows) here.set(apiId, (here.get(apiId) ?? 0) + 1)
  const isWhole = apis.every(({ id }) => leg.side === 'outbound' || here.get(id) === model.flowsOfApi.get(id))
  const counted = apis.flatMap(({ traffic }) => traffic ?? [])
  if (!isWhole || counted.length === 0) return null
  return {
    requestsPerSecond: counted.reduce((sum, each) => sum + each.requestsPerSecond, 0),
    errorsPerSecond: counted.reduce((sum, each) => sum + each.errorsPerSecond, 0),
  }
}

/** The APIs whose requests take a leg. */
export function apisOn(model: Model, leg: LegView): ApiView[] {
  const ids = new Set((model.flowsOfLeg.get(leg.id) ?? []).map(({ apiId }) => apiId))
  if (leg.side === 'outbound') {
    if (leg.to.kind === 'api') ids.add(leg.to.id)
    for (const reading of readingsOf(leg)) for (const id of reading.apiIds) ids.add(id)
  }
  return [...ids].flatMap((id) => model.apis.get(id) ?? [])
}

export function legTrafficText({ requestsPerSecond, errorsPerSecond }: LegTraffic): string {
  const rate = requestRate(requestsPerSecond)
  return errorsPerSecond > 0 ? `${rate}, ${figure(errorsPerSecond)} err/s` : rate
}

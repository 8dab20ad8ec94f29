import { contextsAmong, type Item, itemPointer } from '#contract/items.ts'
import {
  claimOf,
  type ClaimingApi,
  Judge,
  placingPointer,
  type ResolvedApi,
  tlsFaults,
  toldOf,
} from '#contract/judgement.ts'
import { listenerFaults } from '#contract/listeners.ts'
import { placeApis } from '#contract/placing.ts'
import type { Fault } from '#domain/problem.ts'
import { apiCertificates } from '#tls/api-certificates.ts'
import { tlsTrial } from '../policies/tls-trial.ts'
import { type Surroundings, tryPreparing } from '../policies/try-preparing.ts'
import type { Items } from './compile.ts'
import { withStandIns } from './kept-contexts.ts'

/**
 * Finds everything for which a node would refuse these items, so that it is refused before it is published.
 * `neighbours` are APIs that are served beside them and have been checked: all that these could be in the way of.
 */
export function check(
  given: Items,
  allow: { loopback: boolean },
  neighbours: readonly ClaimingApi[] = [],
): Fault[] {
  const items = withStandIns(given)
  const faults = checkEach(items, allow)
  return [...faults, ...placingFaults(items, neighbours, faults.length > 0)]
}

/** The same, but for where APIs are served and whom they are in the way of. */
export function checkEach(given: Items, allow: { loopback: boolean }): Fault[] {
  const items = withStandIns(given)
  const all = [...items.values()]
  const judge = new Judge((id) => items.get(id), allow)
  const faults = listenerFaults(all.filter((item) => item.kind === 'listener'))
  for (const item of all) {
    if (item.kind !== 'api') continue
    const judged = judge.judge(item)
    if ('api' in judged)
      faults.push(...tlsFaults(judged.api, tlsTrial), ...preparingFaults(judged.api, items))
    else faults.push(...judged.faults)
  }
  return faults
}

function placingFaults(items: Items, neighbours: readonly ClaimingApi[], hasOthers: boolean): Fault[] {
  const all = [...items.values()]
  const own = all.filter((item) => item.kind === 'api')
  const apis = new Map<string, ClaimingApi>([...neighbours, ...own].map((api) => [api.id, api]))
  const contexts = contextsAmong((id) => items.get(id))
  const claims = [...apis.values()].flatMap((api) => claimOf(api, contexts) ?? [])
  const listeners = all.filter((item) => item.kind === 'listener')
  return toldOf(placeApis(claims, listeners).faults, hasOthers).flatMap((fault) => {
    // Of two that clash, the one that is new here is to be changed.
    const { apiId, otherId = apiId, detail } = fault
    const api = apis.get(items.has(apiId) ? apiId : items.has(otherId) ? otherId : apiId)
    return api === undefined ? [] : [{ pointer: placingPointer(api, fault), detail }]
  })
}

function preparingFaults(api: ResolvedApi, items: Items): Fault[] {
  const around = surroundingsOf(api, items)
  return api.chain.links.flatMap(({ attached, policy, config }) => {
    const tried = tryPreparing(policy, config, { ...around, rules: attached.rules ?? [] })
    const index = api.item.policies.indexOf(attached)
    return 'reason' in tried
      ? [{ pointer: itemPointer(api.item.id, 'policies', index, 'config'), detail: tried.reason }]
      : []
  })
}

/** What a node shows the policies of an API of it. */
function surroundingsOf({ item, chain }: ResolvedApi, items: Items): Surroundings {
  const { id, name, version, basePath, destinations = {} } = item
  const certificates = apiCertificates(chain.inboundTls, [...chain.upstreams.values()])
  return {
    api: { id, name, version, basePath, document: documentOf(items.get(item.document ?? '')), certificates },
    destination: (wanted) => (Object.hasOwn(destinations, wanted) ? { name: wanted } : undefined),
  }
}

function documentOf(item: Item | undefined): unknown {
  return item?.kind === 'document' ? item.openapi : undefined
}

import {
  type ApiItem,
  type AttachedPolicy,
  contextsAmong,
  type Item,
  upstreamNames,
} from '#contract/items.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { resolveChain } from '#policies/chain.ts'
import { policyOf } from '#policies/index.ts'
import { tryPreparing } from '../policies/try-preparing.ts'
import type { Items } from './compile.ts'

/**
 * Finds everything for which a node would refuse these items, so that it is refused before it is published.
 * `neighbours` are APIs that are served beside them and have been checked: all that these could clash with.
 */
export function check(
  items: Items,
  allow: { loopback: boolean },
  neighbours: readonly ApiItem[] = [],
): Fault[] {
  const apis = [...items.values()].filter((item) => item.kind === 'api')
  return [
    ...listenerFaults(items),
    ...apis.flatMap((api) => referenceFaults(api, items)),
    ...pathClashes([...neighbours, ...apis]),
    ...apis.flatMap((api) => chainFaults(api, items)),
    ...[...items.values()].flatMap((item) => upstreamFaults(item, allow)),
  ]
}

function listenerFaults(items: Items): Fault[] {
  const listeners = [...items.values()].filter((item) => item.kind === 'listener')
  if (listeners.length === 0) return [{ pointer: '/items', detail: 'The gateway has no listener.' }]
  const faults: Fault[] = []
  const taken = new Map<string, string>()
  for (const { id, address, port } of listeners) {
    const place = `${address}:${port}`
    const other = port === 0 ? undefined : taken.get(place)
    if (other !== undefined) {
      faults.push({
        pointer: pointerOf(['items', id, 'port']),
        detail: `${place} is already taken by ${other}.`,
      })
    }
    taken.set(place, id)
  }
  return faults
}

function referenceFaults(api: ApiItem, items: Items): Fault[] {
  const wanted: (readonly [member: string, kind: Item['kind'], id: string | undefined])[] = [
    ['upstream', 'upstream', api.upstream],
    ['contracts', 'contracts', api.contracts],
    ['document', 'document', api.document],
    ...Object.values(api.destinations ?? {}).map((id) => ['destinations', 'upstream', id] as const),
    ...(api.listeners ?? []).map((id) => ['listeners', 'listener', id] as const),
  ]
  return wanted.flatMap(([member, kind, id]) =>
    id === undefined || items.get(id)?.kind === kind
      ? []
      : [{ pointer: pointerOf(['items', api.id, member]), detail: missing(kind, id) }],
  )
}

function missing(kind: Item['kind'], id: string): string {
  return kind === 'listener'
    ? `The gateway does not have the ${id.replace(':', ' ')} yet: deploy the whole gateway.`
    : `${id} is not among the items.`
}

function pathClashes(apis: readonly ApiItem[]): Fault[] {
  const taken = new Map<string, ApiItem>()
  const faults: Fault[] = []
  for (const api of apis) {
    const place = `${api.host}${api.basePath}`
    const other = taken.get(place)
    if (other) {
      const detail = `${other.name} ${other.version} already answers at ${place}.`
      faults.push({ pointer: pointerOf(['items', api.id, 'basePath']), detail })
    }
    taken.set(place, api)
  }
  return faults
}

// What only shows when the whole chain is put together is told once each policy by itself is right.
function chainFaults(api: ApiItem, items: Items): Fault[] {
  const faults = api.policies.flatMap((policy, index) => policyFaults(api, policy, index))
  if (faults.length > 0) return faults
  const contexts = contextsAmong((id) => items.get(id))
  const chain = resolveChain(api.policies, upstreamNames(api), contexts)
  if (chain.ok) return []
  const base = pointerOf(['items', api.id, 'policies'])
  return chain.faults.map(({ pointer, detail }) => ({ pointer: base + pointer, detail }))
}

function policyFaults(api: ApiItem, attached: AttachedPolicy, index: number): Fault[] {
  const at = (...path: PropertyKey[]) => pointerOf(['items', api.id, 'policies', index, ...path])
  const policy = policyOf(attached.kind)
  if (!policy) return [{ pointer: at('kind'), detail: `There is no policy called ${attached.kind}.` }]
  const parsed = policy.config.safeParse(attached.config)
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({
      pointer: at('config', ...path),
      detail: message,
    }))
  }
  const tried = tryPreparing(policy, parsed.data)
  return 'reason' in tried ? [{ pointer: at('config'), detail: tried.reason }] : []
}

function upstreamFaults(item: Item, allow: { loopback: boolean }): Fault[] {
  if (item.kind !== 'upstream') return []
  return item.endpoints.flatMap(({ url }, index) => {
    const detail = upstreamRefusal(url, allow)
    return detail === null
      ? []
      : [{ pointer: pointerOf(['items', item.id, 'endpoints', index, 'url']), detail }]
  })
}

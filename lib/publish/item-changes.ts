import type { ApiItem, ContractsItem, Item, ListenerItem, UpstreamItem } from '#contract/items.ts'
import type { Change } from '#domain/deployment.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { told } from './change-words.ts'
import type { Items } from './compile.ts'
import { jsonChanges } from './json-changes.ts'
import { policyAdded, policyChanges } from './policy-changes.ts'
import { tlsContextChanges } from './tls-context-changes.ts'

/** What changes about one item, in plain words and by pointer. */
export function itemChanges(id: string, before: Items, after: Items): Change[] {
  const [old, now] = [before.get(id), after.get(id)]
  switch ((now ?? old)?.kind) {
    case 'api':
      return apiChanges(ofKind(old, 'api'), ofKind(now, 'api'), after)
    case 'upstream':
      return upstreamChanges(id, ofKind(old, 'upstream'), ofKind(now, 'upstream'))
    case 'contracts':
      return contractChanges(id, ofKind(old, 'contracts'), ofKind(now, 'contracts'))
    case 'listener':
      return listenerChanges(id, ofKind(old, 'listener'), ofKind(now, 'listener'))
    case 'document':
      return documentChanges(id, old, now)
    case 'tls-context':
      return tlsContextChanges(id, ofKind(old, 'tls-context'), ofKind(now, 'tls-context'))
    case undefined:
      return []
  }
}

function ofKind<K extends Item['kind']>(
  item: Item | undefined,
  kind: K,
): Extract<Item, { kind: K }> | undefined {
  // The comparison narrows the union; TypeScript does not follow it through a type parameter.
  return item?.kind === kind ? (item as Extract<Item, { kind: K }>) : undefined
}

function apiChanges(old: ApiItem | undefined, now: ApiItem | undefined, items: Items): Change[] {
  if (!old && now)
    return [apiAdded(now, items), ...now.policies.map((policy, at) => policyAdded(now, policy, at))]
  if (old && !now) {
    const text = `${old.name} ${old.version} is taken away from ${placeOf(old)}`
    return [{ kind: 'removed', pointer: pointerOf(['items', old.id]), text, weakens: false }]
  }
  if (!old || !now) return []
  return [...apiFieldChanges(old, now), ...policyChanges(old, now)]
}

function apiAdded(api: ApiItem, items: Items): Change {
  const upstream = items.get(api.upstream)
  const target = upstream?.kind === 'upstream' ? `, served by ${upstream.endpoints[0]?.url}` : ''
  const text = `${api.name} ${api.version} is added at ${placeOf(api)}${target}`
  return { kind: 'added', pointer: pointerOf(['items', api.id]), text, weakens: false }
}

function documentChanges(id: string, old: Item | undefined, now: Item | undefined): Change[] {
  const kind = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
  const text = `The OpenAPI document that policies judge by is ${kind}`
  return [{ kind, pointer: pointerOf(['items', id]), text, weakens: false }]
}

function placeOf({ host, basePath }: ApiItem): string {
  return host === '*' ? basePath : `${host}${basePath}`
}

const fieldTitles = [
  ['name', 'Name'],
  ['version', 'Version'],
  ['host', 'Host'],
  ['basePath', 'Base path'],
  ['stripBasePath', 'Base path taken off before the upstream'],
] as const

function apiFieldChanges(old: ApiItem, now: ApiItem): Change[] {
  const fields = fieldTitles.flatMap(([field, title]) => {
    const changes = jsonChanges(old[field], now[field])
    return changes.map((change) => told(change, pointerOf(['items', now.id, field]), title))
  })
  return [...fields, ...operationChanges(old, now)]
}

function operationChanges(old: ApiItem, now: ApiItem): Change[] {
  if (jsonChanges(old.operations, now.operations).length === 0) return []
  const text = `The operations that requests are counted by are ${now.operations?.length ?? 0}, and were ${old.operations?.length ?? 0}`
  return [{ kind: 'changed', pointer: pointerOf(['items', now.id, 'operations']), text, weakens: false }]
}

function upstreamChanges(id: string, old: UpstreamItem | undefined, now: UpstreamItem | undefined): Change[] {
  return jsonChanges(old, now).map((change) => {
    const title = change.path[0] === 'endpoints' ? 'Upstream' : `Upstream ${change.path.join('.')}`
    return told(change, pointerOf(['items', id, ...change.path]), title)
  })
}

function contractChanges(
  id: string,
  old: ContractsItem | undefined,
  now: ContractsItem | undefined,
): Change[] {
  const before = new Map(old?.clients.map((client) => [client.id, client]))
  const after = new Map(now?.clients.map((client) => [client.id, client]))
  const ids = [...new Set([...before.keys(), ...after.keys()])]
  return ids.flatMap((clientId): Change[] => {
    const pointer = pointerOf(['items', id, 'clients', clientId])
    const [previous, current] = [before.get(clientId), after.get(clientId)]
    const name = current?.name ?? previous?.name ?? clientId
    if (!previous) return [{ kind: 'added', pointer, text: `${name} may call`, weakens: false }]
    if (!current) return [{ kind: 'removed', pointer, text: `${name} may no longer call`, weakens: false }]
    return [...renamed(pointer, previous.name, current.name), ...keyChanges(pointer, name, previous, current)]
  })
}

function renamed(pointer: string, before: string, after: string): Change[] {
  if (before === after) return []
  const text = `Consumer ${before} is now called ${after}`
  return [{ kind: 'changed', pointer: `${pointer}/name`, text, weakens: false, before, after }]
}

type Client = ContractsItem['clients'][number]

function keyChanges(pointer: string, name: string, before: Client, after: Client): Change[] {
  const added = after.keyHashes.filter((hash) => !before.keyHashes.includes(hash)).length
  const removed = before.keyHashes.filter((hash) => !after.keyHashes.includes(hash)).length
  const keys = (count: number) => (count === 1 ? 'A key' : `${count} keys`)
  const at = `${pointer}/keyHashes`
  const plural = (count: number) => (count === 1 ? 'is' : 'are')
  const changes: Change[] = []
  if (added > 0) {
    const text = `${keys(added)} of ${name} ${plural(added)} added`
    changes.push({ kind: 'added', pointer: at, text, weakens: false })
  }
  if (removed > 0) {
    const text = `${keys(removed)} of ${name} ${plural(removed)} revoked`
    changes.push({ kind: 'removed', pointer: at, text, weakens: false })
  }
  return changes
}

function listenerChanges(id: string, old: ListenerItem | undefined, now: ListenerItem | undefined): Change[] {
  const pointer = pointerOf(['items', id])
  const place = (listener: ListenerItem) => `${listener.address}:${listener.port}`
  if (now && !old) return [{ kind: 'added', pointer, text: `Listens on ${place(now)}`, weakens: false }]
  if (old && !now) {
    return [{ kind: 'removed', pointer, text: `No longer listens on ${place(old)}`, weakens: false }]
  }
  return jsonChanges(old, now).map((change) =>
    told(change, pointer + pointerOf(change.path), `Listener ${change.path.join('.')}`),
  )
}

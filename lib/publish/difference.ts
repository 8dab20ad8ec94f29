import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import type {
  ApiItem,
  AttachedPolicy,
  ContractsItem,
  Item,
  ListenerItem,
  UpstreamItem,
} from '#contract/items.ts'
import type { Change, ChangeGroup, Difference, DiffLine } from '#domain/deployment.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { describePolicy } from '#policies/definition.ts'
import { policyOf } from '#policies/index.ts'
import { hashOf, type Items, instanceOf } from './compile.ts'
import { type JsonChange, jsonChanges } from './json-changes.ts'

type Path = readonly (string | number)[]

/** What changes from one configuration to another: in plain words, by pointer, and as text, API by API. */
export function difference(
  before: { revision: number | null; items: Items },
  after: { revision: number | null; items: Items },
  gateway: { id: string; name: string },
): Difference {
  const ids = [...new Set([...before.items.keys(), ...after.items.keys()])]
    .filter((id) => hashOrNone(before.items.get(id)) !== hashOrNone(after.items.get(id)))
    .toSorted()
  const groups = Map.groupBy(ids, instanceOf)
  const listed = [...groups].map(([instanceId, changed]) =>
    groupOf(instanceId, changed, before.items, after.items, gateway),
  )
  listed.sort((a, b) => a.title.localeCompare(b.title, 'en'))
  return {
    fromRevision: before.revision,
    toRevision: after.revision,
    count: listed.reduce((sum, group) => sum + group.changes.length, 0),
    groups: listed,
  }
}

function hashOrNone(item: Item | undefined): string | null {
  return item ? hashOf(item) : null
}

function groupOf(
  instanceId: string | null,
  changed: readonly string[],
  before: Items,
  after: Items,
  gateway: { id: string; name: string },
): ChangeGroup {
  const api = instanceId === null ? undefined : (apiOf(after, instanceId) ?? apiOf(before, instanceId))
  const whole = api !== undefined && before.has(api.id) !== after.has(api.id)
  // An API that comes or goes takes its upstream and its consumers along; only its own line is news.
  const told = whole ? changed.filter((id) => id === api.id) : changed
  return {
    kind: instanceId === null ? 'gateway' : 'api',
    id: instanceId ?? gateway.id,
    title: api ? `${api.name} ${api.version}` : gateway.name,
    changes: told.flatMap((id) => itemChanges(id, before, after)),
    lines: linesOf(textOf(changed, before), textOf(changed, after)),
  }
}

function apiOf(items: Items, instanceId: string): ApiItem | undefined {
  const item = items.get(`api:${instanceId}`)
  return item?.kind === 'api' ? item : undefined
}

function itemChanges(id: string, before: Items, after: Items): Change[] {
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

// ── An API ──────────────────────────────────────────────────────────────────

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
  return fieldTitles.flatMap(([field, title]) => {
    const changes = jsonChanges(old[field], now[field])
    return changes.map((change) => told(change, pointerOf(['items', now.id, field]), title))
  })
}

// ── Its policies, told apart by their ids, since their positions shift ──────

function policyChanges(old: ApiItem, now: ApiItem): Change[] {
  const before = new Map(old.policies.map((policy) => [policy.id, policy]))
  const after = new Map(now.policies.map((policy) => [policy.id, policy]))
  const removed = old.policies.flatMap((policy, at) =>
    after.has(policy.id) ? [] : [policyRemoved(old, policy, at)],
  )
  const others = now.policies.flatMap((policy, at) => {
    const previous = before.get(policy.id)
    return previous ? policyEdited(now, previous, policy, at) : [policyAdded(now, policy, at)]
  })
  return [...removed, ...others, ...reordered(old, now)]
}

function titleOf(policy: AttachedPolicy): string {
  const title = policyOf(policy.kind)?.title ?? policy.kind
  return policy.label === '' ? title : `${title} “${policy.label}”`
}

function summaryOf(policy: AttachedPolicy): string {
  const known = policyOf(policy.kind)
  const parsed = known?.config.safeParse(policy.config)
  const summary = known && parsed?.success ? known.summarise(parsed.data) : ''
  return summary === '' ? '' : `: ${summary}`
}

function policyAdded(api: ApiItem, policy: AttachedPolicy, at: number): Change {
  const text = `${titleOf(policy)} is added${summaryOf(policy)}`
  const pointer = pointerOf(['items', api.id, 'policies', at])
  return { kind: 'added', pointer, text, weakens: false, after: policy.config }
}

function policyRemoved(api: ApiItem, policy: AttachedPolicy, at: number): Change {
  const text = `${titleOf(policy)} is removed${summaryOf(policy)}`
  const category = policyOf(policy.kind)?.category
  const weakens = category === 'identity' || category === 'traffic'
  const pointer = pointerOf(['items', api.id, 'policies', at])
  return { kind: 'removed', pointer, text, weakens, before: policy.config }
}

function policyEdited(api: ApiItem, old: AttachedPolicy, now: AttachedPolicy, at: number): Change[] {
  const pointer = pointerOf(['items', api.id, 'policies', at])
  const known = policyOf(now.kind)
  const schema = known ? describePolicy(known).schema : {}
  const config = jsonChanges(old.config, now.config).map((change) => {
    const title = `${titleOf(now)}: ${fieldTitle(schema, change.path)}`
    return told(change, pointer + pointerOf(['config', ...change.path]), title)
  })
  const fields = (['kind', 'policyVersion', 'label'] as const).flatMap((field) =>
    jsonChanges(old[field], now[field]).map((change) =>
      told(change, `${pointer}/${field}`, `${titleOf(now)}: ${field}`),
    ),
  )
  return [...fields, ...config]
}

function reordered(old: ApiItem, now: ApiItem): Change[] {
  const common = new Set(old.policies.map(({ id }) => id))
  const kept = now.policies.filter(({ id }) => common.has(id))
  const keptIds = new Set(kept.map(({ id }) => id))
  const before = old.policies.filter(({ id }) => keptIds.has(id))
  if (before.every(({ id }, index) => kept[index]?.id === id)) return []
  const text = `Policies run in another order: ${kept.map(titleOf).join(', ')}`
  const names = (policies: readonly AttachedPolicy[]) => policies.map(titleOf)
  return [
    {
      kind: 'changed',
      pointer: pointerOf(['items', now.id, 'policies']),
      text,
      weakens: false,
      before: names(before),
      after: names(kept),
    },
  ]
}

/** The title that a JSON Schema gives to the member at a path, else the path itself. */
function fieldTitle(schema: Record<string, unknown>, path: Path): string {
  let node: unknown = schema
  let title = ''
  for (const part of path) {
    node = typeof part === 'number' ? member(node, 'items') : member(member(node, 'properties'), part)
    const found = member(node, 'title')
    if (typeof found === 'string') title = found
  }
  return title === '' ? path.join('.') : title
}

function member(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, name)
    ? (node as Record<string, unknown>)[name]
    : undefined
}

// ── Upstreams, contracts, listeners ─────────────────────────────────────────

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

function told(change: JsonChange, pointer: string, title: string): Change {
  const { kind, before, after } = change
  const text =
    kind === 'added'
      ? `${title}: ${shown(after)}`
      : kind === 'removed'
        ? `${title}: ${shown(before)} is removed`
        : `${title}: ${shown(before)} → ${shown(after)}`
  return { kind, pointer, text, weakens: false, before, after }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = JSON.stringify(value) ?? ''
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}

// ── As text ─────────────────────────────────────────────────────────────────

function textOf(ids: readonly string[], items: Items): string {
  const found = ids.flatMap((id) => {
    const item = items.get(id)
    if (!item) return []
    const name = item.kind === 'listener' ? item.id : item.kind
    return [[name, item.kind === 'contracts' ? withShortHashes(item) : item] as const]
  })
  // The database keeps members in an order of its own; it must not show as a change.
  return found.length === 0
    ? ''
    : stringify(Object.fromEntries(found), { lineWidth: 0, sortMapEntries: true })
}

// A whole hash tells a reader nothing more, and there may be hundreds of them.
function withShortHashes({ clients, ...rest }: ContractsItem) {
  return {
    ...rest,
    clients: clients.map((client) => ({
      ...client,
      keyHashes: client.keyHashes.map((hash) => `${hash.slice(0, 12)}…`),
    })),
  }
}

const signs: Record<string, DiffLine['sign']> = { ' ': 'same', '+': 'added', '-': 'removed' }

function linesOf(before: string, after: string): DiffLine[] {
  const { hunks } = structuredPatch('', '', before, after, undefined, undefined, { context: 3 })
  const lines: DiffLine[] = []
  let next = 1
  for (const hunk of hunks) {
    addGap(lines, hunk.oldStart - next)
    for (const line of hunk.lines) {
      const sign = signs[line[0] ?? '']
      if (sign) lines.push({ sign, text: line.slice(1) })
    }
    next = hunk.oldStart + hunk.oldLines
  }
  const total = before === '' ? 0 : before.trimEnd().split('\n').length
  addGap(lines, total - next + 1)
  return lines
}

function addGap(lines: DiffLine[], count: number): void {
  if (count > 0) {
    lines.push({ sign: 'gap', text: count === 1 ? '1 unchanged line' : `${count} unchanged lines` })
  }
}

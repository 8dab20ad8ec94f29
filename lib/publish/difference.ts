import type { ApiItem, Item } from '#contract/items.ts'
import type { ChangeGroup, Difference } from '#domain/deployment.ts'
import { hashOf, type Items, instanceOf } from './compile.ts'
import { linesOf, textOf } from './difference-lines.ts'
import { itemChanges } from './item-changes.ts'

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

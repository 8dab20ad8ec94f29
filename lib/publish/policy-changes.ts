import { type ApiItem, type AttachedPolicy, upstreamNames } from '#contract/items.ts'
import type { Change } from '#domain/deployment.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { describePolicy } from '#policies/definition.ts'
import { policyOf } from '#policies/index.ts'
import { withoutSecrets, withoutSecretsBeside } from '#policies/secrets.ts'
import { told } from './change-words.ts'
import { jsonChanges } from './json-changes.ts'

type Path = readonly (string | number)[]

/** What changes among the policies of an API, told apart by their ids, since their positions shift. */
export function policyChanges(old: ApiItem, now: ApiItem): Change[] {
  const before = new Map(old.policies.map((policy) => [policy.id, policy]))
  const after = new Map(now.policies.map((policy) => [policy.id, policy]))
  const removed = old.policies.flatMap((policy, at) =>
    after.has(policy.id) ? [] : [policyRemoved(old, policy, at)],
  )
  const others = now.policies.flatMap((policy, at) => {
    const previous = before.get(policy.id)
    return previous ? policyEdited([old, previous], [now, policy], at) : [policyAdded(now, policy, at)]
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

/** The line about a policy that comes. */
export function policyAdded(api: ApiItem, policy: AttachedPolicy, at: number): Change {
  const text = `${titleOf(policy)} is added${summaryOf(policy)}`
  const pointer = pointerOf(['items', api.id, 'policies', at])
  return { kind: 'added', pointer, text, weakens: false, after: withoutSecrets(policy.kind, policy.config) }
}

function policyRemoved(api: ApiItem, policy: AttachedPolicy, at: number): Change {
  const text = `${titleOf(policy)} is removed${summaryOf(policy)}`
  const category = policyOf(policy.kind)?.category
  const weakens = category === 'identity' || category === 'traffic'
  const pointer = pointerOf(['items', api.id, 'policies', at])
  return { kind: 'removed', pointer, text, weakens, before: withoutSecrets(policy.kind, policy.config) }
}

/** A policy, and the API that it stands in. */
type Standing = readonly [api: ApiItem, policy: AttachedPolicy]

function policyEdited([oldApi, old]: Standing, [api, now]: Standing, at: number): Change[] {
  const pointer = pointerOf(['items', api.id, 'policies', at])
  const known = policyOf(now.kind)
  const schema = known ? describePolicy(known).schema : {}
  const before = withoutSecrets(old.kind, old.config)
  const after = withoutSecretsBeside(now.kind, now.config, old.config)
  const config = jsonChanges(before, after).map((change) => {
    const title = `${titleOf(now)}: ${fieldTitle(schema, change.path)}`
    return told(change, pointer + pointerOf(['config', ...change.path]), title)
  })
  const fields = (['kind', 'policyVersion', 'label', 'dryRun', 'rules', 'automated'] as const).flatMap(
    (field) =>
      jsonChanges(old[field], now[field]).map((change) =>
        told(change, `${pointer}/${field}`, `${titleOf(now)}: ${field}`),
      ),
  )
  const upstreams = jsonChanges(upstreamsOf(oldApi, old), upstreamsOf(api, now)).map((change) =>
    told(change, `${pointer}/upstreams`, `${titleOf(now)}: upstreams`),
  )
  return [...fields, ...upstreams, ...config]
}

function upstreamsOf(api: ApiItem, { upstreams }: AttachedPolicy): string {
  const names = upstreamNames(api)
  return upstreams === undefined ? 'all' : upstreams.map((id) => names.get(id) ?? id).join(', ')
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

import { grants, roles } from '#domain/access.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'
import { type Hashes, instanceOf } from '../publish/compile.ts'
import type { Signed } from './standing.ts'

/** Who changed something in a manifest since it was last signed off. They cannot sign it off themselves. */

export interface Authored {
  readonly name: string
  /** What they did last, as the audit trail calls it. */
  readonly action: string
}

interface Gateway {
  readonly id: string
  readonly organisationId: string
}

export async function authorsOf(
  tx: Tx,
  gateway: Gateway,
  last: Signed | null,
  hashes: Hashes,
): Promise<ReadonlyMap<string, Authored>> {
  const before = last?.hashes ?? {}
  const changed = [...new Set([...Object.keys(before), ...Object.keys(hashes)])].filter(
    (id) => before[id] !== hashes[id],
  )
  if (changed.length === 0) return new Map()
  const since = last?.auditSequence ?? 0
  const own = await ofInstances(tx, gateway, last, changed)
  const found = await entriesOf(tx, gateway.organisationId, [
    ...own,
    // Deployments too: whoever takes a draft of others into a revision has decided on it.
    ...[{ kind: 'gateway', ids: [gateway.id], since }],
    ...(await ofContexts(tx, gateway, last, changed)),
  ])
  return new Map(found.map(({ actorId, actorName, action }) => [actorId, { name: actorName, action }]))
}

/** Entries about some things, from one on. */
interface Part {
  readonly kind: string
  readonly ids: readonly string[]
  readonly since: number
}

async function entriesOf(tx: Tx, organisationId: string, parts: readonly Part[]) {
  const about: Prisma.AuditEntryWhereInput[] = parts
    .filter(({ ids }) => ids.length > 0)
    .map(({ kind, ids, since }) => ({
      subjectKind: kind,
      subjectId: { in: [...ids] },
      sequence: { gt: since },
    }))
  return tx.auditEntry.findMany({
    where: { organisationId, outcome: 'done', OR: about, NOT: { action: { in: [...judging] } } },
    orderBy: { sequence: 'asc' },
    distinct: ['actorId'],
    select: { actorId: true, actorName: true, action: true },
  })
}

/** What changes nothing that a gateway serves. */
const judging: ReadonlySet<string> = new Set([
  'review.create',
  'review.withdraw',
  'sign-off.create',
  'objection.create',
])

async function ofInstances(
  tx: Tx,
  { organisationId }: Gateway,
  last: Signed | null,
  changed: readonly string[],
): Promise<Part[]> {
  const since = last?.auditSequence ?? 0
  const ids = [...new Set(changed.flatMap((id) => instanceOf(id) ?? []))]
  const rows = await tx.apiInstance.findMany({
    where: { organisationId, id: { in: ids } },
    select: { apiVersionId: true, apiVersion: { select: { apiId: true } } },
  })
  const flows = await tx.flow.findMany({ where: { organisationId, instanceId: { in: ids } } })
  return [
    ...ids.map((id) => ({ kind: 'instance', ids: [id], since: last?.openSince[id] ?? since })),
    { kind: 'api', ids: rows.map(({ apiVersion }) => apiVersion.apiId), since },
    { kind: 'api-version', ids: rows.map(({ apiVersionId }) => apiVersionId), since },
    { kind: 'flow', ids: flows.map(({ id }) => id), since },
  ]
}

// A context that was in nothing signed yet may have been made long before.
async function ofContexts(
  tx: Tx,
  { organisationId }: Gateway,
  last: Signed | null,
  changed: readonly string[],
): Promise<Part[]> {
  const items = changed.filter((id) => id.startsWith('tls-context:'))
  const parts = await Promise.all(
    items.map(async (itemId): Promise<Part[]> => {
      const since = last?.hashes[itemId] === undefined ? 0 : last.auditSequence
      const id = itemId.slice('tls-context:'.length)
      const context = await tx.mtlsContext.findFirst({
        where: { id, organisationId },
        select: { keystoreId: true, authorities: { select: { authorityId: true } } },
      })
      return [
        { kind: 'context', ids: [id], since },
        { kind: 'certificate', ids: context?.keystoreId ? [context.keystoreId] : [], since },
        { kind: 'authority', ids: context?.authorities.map(({ authorityId }) => authorityId) ?? [], since },
      ]
    }),
  )
  return parts.flat()
}

/** The people whose role lets them sign off, without some. */
export async function signersBut(
  tx: Tx,
  organisationId: string,
  authors: ReadonlySet<string>,
): Promise<string[]> {
  const members = await tx.membership.findMany({
    where: {
      organisationId,
      revokedAt: null,
      role: { in: roles.filter((role) => grants[role].has('reviews.sign')) },
    },
    select: { user: { select: { id: true, name: true } } },
  })
  const names = members.flatMap(({ user }) => (authors.has(user.id) ? [] : [user.name]))
  return names.toSorted((a, b) => a.localeCompare(b, 'en'))
}

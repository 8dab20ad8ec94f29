import { tlsContextId } from '#contract/items.ts'
import type { AuthorityView, CertificateView, ContextView } from '#domain/trust.ts'
import type {
  AuthorityRecord,
  CertificateRecord,
  ContextRecord,
  TrustImpact,
  TrustUse,
} from '#domain/trust-record.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { deployedUsers } from '../publish/context-users.ts'
import { manifestOf } from '../publish/draft.ts'
import { impactOf } from './impact.ts'
import { toKept, withKept } from './kept.ts'
import {
  shownBy,
  toAuthority,
  toCertificate,
  toContext,
  toEntry,
  toVersion,
  withAuthorities,
  withCurrent,
  withVersions,
} from './stored.ts'

const byName = { orderBy: { name: 'asc' } } as const

/** What the topology takes of trust: contexts, CAs, and the certificates that there are. */
export async function trustOf(
  tx: Tx,
  organisationId: string,
): Promise<{ contexts: ContextView[]; authorities: AuthorityView[]; certificates: CertificateView[] }> {
  const where = { organisationId }
  const [contexts, authorities, certificates] = await Promise.all([
    tx.mtlsContext.findMany({ where, include: withAuthorities, ...byName }),
    tx.authority.findMany({ where, ...byName }),
    tx.certificate.findMany({ where, include: withCurrent, ...byName }),
  ])
  return {
    contexts: contexts.map(toContext),
    authorities: authorities.map(toAuthority),
    certificates: certificates.flatMap((row) => toCertificate(row) ?? []),
  }
}

// ── Authorities ─────────────────────────────────────────────────────────────

/** The organisation's CAs by name. */
export async function listAuthorities(actor: Actor): Promise<AuthorityRecord[]> {
  requirePermission(actor, 'trust.read')
  const rows = await db().authority.findMany({
    where: { organisationId: actor.organisationId },
    include: authorityUses,
    ...byName,
  })
  return rows.map(authorityRecordOf)
}

export async function readAuthorityRecord(actor: Actor, id: string): Promise<AuthorityRecord> {
  requirePermission(actor, 'trust.read')
  return authorityIn(db(), actor.organisationId, id)
}

/** Whom the contexts that trust a CA reach. */
export async function readAuthorityImpact(actor: Actor, id: string): Promise<TrustImpact> {
  const { usedBy } = await readAuthorityRecord(actor, id)
  const contextIds = usedBy.flatMap((use) => (use.kind === 'context' ? [use.id] : []))
  return impactOf(db(), actor.organisationId, contextIds)
}

const authorityUses = {
  contexts: { select: { context: { select: { id: true, name: true } } } },
  children: { select: { id: true, name: true } },
} as const

export async function authorityIn(tx: Tx, organisationId: string, id: string): Promise<AuthorityRecord> {
  const row = await tx.authority.findFirst({ where: { id, organisationId }, include: authorityUses })
  if (!row) throw new Problem('not-found', 'There is no such CA.')
  return authorityRecordOf(row)
}

type AuthorityWithUses = Parameters<typeof toAuthority>[0] & {
  contexts: readonly { context: { id: string; name: string } }[]
  children: readonly { id: string; name: string }[]
}

function authorityRecordOf(row: AuthorityWithUses): AuthorityRecord {
  return {
    ...toAuthority(row),
    pem: row.certificate,
    builtIn: row.builtIn,
    usedBy: [
      ...row.contexts.map(({ context }) => ({ kind: 'context', ...context })),
      ...row.children.map((child) => ({ kind: 'authority', ...child })),
    ],
  }
}

// ── Certificates ────────────────────────────────────────────────────────────

const certificateUses = {
  ...withVersions,
  ...withKept,
  contexts: { select: { id: true, name: true }, orderBy: { name: 'asc' } },
} as const

/** The organisation's certificates by name. */
export async function listCertificates(actor: Actor): Promise<CertificateRecord[]> {
  requirePermission(actor, 'trust.read')
  const rows = await db().certificate.findMany({
    where: { organisationId: actor.organisationId },
    include: certificateUses,
    ...byName,
  })
  return rows.map(certificateRecordOf)
}

export async function readCertificateRecord(actor: Actor, id: string): Promise<CertificateRecord> {
  requirePermission(actor, 'trust.read')
  return certificateIn(db(), actor.organisationId, id)
}

export async function certificateIn(tx: Tx, organisationId: string, id: string): Promise<CertificateRecord> {
  const row = await tx.certificate.findFirst({ where: { id, organisationId }, include: certificateUses })
  if (!row) throw new Problem('not-found', 'There is no such certificate.')
  return certificateRecordOf(row)
}

type CertificateWithUses = Parameters<typeof toEntry>[0] & {
  contexts: readonly { id: string; name: string }[]
  kept: Parameters<typeof toKept>[0] | null
}

function certificateRecordOf(row: CertificateWithUses): CertificateRecord {
  return {
    ...toEntry(row),
    pem: shownBy(row) ?? '',
    request: row.versions.find(({ state }) => state === 'requested')?.request ?? null,
    versions: row.versions.map(toVersion),
    kept: row.kept && toKept(row.kept, new Date()),
    usedBy: row.contexts.map((context) => ({ kind: 'context', ...context })),
  }
}

// ── Contexts ────────────────────────────────────────────────────────────────

/** The organisation's contexts by name. */
export async function listContexts(actor: Actor): Promise<ContextRecord[]> {
  requirePermission(actor, 'trust.read')
  const { organisationId } = actor
  const rows = await db().mtlsContext.findMany({
    where: { organisationId },
    include: withAuthorities,
    ...byName,
  })
  const uses = await contextUses(
    db(),
    organisationId,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...toContext(row), usedBy: uses.get(row.id) ?? [] }))
}

export async function readContextRecord(actor: Actor, id: string): Promise<ContextRecord> {
  requirePermission(actor, 'trust.read')
  return contextIn(db(), actor.organisationId, id)
}

export async function contextIn(tx: Tx, organisationId: string, id: string): Promise<ContextRecord> {
  const row = await tx.mtlsContext.findFirst({ where: { id, organisationId }, include: withAuthorities })
  if (!row) throw new Problem('not-found', 'There is no such mTLS context.')
  const uses = await contextUses(tx, organisationId, [id])
  return { ...toContext(row), usedBy: uses.get(id) ?? [] }
}

/** Who takes something from contexts: APIs by their policies or as they are deployed, and firewalls. */
async function contextUses(
  tx: Tx,
  organisationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TrustUse[]>> {
  const [drafted, deployed, firewalls] = await Promise.all([
    draftedUsers(tx, organisationId, ids),
    deployedUsersOf(tx, organisationId, ids),
    tx.network.findMany({
      where: { organisationId, firewallContextId: { in: [...ids] } },
      select: { id: true, firewall: true, name: true, firewallContextId: true },
    }),
  ])
  const instances = await instanceNames(tx, organisationId, [
    ...new Set([...drafted, ...deployed].map(({ instanceId }) => instanceId)),
  ])
  return new Map(
    ids.map((id) => {
      const users = [...drafted, ...deployed].flatMap((use) => (use.contextId === id ? [use.instanceId] : []))
      const ends = firewalls.filter(({ firewallContextId }) => firewallContextId === id)
      return [
        id,
        [
          ...[...new Set(users)].map((instanceId) => ({
            kind: 'api',
            id: instanceId,
            name: instances.get(instanceId) ?? 'an API that was deleted and is still deployed',
          })),
          ...ends.map((network) => ({
            kind: 'firewall',
            id: network.id,
            name: `${network.firewall ?? 'the firewall'} of ${network.name}`,
          })),
        ],
      ]
    }),
  )
}

interface Use {
  readonly contextId: string
  readonly instanceId: string
}

function draftedUsers(tx: Tx, organisationId: string, ids: readonly string[]): Promise<Use[]> {
  return tx.$queryRaw<Use[]>`
    SELECT DISTINCT "config" ->> 'contextRef' AS "contextId", "instanceId" FROM "PolicyAttachment"
    WHERE "organisationId" = ${organisationId}::uuid AND "config" ->> 'contextRef' = ANY(${[...ids]})`
}

async function deployedUsersOf(tx: Tx, organisationId: string, ids: readonly string[]): Promise<Use[]> {
  const gateways = await tx.gateway.findMany({
    where: { organisationId },
    select: { id: true, organisationId: true, name: true, listeners: true, headRevision: true },
  })
  const uses: Use[] = []
  for (const gateway of gateways) {
    const hashes = (await manifestOf(tx, gateway, gateway.headRevision))?.items ?? {}
    for (const contextId of ids) {
      if (hashes[tlsContextId(contextId)] === undefined) continue
      const users = await deployedUsers(tx, organisationId, hashes, contextId)
      uses.push(...users.map(({ instanceId }) => ({ contextId, instanceId })))
    }
  }
  return uses
}

async function instanceNames(tx: Tx, organisationId: string, ids: readonly string[]) {
  const rows = await tx.apiInstance.findMany({
    where: { organisationId, id: { in: [...ids] } },
    select: {
      id: true,
      gateway: { select: { name: true } },
      apiVersion: { select: { label: true, api: { select: { name: true } } } },
    },
  })
  return new Map(
    rows.map(({ id, gateway, apiVersion }) => [
      id,
      `${apiVersion.api.name} ${apiVersion.label} at ${gateway.name}`,
    ]),
  )
}

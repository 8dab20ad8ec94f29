import { randomUUID, X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { Secret } from '#domain/secret.ts'
import type { AuthorityRecord } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import type { AuthorityChange, AuthorityInput, Signing } from './input.ts'
import { issue, type Issuer, makeAuthority, readRequest } from './issue.ts'
import { readAuthority } from './keystore.ts'
import { lockTrust } from './lock.ts'
import { authorityKeyPurpose } from './material.ts'
import { authorityIn } from './read.ts'
import { defined, recordTrust, refuseTakenName, refuseUsed } from './record.ts'
import { openerOf, sealerOf } from './sealing.ts'
import { chainFacts } from './stored.ts'
import { isIssuedBy } from './x509.ts'

const dayMs = 86_400_000

/** Adds a CA that contexts may trust, with its key where it is to issue here. */
export async function createAuthority(actor: Actor, input: AuthorityInput): Promise<AuthorityRecord> {
  requirePermission(actor, 'trust.write')
  const { pem, key } = await readAuthority(input.content)
  const { name, runBy } = input
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    await requireFreeName(tx, actor, name, null)
    return addAuthority(tx, actor, { name, runBy, pem, key, builtIn: false })
  })
}

interface NewAuthority {
  readonly name: string
  readonly runBy: string
  readonly pem: string
  readonly key: Secret | null
  readonly builtIn: boolean
}

async function addAuthority(
  tx: Tx,
  actor: Actor,
  { name, runBy, pem, key, builtIn }: NewAuthority,
): Promise<AuthorityRecord> {
  const { organisationId } = actor
  const others = await tx.authority.findMany({ where: { organisationId }, orderBy: { createdAt: 'asc' } })
  const certificate = new X509Certificate(pem)
  const same = others.find((other) => new X509Certificate(other.certificate).raw.equals(certificate.raw))
  if (same) {
    const detail = `${same.name} is this very CA already.`
    throw new Problem('certificate.known', detail, { faults: [{ pointer: '/content', detail }] })
  }
  const parent = others.find((other) => isIssuedBy(certificate, new X509Certificate(other.certificate)))
  const id = randomUUID()
  const sealed = key && (await sealerOf(tx, organisationId)).seal(key.reveal(), authorityKeyPurpose(id))
  await tx.authority.create({
    data: {
      id,
      organisationId,
      name,
      runBy,
      certificate: pem,
      keySealed: sealed,
      parentId: parent?.id ?? null,
      builtIn,
    },
  })
  const made = await authorityIn(tx, organisationId, id)
  await recordTrust(tx, actor, {
    action: 'authority.create',
    kind: 'authority',
    id,
    version: made.version,
    after: audited(made),
  })
  return made
}

/** Renames a CA, or says who runs it. Its certificate stays: another one is another CA. */
export function changeAuthority(
  actor: Actor,
  id: string,
  change: AuthorityChange,
  ifMatch: number,
): Promise<AuthorityRecord> {
  requirePermission(actor, 'trust.write')
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await authorityIn(tx, actor.organisationId, id)
    await requireVersion(tx, actor, { kind: 'authority', id, version: before.version }, ifMatch)
    if (change.name !== undefined) await requireFreeName(tx, actor, change.name, id)
    await tx.authority.update({ where: { id }, data: { ...defined(change), version: { increment: 1 } } })
    const after = await authorityIn(tx, actor.organisationId, id)
    await recordTrust(tx, actor, {
      action: 'authority.update',
      kind: 'authority',
      id,
      version: after.version,
      before: audited(before),
      after: audited(after),
    })
    return after
  })
}

/** Removes a CA that no context trusts, with its key. */
export function deleteAuthority(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'trust.write')
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await authorityIn(tx, actor.organisationId, id)
    await requireVersion(tx, actor, { kind: 'authority', id, version: before.version }, ifMatch)
    refuseUsed(before.name, before.usedBy)
    await tx.authority.delete({ where: { id } })
    await recordTrust(tx, actor, {
      action: 'authority.delete',
      kind: 'authority',
      id,
      version: before.version + 1,
      before: audited(before),
    })
  })
}

async function requireFreeName(tx: Tx, actor: Actor, name: string, self: string | null): Promise<void> {
  const taken = await tx.authority.findFirst({ where: { organisationId: actor.organisationId, name } })
  refuseTakenName('authority', taken, name, self)
}

function audited({ name, runBy, canIssue, parentId, builtIn, certificate }: AuthorityRecord) {
  const { subject, sha256, notAfter } = certificate
  return { name, runBy, canIssue, parentId, builtIn, certificate: { subject, sha256, notAfter } }
}

// ── Issuing ─────────────────────────────────────────────────────────────────

/** A CA with its key open, and what is sent along with what it issues: itself and those above it, but for the root. */
export interface OpenAuthority extends Issuer {
  readonly id: string
  readonly chain: string
}

/** Opens the key of a CA. Throws a Problem, with its pointer, where its key is elsewhere. */
export async function openAuthority(
  tx: Tx,
  organisationId: string,
  id: string,
  pointer: string,
): Promise<OpenAuthority> {
  const all = await tx.authority.findMany({ where: { organisationId } })
  const byId = new Map(all.map((each) => [each.id, each]))
  const row = byId.get(id)
  if (!row) throw new Problem('not-found', 'There is no such CA.')
  if (row.keySealed === null) {
    const detail = `The key of ${row.name} is not here, so it issues nothing here.`
    throw new Problem('certificate.refused', detail, { faults: [{ pointer, detail }] })
  }
  const opener = await openerOf(tx, organisationId)
  const above: string[] = []
  for (let each = byId.get(id); each !== undefined; each = byId.get(each.parentId ?? '')) {
    if (!chainFacts(each.certificate)[0]?.selfSigned) above.push(each.certificate)
  }
  const key = opener.unseal(row.keySealed, authorityKeyPurpose(id))
  return { id, certificate: row.certificate, key, chain: above.join('') }
}

/** Signs somebody's request, a node's for example. Its key stays with whoever made it. */
export async function signRequest(
  actor: Actor,
  id: string,
  { csr, kind, names, lifetimeDays }: Signing,
): Promise<{ chain: CertificateFacts[]; pem: string }> {
  requirePermission(actor, 'trust.write')
  const asked = await readRequest(csr, '/csr')
  return transaction(async (tx) => {
    const authority = await openAuthority(tx, actor.organisationId, id, '/authorityId')
    const wished = names ?? asked.names
    const commonName = asked.commonName || wished[0]?.value.slice(0, 64)
    if (!commonName) {
      const detail = 'The request names nobody.'
      throw new Problem('certificate.refused', detail, { faults: [{ pointer: '/csr', detail }] })
    }
    const wish = { kind, subject: { commonName }, names: wished, lifetimeMs: lifetimeDays * dayMs }
    const pem = (await issue(wish, asked.publicKey, authority)) + authority.chain
    const chain = chainFacts(pem)
    const [leaf] = chain
    await recordTrust(tx, actor, {
      action: 'authority.sign',
      kind: 'authority',
      id,
      after: {
        subject: leaf?.subject,
        names: leaf?.names,
        serialNumber: leaf?.serialNumber,
        notAfter: leaf?.notAfter,
      },
    })
    return { chain, pem }
  })
}

// ── The CA that is built in ─────────────────────────────────────────────────

const rootDays = 3_650
const issuingDays = 1_825
/** One that ends earlier gives way to another. */
const spareMs = 30 * dayMs

/**
 * A root and an intermediate CA of the organisation's own, so that everything works without one; made at the first
 * call. The intermediate issues.
 */
export async function developmentAuthority(
  actor: Actor,
): Promise<{ root: AuthorityRecord; issuing: AuthorityRecord }> {
  requirePermission(actor, 'trust.write')
  const { organisationId } = actor
  const { name: organisation } = await db().organisation.findUniqueOrThrow({ where: { id: organisationId } })
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const known = await tx.authority.findMany({
      where: { organisationId, builtIn: true, parentId: { not: null }, keySealed: { not: null } },
      orderBy: { createdAt: 'desc' },
    })
    const usable = known.find(
      ({ certificate }) => new X509Certificate(certificate).validToDate.getTime() > Date.now() + spareMs,
    )
    if (usable?.parentId == null) return makeDevelopmentAuthority(tx, actor, organisation)
    return {
      root: await authorityIn(tx, organisationId, usable.parentId),
      issuing: await authorityIn(tx, organisationId, usable.id),
    }
  })
}

/** A root and an intermediate that take the place of others: made anew whatever there is. */
export async function makeSuccessor(
  actor: Actor,
): Promise<{ root: AuthorityRecord; issuing: AuthorityRecord }> {
  requirePermission(actor, 'trust.write')
  const { name } = await db().organisation.findUniqueOrThrow({ where: { id: actor.organisationId } })
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    return makeDevelopmentAuthority(tx, actor, name)
  })
}

async function makeDevelopmentAuthority(tx: Tx, actor: Actor, organisation: string) {
  const names = await freeNames(tx, actor, ['Development root', 'Development CA'])
  const [rootName = '', issuingName = ''] = names
  const subjectOf = (commonName: string) => ({ commonName, organisation: organisation.slice(0, 64) })
  const root = await makeAuthority(subjectOf(rootName), rootDays * dayMs)
  const issuing = await makeAuthority(subjectOf(issuingName), issuingDays * dayMs, root)
  const add = (name: string, { certificate: pem, key }: Issuer) =>
    addAuthority(tx, actor, { name, pem, key, runBy: 'organisation', builtIn: true })
  return { root: await add(rootName, root), issuing: await add(issuingName, issuing) }
}

/** The names, or with the first number behind them under which none is taken. */
async function freeNames(tx: Tx, { organisationId }: Actor, names: readonly string[]): Promise<string[]> {
  for (let number = 1; ; number++) {
    const numbered = names.map((name) => (number === 1 ? name : `${name} ${number}`))
    const taken = await tx.authority.findFirst({ where: { organisationId, name: { in: numbered } } })
    if (!taken) return numbered
  }
}

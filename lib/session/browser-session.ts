import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { roles } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import type { Secret } from '#domain/secret.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, type Tx, transaction } from '../db.ts'
import { openerOf, type Sealer, sealerOf } from '../trust/sealing.ts'
import type { Admitted } from './admit.ts'
import { absoluteMs, idleMs, publicSessionId } from './cookie.ts'
import { refreshTokens, type Tokens } from './issuer.ts'

// Refreshed a little early, so that a token does not expire on its way.
const refreshBeforeMs = 30_000
/** How long a session outlives its access token while the issuer cannot be asked. */
export const issuerAwayMs = 60 * 60_000
const seenEveryMs = 60_000
// Long enough to look into; every login sweeps what is older.
const keptMs = 30 * 24 * 60 * 60_000

/** Writes the row of a new login, under an id that nobody had before, and gives that id. */
export async function openSession(tx: Tx, admitted: Admitted, tokens: Tokens): Promise<string> {
  const id = randomBytes(32).toString('base64url')
  const { userId, name, organisationId } = admitted
  const now = Date.now()
  await tx.session.deleteMany({ where: { expiresAt: { lt: new Date(now - keptMs) } } })
  const expiresAt = new Date(now + absoluteMs)
  const sealer = await sealerOf(tx, organisationId)
  await tx.session.create({ data: { id, userId, organisationId, ...sealed(tokens, sealer), expiresAt } })
  await audit(tx, { kind: 'user', id: userId, name, organisationId }, auditOf('session.begin', id))
  return id
}

function sealed(tokens: Tokens, sealer: Sealer) {
  return {
    accessTokenSealed: sealer.seal(tokens.access_token, 'session.access'),
    ...(tokens.refresh_token && { refreshTokenSealed: sealer.seal(tokens.refresh_token, 'session.refresh') }),
    ...(tokens.id_token && { idTokenSealed: sealer.seal(tokens.id_token, 'session.id') }),
    accessExpiresAt: new Date(Date.now() + tokens.expires_in * 1000),
  }
}

const row = z.object({
  organisationId: z.string().nullable(),
  accessExpiresAt: z.date(),
  refreshable: z.boolean(),
  lastSeenAt: z.date(),
  expiresAt: z.date(),
  revokedAt: z.date().nullable(),
  userId: z.string(),
  name: z.string(),
  role: z.enum(roles).nullable(),
})

/** The person behind a session, judged at this moment: nothing of it is cached. */
export async function actorOfSession(id: string, now = Date.now()): Promise<Actor> {
  const found = row.safeParse((await readRow(id))[0]).data
  if (!found || isOver(found, now)) ended()
  if (!found.organisationId || !found.role) {
    throw new Problem('access.no-membership', 'Your membership of the organisation has ended.')
  }
  if (found.refreshable && found.accessExpiresAt.getTime() - refreshBeforeMs < now) {
    await refreshOnce(id, found.accessExpiresAt.getTime() + issuerAwayMs)
  }
  if (now - found.lastSeenAt.getTime() > seenEveryMs) await touch(id)
  const { userId, name, organisationId, role } = found
  return { kind: 'user', id: userId, name, organisationId, role, scopes: null, sessionId: id }
}

function readRow(id: string): Promise<unknown[]> {
  return db().$queryRaw`
    SELECT s."organisationId", s."accessExpiresAt", s."refreshTokenSealed" IS NOT NULL AS refreshable,
           s."lastSeenAt", s."expiresAt", s."revokedAt", u.id AS "userId", u.name, m.role::text AS role
    FROM "Session" s
    JOIN "User" u ON u.id = s."userId"
    LEFT JOIN "Membership" m
      ON m."organisationId" = s."organisationId" AND m."userId" = s."userId" AND m."revokedAt" IS NULL
    WHERE s.id = ${id}`
}

interface Times {
  lastSeenAt: Date
  expiresAt: Date
  revokedAt: Date | null
}

function isOver(session: Times, now: number): boolean {
  if (session.revokedAt || session.expiresAt.getTime() <= now) return true
  return session.lastSeenAt.getTime() + idleMs <= now
}

function ended(): never {
  throw new Problem('session.ended', 'Your session has ended. Sign in again.')
}

async function touch(id: string): Promise<void> {
  await db().session.updateMany({ where: { id, revokedAt: null }, data: { lastSeenAt: new Date() } })
}

const refreshing = new Map<string, Promise<void>>()

// Within this process many requests of one page share the wait; across processes the row lock decides.
function refreshOnce(id: string, toleratedUntil: number): Promise<void> {
  const running = refreshing.get(id)
  if (running) return running
  const refresh = refreshUnderLock(id, toleratedUntil).finally(() => refreshing.delete(id))
  refreshing.set(id, refresh)
  return refresh
}

async function refreshUnderLock(id: string, toleratedUntil: number): Promise<void> {
  const outcome = await transaction(async (tx) => {
    const [locked] = await tx.$queryRaw<
      { id: string }[]
    >`SELECT id FROM "Session" WHERE id = ${id} FOR UPDATE`
    if (!locked) return 'refused'
    const session = await tx.session.findUniqueOrThrow({ where: { id } })
    const { organisationId, refreshTokenSealed } = session
    if (session.revokedAt || !organisationId || !refreshTokenSealed) return 'refused'
    // Another process was first: its tokens are there.
    if (session.accessExpiresAt.getTime() - refreshBeforeMs >= Date.now()) return 'fresh'
    const opener = await openerOf(tx, organisationId)
    const tokens = await askIssuer(opener.unseal(refreshTokenSealed, 'session.refresh'))
    if (tokens === 'away') return 'away'
    const data = tokens ? sealed(tokens, await sealerOf(tx, organisationId)) : { revokedAt: new Date() }
    await tx.session.update({ where: { id }, data })
    return tokens ? 'fresh' : 'refused'
  })
  if (outcome === 'refused') ended()
  if (outcome === 'away' && Date.now() > toleratedUntil) {
    throw new Problem('issuer.unavailable', 'The identity provider has not answered for an hour.')
  }
}

// While the issuer is away not every request waits for it anew.
const awayForMs = 10_000
let awayUntil = 0

async function askIssuer(refreshToken: Secret): Promise<Tokens | null | 'away'> {
  if (Date.now() < awayUntil) return 'away'
  try {
    return await refreshTokens(refreshToken.reveal())
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'issuer.unavailable') throw error
    awayUntil = Date.now() + awayForMs
    return 'away'
  }
}

/** Ends a session here; gives the ID token by which it can be ended at the issuer too. */
export async function revokeSession(id: string): Promise<{ idToken: string | null } | null> {
  const session = await transaction(async (tx) => {
    const found = await tx.session.findUnique({ where: { id }, include: { user: true } })
    const where = { id, revokedAt: null }
    const { count } = await tx.session.updateMany({ where, data: { revokedAt: new Date() } })
    if (found?.organisationId && count > 0) {
      const { user, organisationId } = found
      await audit(
        tx,
        { kind: 'user', id: user.id, name: user.name, organisationId },
        auditOf('session.end', id),
      )
    }
    return found
  })
  if (!session) return null
  const { idTokenSealed, organisationId } = session
  if (idTokenSealed === null) return { idToken: null }
  const opener = await openerOf(db(), organisationId)
  return { idToken: opener.unseal(idTokenSealed, 'session.id').reveal() }
}

function auditOf(action: string, id: string) {
  return { action, subjectKind: 'session', subjectId: publicSessionId(id) }
}

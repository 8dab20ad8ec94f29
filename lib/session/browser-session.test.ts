import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Browser } from '#sts/testing/browser.ts'
import { post } from '#sts/testing/sts.ts'
import { db } from '../db.ts'
import { openerOf } from '../trust/sealing.ts'
import { authenticate } from './authenticate.ts'
import { actorOfSession, issuerAwayMs } from './browser-session.ts'
import { idleMs } from './cookie.ts'
import { authenticateHandshake } from './handshake.ts'
import {
  cookieHeader,
  newestSession,
  portal,
  portalBrowser,
  signIn,
  type TestPortal,
  testPortal,
} from './testing/portal.ts'

let running: TestPortal
let browser: Browser

beforeAll(async () => {
  running = await testPortal()
  await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
})
afterAll(() => running.close())
beforeEach(async () => {
  browser = portalBrowser()
  await signIn(running.sts, browser, 'operator@demo.hexgate.test')
})

function who() {
  return authenticate(new Headers({ cookie: cookieHeader(browser) }))
}

interface Times {
  accessExpiresAt?: Date
  lastSeenAt?: Date
  expiresAt?: Date
}

async function change(times: Times): Promise<string> {
  const { id } = await newestSession()
  await db().session.update({ where: { id }, data: times })
  return id
}

function expireAccess(): Promise<string> {
  return change({ accessExpiresAt: new Date() })
}

test('many requests with an expired access token refresh it once, and all are answered', async () => {
  const before = await newestSession()
  await expireAccess()
  const actors = await Promise.all(Array.from({ length: 12 }, who))
  expect(actors.every((actor) => actor?.role === 'operator')).toBe(true)
  const after = await newestSession()
  expect(after.accessExpiresAt.getTime()).toBeGreaterThan(Date.now() + 60_000)
  expect(after.refreshTokenSealed).not.toBe(before.refreshTokenSealed)
  // A second refresh with the first token would have ended the login: it still stands.
  const opener = await openerOf(db(), after.organisationId)
  const access = opener.unseal(after.accessTokenSealed, 'session.access').reveal()
  const answer = await post(running.sts, '/oauth/introspect', running.sts.portalClient, { token: access })
  expect(answer.body).toMatchObject({ active: true })
})

test('a refresh waits for the one that another process has begun, and uses its tokens', async () => {
  const id = await expireAccess()
  let waiting: Promise<unknown> = Promise.resolve()
  await db().$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Session" WHERE id = ${id} FOR UPDATE`
    waiting = who()
    await untilBlocked()
    await tx.session.update({ where: { id }, data: { accessExpiresAt: new Date(Date.now() + 600_000) } })
  })
  const before = await newestSession()
  expect(await waiting).toMatchObject({ role: 'operator' })
  expect((await newestSession()).refreshTokenSealed).toBe(before.refreshTokenSealed)
})

test('a login that the provider has ended ends here at the next refresh', async () => {
  const session = await newestSession()
  const opener = await openerOf(db(), session.organisationId)
  const refresh = opener.unseal(session.refreshTokenSealed ?? '', 'session.refresh').reveal()
  await post(running.sts, '/oauth/revoke', running.sts.portalClient, { token: refresh })
  await expireAccess()
  await expect(who()).rejects.toMatchObject({ code: 'session.ended' })
  expect((await newestSession()).revokedAt).not.toBeNull()
})

test('with the provider away a session goes on for an hour, and no longer', async () => {
  await running.sts.stop()
  try {
    await expireAccess()
    expect(await who()).toMatchObject({ role: 'operator' })
    await change({ accessExpiresAt: new Date(Date.now() - issuerAwayMs - 1_000) })
    await expect(who()).rejects.toMatchObject({ code: 'issuer.unavailable' })
  } finally {
    await running.sts.restart()
  }
})

test('a session that nobody used, and one that is too old, have ended', async () => {
  await change({ lastSeenAt: new Date(Date.now() - idleMs - 1_000) })
  await expect(who()).rejects.toMatchObject({ code: 'session.ended' })
  await change({ lastSeenAt: new Date() })
  expect(await who()).not.toBeNull()
  await change({ expiresAt: new Date() })
  await expect(who()).rejects.toMatchObject({ code: 'session.ended' })
})

test('use keeps a session awake', async () => {
  const long = new Date(Date.now() - 10 * 60_000)
  await change({ lastSeenAt: long })
  await who()
  expect((await newestSession()).lastSeenAt.getTime()).toBeGreaterThan(long.getTime())
})

test('a changed role and a removed membership count from the next request on', async () => {
  await db().membership.updateMany({ data: { role: 'viewer' } })
  expect(await who()).toMatchObject({ role: 'viewer' })
  await db().membership.updateMany({ data: { revokedAt: new Date() } })
  await expect(who()).rejects.toMatchObject({ code: 'access.no-membership' })
  await db().membership.updateMany({ data: { revokedAt: null, role: 'operator' } })
})

test('a session that does not exist has ended', async () => {
  await expect(actorOfSession('made-up')).rejects.toMatchObject({ code: 'session.ended' })
})

test('a socket with a cookie is let in from the portal’s own pages only', async () => {
  const cookie = cookieHeader(browser)
  expect(await authenticateHandshake({ cookie, origin: portal })).toMatchObject({ role: 'operator' })
  expect(await authenticateHandshake({ cookie, 'sec-fetch-site': 'same-origin' })).not.toBeNull()
  for (const headers of [{ origin: 'http://evil.test' }, { origin: 'null' }, {}]) {
    await expect(authenticateHandshake({ cookie, ...headers })).rejects.toMatchObject({
      code: 'request.cross-site',
    })
  }
  await expect(authenticateHandshake({ origin: portal })).rejects.toMatchObject({ code: 'session.required' })
  for (const authorization of ['Bearer %E0%A4%A', 'Bearer']) {
    await expect(authenticateHandshake({ authorization })).rejects.toMatchObject({ code: 'token.invalid' })
  }
})

// PostgreSQL says who waits for a lock, so the test need not guess by time.
async function untilBlocked(): Promise<void> {
  for (;;) {
    const rows = await db().$queryRaw<unknown[]>`
      SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    if (rows.length > 0) return
  }
}

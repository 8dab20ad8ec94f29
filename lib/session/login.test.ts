import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { db } from '../db.ts'
import { authenticate } from './authenticate.ts'
import { localPath, serveAuth } from './login.ts'
import {
  attributesOf,
  cookieHeader,
  newestSession,
  portal,
  portalBrowser,
  signIn,
  type TestPortal,
  testPortal,
} from './testing/portal.ts'

const owner = 'owner@demo.hexgate.test'
let running: TestPortal
let organisationId: string

beforeAll(async () => {
  running = await testPortal()
  const organisation = await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  organisationId = organisation.id
})
afterAll(() => running.close())
beforeEach(async () => {
  await db().session.deleteMany()
  await db().membership.deleteMany()
})

test('signing in at the bundled provider makes the member that its role names, and comes back to the page', async () => {
  const browser = portalBrowser()
  const { url } = await signIn(running.sts, browser, owner)
  expect(url).toBe(`${portal}/catalog?q=a`)
  const actor = await authenticate(new Headers({ cookie: cookieHeader(browser) }))
  expect(actor).toMatchObject({
    kind: 'user',
    name: 'Olivia Owner',
    role: 'owner',
    organisationId,
    scopes: null,
  })
})

test('the cookie names a row and holds no token; the row holds them sealed', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  const session = await newestSession()
  const jar = browser.cookies('localhost')
  expect([...jar.keys()].filter((name) => name.startsWith('hexgate.')).toSorted()).toEqual([
    'hexgate.return',
    'hexgate.session',
  ])
  expect(jar.get('hexgate.session')).not.toContain(session.id)
  expect(session.accessTokenSealed).toMatch(/^v2\./)
  expect(session.refreshTokenSealed).toMatch(/^v2\./)
  expect(session.idTokenSealed).toMatch(/^v2\./)
})

test('the session cookie is out of reach of scripts and of other sites', async () => {
  const browser = portalBrowser()
  const begin = await browser.open(`${portal}/api/auth/signin/oidc`)
  const page = { url: begin.url, html: await begin.response.text() }
  const back = await browser.submit(page, { email: owner, password: running.sts.password }, portal)
  const response = await browser.request(back.url)
  const attributes = attributesOf(response, 'hexgate.session')
  expect(attributes).toEqual(expect.arrayContaining(['httponly', 'samesite=lax', 'path=/']))
})

test('each login gets an id of its own and ends the one before it in that browser', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  const first = { id: (await newestSession()).id, cookie: cookieHeader(browser) }
  await signIn(running.sts, browser, owner)
  expect((await newestSession()).id).not.toBe(first.id)
  await expect(authenticate(new Headers({ cookie: first.cookie }))).rejects.toMatchObject({
    code: 'session.ended',
  })
  expect(await authenticate(new Headers({ cookie: cookieHeader(browser) }))).not.toBeNull()
})

test('a callback without its state, with a foreign state, or used again signs nobody in', async () => {
  const browser = portalBrowser()
  const begin = await browser.open(`${portal}/api/auth/signin/oidc`)
  const page = { url: begin.url, html: await begin.response.text() }
  const back = await browser.submit(page, { email: owner, password: running.sts.password }, portal)
  const stranger = portalBrowser()
  const stolen = await stranger.request(back.url)
  expect(stolen.headers.get('location')).toContain('/signin?error=')
  const forged = new URL(back.url)
  forged.searchParams.set('state', 'another')
  expect((await browser.request(forged.href)).headers.get('location')).toContain('/signin?error=')
  expect(await db().session.count()).toBe(0)
})

test('a member who was removed does not come back by signing in, whatever the claim says', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  await db().membership.updateMany({ data: { revokedAt: new Date() } })
  const cookie = cookieHeader(browser)
  await expect(authenticate(new Headers({ cookie }))).rejects.toMatchObject({ code: 'access.no-membership' })
  const { url } = await signIn(running.sts, portalBrowser(), owner)
  expect(url).toBe(`${portal}/signin?error=no-membership&next=%2Fcatalog`)
})

test('signing out ends the session here and at the provider; the old cookie is worth nothing', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  const cookie = cookieHeader(browser)
  const out = await browser.open(`${portal}/api/auth/logout`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
  })
  expect(out.url).toContain(`${running.sts.issuer}/oauth/logout?id_token_hint=`)
  const page = { url: out.url, html: await out.response.text() }
  expect((await browser.submit(page, { logout: 'yes' })).url).toBe(`${portal}/signin/signed-out`)
  expect(browser.cookies('localhost').has('hexgate.session')).toBe(false)
  await expect(authenticate(new Headers({ cookie }))).rejects.toMatchObject({ code: 'session.ended' })
  const again = await browser.open(`${portal}/api/auth/signin/oidc`)
  expect(await again.response.text()).toContain('type="password"')
})

test('another site cannot sign somebody out', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.test' }, {}]) {
    const response = await browser.request(`${portal}/api/auth/logout`, { method: 'POST', headers })
    expect(response.status).toBe(403)
  }
  expect(await authenticate(new Headers({ cookie: cookieHeader(browser) }))).not.toBeNull()
})

test('a script that signs out is told where to go on', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  const headers = { 'sec-fetch-site': 'same-origin', accept: 'application/json' }
  const response = await browser.request(`${portal}/api/auth/logout`, { method: 'POST', headers })
  expect(await response.json()).toMatchObject({ location: expect.stringContaining('/oauth/logout?') })
  expect((await newestSession()).revokedAt).not.toBeNull()
})

test('whoever comes by another name of the portal is led to its own address before signing in', async () => {
  const response = await serveAuth(
    new Request(`${portal}/api/auth/signin/oidc?next=/catalog`, { headers: { host: '127.0.0.1:9' } }),
  )
  expect(response.headers.get('location')).toBe(`${portal}/api/auth/signin/oidc?next=%2Fcatalog&moved=1`)
  const proxied = new Request(`${portal}/api/auth/signin/oidc?moved=1`, {
    headers: { host: 'internal:3000' },
  })
  expect((await serveAuth(proxied)).headers.get('location')).toContain(
    `${running.sts.issuer}/oauth/authorize`,
  )
})

test('signing in and out stand in the audit trail', async () => {
  const browser = portalBrowser()
  await signIn(running.sts, browser, owner)
  const headers = { 'sec-fetch-site': 'same-origin' }
  await browser.request(`${portal}/api/auth/logout`, { method: 'POST', headers })
  const entries = await db().auditEntry.findMany({ orderBy: { sequence: 'desc' }, take: 2 })
  expect(entries).toMatchObject([
    { action: 'session.end', actorName: 'Olivia Owner' },
    { action: 'session.begin', actorName: 'Olivia Owner' },
  ])
  expect(entries[0]?.subjectId).toBe(entries[1]?.subjectId)
})

test('with the provider away, signing in says so and stays at the portal', async () => {
  await running.sts.stop()
  try {
    const { url } = await portalBrowser().open(`${portal}/api/auth/signin/oidc?next=/catalog`)
    expect(url).toBe(`${portal}/signin?error=unavailable&next=%2Fcatalog`)
  } finally {
    await running.sts.restart()
  }
})

test('returning leads into the portal only', () => {
  expect(localPath('/catalog?q=a')).toBe('/catalog?q=a')
  for (const path of [
    null,
    '',
    'catalog',
    '//evil.test',
    '/\\evil.test',
    'http://evil.test',
    '/api/v1/me',
    '/signin',
    '/\t/evil.test',
  ]) {
    expect(localPath(path), String(path)).toBe('/')
  }
})

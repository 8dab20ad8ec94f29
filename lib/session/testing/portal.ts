import { Browser } from '#sts/testing/browser.ts'
import { type TestSts, testSts } from '#sts/testing/sts.ts'
import { db } from '../../db.ts'
import { serveApi } from '../../operations.ts'
import { testDatabase } from '../../testing/database.ts'
import { parseCookies } from '../cookie.ts'
import { serveAuth } from '../login.ts'

/** Where the portal of these tests is reached; its answers come from functions, without a network. */
export const portal = 'http://localhost:9'

export interface TestPortal {
  sts: TestSts
  close(): Promise<void>
}

/** A database and an issuer of the test file's own, and the environment that joins them. */
export async function testPortal(more: Record<string, string> = {}): Promise<TestPortal> {
  const sts = await testSts([portal])
  const database = await testDatabase()
  Object.assign(process.env, {
    HEXGATE_PORTAL_URL: portal,
    OIDC_ISSUER: sts.issuer,
    OIDC_CLIENT_ID: sts.portalClient.id,
    OIDC_CLIENT_SECRET: sts.portalClient.secret,
    HEXGATE_BUNDLED_STS: 'true',
    ...more,
  })
  return {
    sts,
    async close() {
      await database.close()
      await sts.close()
    },
  }
}

/** A browser that has the portal open. */
export function portalBrowser(): Browser {
  return new Browser({ [portal]: answer })
}

function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/api/auth/')) return serveAuth(request)
  if (pathname.startsWith('/api/v1/')) return serveApi(request)
  return Promise.resolve(new Response(`page ${pathname}`))
}

/** Signs in through the issuer's own page; gives where the browser ends up. */
export async function signIn(
  sts: TestSts,
  browser: Browser,
  email: string,
  next = '/catalog?q=a',
): Promise<{ url: string }> {
  const begin = `${portal}/api/auth/signin/oidc?next=${encodeURIComponent(next)}`
  const page = await browser.open(begin)
  if (page.url.startsWith(portal)) return page
  const html = await page.response.text()
  return browser.submit({ url: page.url, html }, { email, password: sts.password })
}

/** The Cookie header that the browser sends to the portal. */
export function cookieHeader(browser: Browser): string {
  return [...browser.cookies('localhost')].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** The row that stands behind a browser's login; the newest of all. */
export async function newestSession() {
  return db().session.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
}

/** The attributes with which a response sets a cookie, in small letters. */
export function attributesOf(response: Response, name: string): string[] {
  const line = response.headers.getSetCookie().find((cookie) => parseCookies(cookie).has(name)) ?? ''
  return line
    .split(';')
    .slice(1)
    .map((attribute) => attribute.trim().toLowerCase())
}

import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'

export type DemoRole = 'owner' | 'reviewer' | 'operator' | 'admin'

const candidates = [
  process.env['HEXGATE_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** A browser of the test file's own. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = candidates.find((file) => file !== undefined && existsSync(file))
  if (!executablePath)
    throw new Error("No Chromium found. Install Debian's package chromium or set HEXGATE_CHROMIUM.")
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  })
}

export type Session = Awaited<ReturnType<BrowserContext['storageState']>>

export interface Visit {
  width?: number
  height?: number
  dark?: boolean
  /** Of somebody who has signed in already. */
  session?: Session
}

/** A fresh browser profile with one page. */
export async function openPage(
  browser: Browser,
  visit: Visit = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({
    baseURL: inject('product').portal,
    viewport: { width: visit.width ?? 1440, height: visit.height ?? 900 },
    colorScheme: visit.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(visit.session && { storageState: visit.session }),
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  return { context, page }
}

/** Signs in at the provider's own page and waits for the portal. */
export async function signIn(
  page: Page,
  role: DemoRole,
  password = inject('product').password,
): Promise<void> {
  await page.goto('/signin')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('E-mail address').fill(`${role}@demo.hexgate.test`)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** A signed-in page in a profile of its own. */
export async function pageAs(browser: Browser, role: DemoRole, visit: Visit = {}) {
  const opened = await openPage(browser, visit)
  await signIn(opened.page, role)
  await opened.page.waitForURL(
    (url) => url.origin === inject('product').portal && !url.pathname.startsWith('/signin'),
  )
  return opened
}

const sessions = new Map<DemoRole, Promise<Session>>()

/** A page in a profile of its own, signed in with the one session that the test file has for this role. */
export async function visitAs(browser: Browser, role: DemoRole, visit: Visit = {}): Promise<Page> {
  const session = sessions.get(role) ?? sessionOf(browser, role)
  sessions.set(role, session)
  return (await openPage(browser, { ...visit, session: await session })).page
}

async function sessionOf(browser: Browser, role: DemoRole): Promise<Session> {
  const { context } = await pageAs(browser, role)
  const session = await context.storageState()
  await context.close()
  return session
}

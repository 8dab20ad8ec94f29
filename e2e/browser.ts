import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'
import type { Addresses } from './product.ts'

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
  /** Another one than the product that most tests share. */
  product?: Addresses
}

/** A fresh browser profile with one page. */
export async function openPage(
  browser: Browser,
  visit: Visit = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({
    baseURL: (visit.product ?? inject('product')).portal,
    viewport: { width: visit.width ?? 1440, height: visit.height ?? 900 },
    colorScheme: visit.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(visit.session && { storageState: visit.session }),
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  arriveWhole(page)
  return { context, page }
}

// A page that streams in has pieces twice for a moment, hidden as they came and in their place, and its buttons do
// nothing before React has them. Whoever goes to an address or loads it again is there when both are over.
function arriveWhole(page: Page): void {
  const goto = page.goto.bind(page)
  const reload = page.reload.bind(page)
  page.goto = async (...call) => settled(page, await goto(...call))
  page.reload = async (...call) => settled(page, await reload(...call))
}

async function settled<T>(page: Page, answer: T): Promise<T> {
  await page.waitForFunction(() => {
    if (!('__next_f' in window)) return true
    if (document.querySelector('div[hidden][id^="S:"], template[id^="B:"]') !== null) return false
    const alive = (element: Element) => Object.keys(element).some((key) => key.startsWith('__reactFiber$'))
    return [...document.querySelectorAll('h1, button')].every(alive)
  })
  return answer
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
  const { portal, password } = visit.product ?? inject('product')
  const opened = await openPage(browser, visit)
  await signIn(opened.page, role, password)
  await opened.page.waitForURL((url) => url.origin === portal && !url.pathname.startsWith('/signin'))
  return opened
}

const sessions = new Map<string, Promise<Session>>()

/** A page in a profile of its own, signed in with the one session that the test file has for this role. */
export async function visitAs(browser: Browser, role: DemoRole, visit: Visit = {}): Promise<Page> {
  const key = `${role} ${visit.product?.portal ?? ''}`
  const session = sessions.get(key) ?? sessionOf(browser, role, visit)
  sessions.set(key, session)
  return (await openPage(browser, { ...visit, session: await session })).page
}

async function sessionOf(browser: Browser, role: DemoRole, { product }: Visit): Promise<Session> {
  const { context } = await pageAs(browser, role, product ? { product } : {})
  const session = await context.storageState()
  await context.close()
  return session
}

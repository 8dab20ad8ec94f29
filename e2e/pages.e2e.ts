import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openPage, visitAs } from './browser.ts'
import { gatewayOf, instanceAt } from './gateway-view.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'

let browser: Browser
let apiId: string
let instanceId: string
let gatewayId: string
beforeAll(async () => {
  browser = await launchBrowser()
  const machine = await Machine.at(inject('product'))
  instanceId = await instanceAt(machine, '/shop/v1')
  apiId = (await machine.must<{ apiId: string }>('GET', `/instances/${instanceId}`)).body.apiId
  gatewayId = (await gatewayOf(machine)).id
})
afterAll(() => browser.close())

interface Visited {
  name: string
  address: () => string
  /** Stands there once the page is complete. */
  shows: (page: Page) => Promise<unknown>
  signedOut?: boolean
  /** The answer is a refusal, which the browser's console calls an error. */
  refused?: boolean
}

const live = (page: Page) => page.getByRole('button', { name: /^live/ }).waitFor()
const tab = (name: string): Visited => ({
  name: `api-${name}`,
  address: () => `/catalog/${apiId}?tab=${name}`,
  shows: live,
})

const visited: Visited[] = [
  { name: 'overview', address: () => '/', shows: live },
  { name: 'catalog', address: () => '/catalog', shows: live },
  {
    name: 'import',
    address: () => '/catalog/import',
    shows: (page) => page.getByRole('dialog', { name: 'New API' }).waitFor(),
  },
  tab('operations'),
  tab('consumers'),
  tab('definition'),
  tab('versions'),
  tab('settings'),
  { name: 'policies', address: () => `/catalog/${apiId}/policies`, shows: live },
  { name: 'deployments', address: () => '/deployments', shows: live },
  { name: 'comparison', address: () => `/deployments?gateway=${gatewayId}&compare=1..1`, shows: live },
  { name: 'gateways', address: () => '/gateways', shows: live },
  { name: 'gateway', address: () => `/gateways/${gatewayId}`, shows: live },
  { name: 'network-policies', address: () => `/gateways/${gatewayId}/network-policies`, shows: live },
  ...['traffic', 'listeners', 'upstreams', 'certificates', 'websockets'].map((side) => ({
    name: `gateway-${side}`,
    address: () => `/gateways/${gatewayId}?tab=${side}`,
    shows: live,
  })),
  {
    name: 'topology',
    address: () => '/topology?view=graph',
    shows: (page) => page.locator('.react-flow__edge [role=img]').first().waitFor({ state: 'attached' }),
  },
  {
    name: 'topology-table',
    address: () => '/topology?view=table',
    shows: (page) => page.getByRole('region', { name: 'Flows' }).waitFor(),
  },
  { name: 'settings', address: () => '/settings', shows: live },
  { name: 'audit', address: () => '/settings/audit', shows: live },
  { name: 'rest', address: () => '/api-docs', shows: live },
  { name: 'nowhere', address: () => '/no-such-page', shows: async () => {}, refused: true },
  { name: 'sign-in', address: () => '/signin', shows: async () => {}, signedOut: true },
  { name: 'signed-out', address: () => '/signin/signed-out', shows: async () => {}, signedOut: true },
]

test.each(visited)('$name: whole at both widths and in both themes, and free of faults', async (one) => {
  const faults: string[] = []
  const page = one.signedOut ? (await openPage(browser)).page : await visitAs(browser, 'admin')
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !one.refused) faults.push(message.text())
  })
  const arrive = async () => {
    await page.goto(one.address())
    await one.shows(page)
  }
  faults.push(...(await lookAt(page, one.name, arrive)))
  await page.context().close()
  expect(faults).toEqual([])
})

test('the keyboard finds an API from anywhere and opens it', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/gateways')
  await live(page)
  await page.keyboard.press('Control+K')
  await page.getByPlaceholder('Search APIs, gateways, pages').waitFor()
  await page.keyboard.type('customer rec')
  const found = page.getByRole('option', { name: /Customer records/, selected: true })
  await found.waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Customer records' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  await page.context().close()
})

test('a question mark shows the keys, Escape closes them, and they lead where they say', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  await live(page)
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await dialog.getByText('Go to Topology').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.waitForURL('**/deployments')
  await page.context().close()
})

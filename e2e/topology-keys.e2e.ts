import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { startEcho } from './echo-upstream.ts'
import { freshName, liveApi } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'

let browser: Browser
let machine: Machine
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(() => browser.close())

test('a question mark shows the keys of the map beside those of everywhere, and beside the table none', async () => {
  const page = await openMap()
  await reach(page)
  const stood = await focused(page)
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await dialog.getByRole('region', { name: 'On the map' }).getByText('Find by name').waitFor()
  await dialog.getByRole('region', { name: 'Everywhere' }).getByText('Search everything').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe(stood)
  await page.keyboard.press('/')
  const finding = page.getByRole('dialog', { name: 'Find in the topology' })
  await finding.getByRole('combobox').fill('no such name')
  await finding.getByText('Nothing has that name.').waitFor()
  await page.keyboard.press('Escape')
  await finding.waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe(stood)

  await page.getByRole('button', { name: 'Table', exact: true }).click()
  await page.getByRole('table', { name: /^Flows/ }).waitFor()
  await page.keyboard.press('?')
  await dialog.getByRole('region', { name: 'Everywhere' }).waitFor()
  expect(await dialog.getByRole('region', { name: 'On the map' }).count()).toBe(0)
})

test('things of the map are moved by the keyboard alone, in a mode that begins and ends by it', async () => {
  const networkId = await newNetwork()
  const names = [freshName('one'), freshName('two')]
  const ids = await Promise.all(names.map((name) => newConsumer(name, networkId)))
  const page = await openMap()
  const at = async (id: string) => (await stop(page, id).boundingBox())?.y ?? Number.NaN
  await find(page, names[0] ?? '')
  await stop(page, ids[1] ?? '').waitFor()
  const isFirstAbove = (await at(ids[0] ?? '')) < (await at(ids[1] ?? ''))
  const [upper, lower] = isFirstAbove ? ids : ids.toReversed()
  const name = (isFirstAbove ? names : names.toReversed())[0] ?? ''
  await find(page, name)
  await expect.poll(() => focused(page)).toBe(`party:${upper}`)

  await page.keyboard.press('m')
  const move = page.getByRole('button', { name: 'Move', exact: true })
  await expect.poll(() => move.getAttribute('aria-pressed')).toBe('true')
  await page.keyboard.press('ArrowDown')
  await page
    .getByRole('status')
    .filter({ hasText: `${name} moved down` })
    .waitFor({ state: 'attached' })
  await expect
    .poll(async () => (await at(upper ?? '')) > (await at(lower ?? '')), { timeout: 10_000 })
    .toBe(true)

  await page.keyboard.press('Escape')
  await expect.poll(() => move.getAttribute('aria-pressed')).toBe('false')
  await find(page, name)
  await page.keyboard.press('ArrowUp')
  await expect.poll(() => focused(page)).not.toBe(`party:${upper}`)
  await machine.must('DELETE', '/topology/arrangement')
})

test('lines move while there is traffic, until they are switched off, and never for who wants less motion', async () => {
  const upstream = await startEcho()
  const { name, url, instanceId } = await liveApi(machine, 'moving', upstream.url)
  // The last of them may be cut off by the end of the test.
  const calling = setInterval(() => void fetch(`${url}/echo`).catch(() => undefined), 100)
  try {
    const rate = async () => {
      const { apis } = (
        await machine.must<{ apis: { id: string; traffic: { requestsPerSecond: number } | null }[] }>(
          'GET',
          '/topology',
        )
      ).body
      return apis.find(({ id }) => id === instanceId)?.traffic?.requestsPerSecond ?? 0
    }
    await expect.poll(rate, { timeout: 30_000, interval: 500 }).toBeGreaterThan(0)
    const page = await openMap()
    await find(page, name)
    const line = page.locator('.react-flow__edge .topology-traffic').last()
    await line.waitFor({ state: 'attached' })
    const moves = () => line.evaluate((element) => getComputedStyle(element).animationName)
    const motion = page.getByRole('button', { name: 'Motion' })
    expect(await moves()).toBe('none')
    expect(await motion.isVisible()).toBe(false)

    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await expect.poll(moves).toBe('topology-traffic')
    await motion.click()
    await expect.poll(moves).toBe('none')
    await page.reload()
    await find(page, name)
    await line.waitFor({ state: 'attached' })
    expect(await moves(), 'it is remembered').toBe('none')
    await motion.click()
    await expect.poll(moves).toBe('topology-traffic')
  } finally {
    clearInterval(calling)
    await upstream.close()
  }
})

test('the flows of a team stand out by a lens that the address holds, and a new party takes a team', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology?view=table')
  const rows = page.getByRole('table', { name: /^Flows/ }).locator('tbody tr')
  await page.getByRole('button', { name: 'Lenses' }).click()
  await choose(page, 'Team of an end', 'Shop team')
  await page.keyboard.press('Escape')
  await expect.poll(() => new URL(page.url()).searchParams.get('team')).toBe('Shop team')
  await expect
    .poll(async () => (await rows.allTextContents()).every((text) => text.includes('Shop team')))
    .toBe(true)
  const listed = await rows.count()
  expect(listed).toBeGreaterThan(1)
  await page.reload()
  await expect.poll(() => rows.count()).toBe(listed)
  await page.getByRole('button', { name: 'Shop team, take off' }).click()
  await expect.poll(() => rows.count()).toBeGreaterThan(listed)

  const team = freshName('team')
  await page.goto('/topology?view=graph')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Consumer' }).click()
  await page.getByRole('textbox', { name: 'Consumer name' }).fill(freshName('till'))
  await page.getByRole('combobox', { name: 'Team' }).fill(team)
  await page.getByRole('button', { name: 'Add consumer' }).click()
  await page.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: team }).click()
  await page.getByRole('button', { name: `${team}, take off` }).waitFor()
  expect(new URL(page.url()).searchParams.get('team')).toBe(team)
})

test('the table with every leg in full is fit to be seen', async () => {
  const page = await visitAs(browser, 'owner')
  const arrive = async () => {
    await page.goto('/topology?view=table&legs=full')
    await page.getByText('trusted through').first().waitFor()
  }
  expect(await lookAt(page, 'topology-table-legs', arrive)).toEqual([])
  await page.getByRole('button', { name: 'Legs in full', exact: true }).click()
  await page.getByText('trusted through').first().waitFor({ state: 'detached' })
  const row = page
    .getByRole('button', { name: /legs? in full: Web shop to Stock levels/, expanded: false })
    .first()
  await row.click()
  await page.getByText('trusted through').first().waitFor()
})

test('many changes of one moment are announced in few words, and none goes unsaid', async () => {
  const networkId = await newNetwork()
  const page = await openMap()
  await page.evaluate(() => {
    const said: string[] = []
    Object.assign(window, { said })
    const status = document.querySelector('[role=status][aria-label=Changes]')
    if (!status) throw new Error('nothing announces changes')
    new MutationObserver(() => said.push(status.textContent ?? '')).observe(status, {
      childList: true,
      characterData: true,
      subtree: true,
    })
  })
  const many = 8
  await Promise.all(Array.from({ length: many }, () => newConsumer(freshName('crowd'), networkId)))
  const parties = async () => {
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said)
    return said.flatMap((words) => Number(/(\d+) part(?:y|ies) added/.exec(words)?.[1] ?? []))
  }
  const sum = async () => (await parties()).reduce((all, each) => all + each, 0)
  await expect.poll(sum, { timeout: 20_000 }).toBe(many)
  expect((await parties()).length).toBeLessThan(many)
})

async function openMap(): Promise<Page> {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology?view=graph')
  await drawn(page)
  return page
}

function drawn(page: Page): Promise<void> {
  return page.locator('.react-flow__edge [role=img]').first().waitFor()
}

/** Goes there by the keys of the map. */
async function find(page: Page, name: string): Promise<void> {
  await reach(page)
  await page.keyboard.press('/')
  const dialog = page.getByRole('dialog', { name: 'Find in the topology' })
  await dialog.getByRole('combobox').fill(name)
  await dialog.getByRole('option', { name, selected: true }).waitFor()
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
}

/** Comes to the map by Tab, once there is one: its order comes behind the page. */
async function reach(page: Page): Promise<void> {
  await drawn(page)
  for (let tabs = 0; tabs < 60 && (await focused(page)) === null; tabs += 1) await page.keyboard.press('Tab')
  expect(await focused(page)).not.toBeNull()
}

function focused(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.getAttribute('data-stop') ?? null)
}

function stop(page: Page, partyId: string) {
  return page.locator(`[data-stop="party:${partyId}"]`)
}

async function newNetwork(): Promise<string> {
  const body = { name: freshName('network'), class: 'org-internal', location: 'vpc' }
  return (await machine.must<{ id: string }>('POST', '/networks', { body })).body.id
}

async function newConsumer(name: string, networkId: string): Promise<string> {
  const body = { name, kind: 'consumer', owner: 'organisation', networkId }
  return (await machine.must<{ id: string }>('POST', '/parties', { body })).body.id
}

async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field, exact: true }).click()
  await page.getByRole('option', { name: option }).first().click()
}

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { type Product, startProduct } from './product.ts'

let browser: Browser
let product: Product
beforeAll(async () => {
  // What is moved is moved for everybody, so nobody else must look on.
  ;[browser, product] = await Promise.all([launchBrowser(), startProduct()])
})
afterAll(() => Promise.all([browser.close(), product.stop()]))

test('a network that is dragged below another one lands there, and stands there for everybody', async () => {
  const page = await openMap('owner')
  const before = await inOrder(page)
  await page.getByRole('button', { name: 'Move', exact: true }).click()
  await drag(page, before.upper, before.lower)
  const reader = await openMap('reviewer')
  expect(await inOrder(reader)).toEqual({ upper: before.lower, lower: before.upper })
  await expect.poll(() => inOrder(page)).toEqual({ upper: before.lower, lower: before.upper })

  await page.getByRole('button', { name: 'Automatic' }).click()
  await expect.poll(() => inOrder(page)).toEqual(before)
})

test('nothing is dragged while moving is off: the map is', async () => {
  const page = await openMap('owner')
  const { upper } = await inOrder(page)
  const from = await placeOf(network(page, upper))
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move(from.x, from.y + 40, { steps: 4 })
  await page.mouse.up()
  await expect.poll(async () => Math.round((await placeOf(network(page, upper))).y - from.y)).toBe(40)
})

const names = ['Retail network', 'Marketplace cloud']

async function openMap(role: 'owner' | 'reviewer'): Promise<Page> {
  const page = await visitAs(browser, role, { product })
  await page.goto('/topology?view=graph')
  await page.locator('.react-flow__edge [role=img]').first().waitFor()
  await standing(page)
  return page
}

/** Until the map has not moved for some frames: it is fitted into its room as that becomes known. */
async function standing(page: Page): Promise<void> {
  await page.locator('.react-flow__viewport').evaluate(async (viewport) => {
    let place = ''
    for (let still = 0; still < 30; still++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const { x, y, width } = viewport.getBoundingClientRect()
      if (place !== `${x} ${y} ${width}`) still = 0
      place = `${x} ${y} ${width}`
    }
  })
}

function network(page: Page, name: string): Locator {
  return page.locator('[data-stop^="network:"]').filter({ hasText: name })
}

/** Two networks that stand among each other. */
async function inOrder(page: Page): Promise<{ upper: string; lower: string }> {
  const places = await Promise.all(
    names.map(async (name) => ({ name, y: (await placeOf(network(page, name))).y })),
  )
  const [upper, lower] = places.toSorted((a, b) => a.y - b.y)
  if (!upper || !lower) throw new Error('the sample has no two networks')
  return { upper: upper.name, lower: lower.name }
}

async function placeOf(thing: Locator): Promise<{ x: number; y: number }> {
  const box = await thing.boundingBox()
  if (!box) throw new Error('it is not in view')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** By its title, until its box lies over that of the other one. */
async function drag(page: Page, what: string, over: string): Promise<void> {
  const [from, to] = [await placeOf(network(page, what)), await placeOf(network(page, over))]
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move(from.x, from.y + 20, { steps: 4 })
  await page.mouse.move(from.x, to.y + 20, { steps: 8 })
  await page.mouse.up()
  await page
    .getByRole('status')
    .filter({ hasText: `${what} moved` })
    .waitFor({ state: 'attached' })
}

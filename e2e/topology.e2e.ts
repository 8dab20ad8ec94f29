import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { freshName } from './live-api.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(() => browser.close())

const sampled = ['1A', '2', '5', '7', '9']

test('the sample data shows patterns 1A, 2, 5, 7 and 9 beside the map and in the table', async () => {
  const page = await openMap()
  const patterns = details(page).getByText('Patterns', { exact: true }).locator('xpath=following-sibling::*')
  const named = ((await patterns.first().textContent()) ?? '').split(', ')
  expect(named).toEqual(expect.arrayContaining(sampled))
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  const table = page.getByRole('table', { name: 'Flows from consumers through gateways to APIs' })
  await table.waitFor()
  const column = await table.locator('tbody tr td:nth-child(4)').allTextContents()
  // 1Ause case 1, ingress
  const inRows = column.map((text) => /^(\d[AB]?)use case/.exec(text)?.[1])
  expect(inRows).toEqual(expect.arrayContaining(sampled))
})

test('every leg has its hexagon with a word for its class, and the hexagon lies on the drawn line', async () => {
  const page = await openMap()
  const legs = await page.locator('.react-flow__edge').evaluateAll((edges) =>
    edges.map((edge) => {
      const line = edge.querySelectorAll('path')[1]
      const mark = edge.querySelector('[role=img]')
      const hexagon = mark?.querySelector('polygon')
      if (!line || !mark || !hexagon) return null
      const at = /translate\(([\d.-]+)[ ,]([\d.-]+)\)/.exec(mark.getAttribute('transform') ?? '')
      const near = (length: number) => {
        const point = line.getPointAtLength(length)
        return Math.hypot(point.x - Number(at?.[1]), point.y - Number(at?.[2]))
      }
      const total = line.getTotalLength()
      const steps = Array.from({ length: 2_001 }, (_, step) => near((total * step) / 2_000))
      const { stroke, opacity } = getComputedStyle(line)
      return {
        label: mark.getAttribute('aria-label') ?? '',
        words: [...mark.querySelectorAll('text')].map((text) => text.textContent).join(' '),
        distance: Math.min(...steps),
        length: total,
        visible: stroke !== 'none' && Number(opacity) > 0,
        fill: getComputedStyle(hexagon).fill,
      }
    }),
  )
  expect(legs.length).toBeGreaterThan(10)
  const looks = new Map<string, string>()
  // Nothing else is said of a leg, least of all the ids that the drawing works with.
  expect(await page.locator('.react-flow__edge[aria-label]').count()).toBe(0)
  for (const leg of legs) {
    if (!leg) throw new Error('a leg is drawn without a line or a hexagon')
    const { label, words, distance, length, visible, fill } = leg
    expect(visible && length > 0, label).toBe(true)
    expect(distance, `${label}: hexagon away from its line`).toBeLessThan(2)
    const [trust] = /Org Internal|Org External|Non-Org Ext\.|not known yet/.exec(words) ?? ['no word']
    expect(label).toContain(expectedBy[trust] ?? trust)
    looks.set(trust, fill)
  }
  const colours = ['Org Internal', 'Org External', 'Non-Org Ext.'].map((trust) => looks.get(trust))
  expect(colours).not.toContain(undefined)
  expect(new Set(colours).size, 'three colours').toBe(3)
})

/** What the word under a hexagon must go with in its label. */
const expectedBy: Record<string, string> = {
  'Org Internal': 'expected organisation internal mTLS',
  'Org External': 'expected organisation external mTLS',
  'Non-Org Ext.': 'expected non-organisation external mTLS',
  // APIs of other tests, whose providers nobody has named.
  'not known yet': 'nothing can be expected until the provider is named',
}

test('a chosen flow says its use case, pattern, the role of the gateway and the expected contexts', async () => {
  const page = await openMap()
  await page.getByRole('button', { name: /^Retail partner/ }).click()
  await details(page)
    .getByRole('button', { name: /Retail partner to Carrier rates/ })
    .click()
  await details(page).getByRole('heading', { name: 'Retail partner to Carrier rates' }).waitFor()
  const said = (await details(page).textContent()) ?? ''
  expect(said).toContain('Use case 4, pattern 9.')
  expect(said).toContain('the gateway acts as ingress and egress')
  const expected = await details(page).locator('dt:text-is("expected") + dd').allTextContents()
  expect(expected).toEqual([
    'non-organisation external mTLS',
    'organisation internal mTLS',
    'organisation internal mTLS',
    'non-organisation external mTLS',
  ])
  // The address holds it: a link shows the same.
  await page.reload()
  await details(page).getByRole('heading', { name: 'Retail partner to Carrier rates' }).waitFor()
})

test('a network, a consumer and a provider that are added appear on the map', async () => {
  const page = await openMap()
  const network = freshName('network')
  await add(page, 'Network')
  await page.getByRole('textbox', { name: 'Network name' }).fill(network)
  await choose(page, 'Class', 'Organisation external')
  await page.getByRole('textbox', { name: 'Firewall' }).fill('Its edge')
  await page.getByRole('button', { name: 'Add network' }).click()
  await stop(page, 'network', network).waitFor()
  for (const kind of ['Consumer', 'Provider']) {
    const name = freshName(kind.toLowerCase())
    await add(page, kind)
    await page.getByRole('textbox', { name: `${kind} name` }).fill(name)
    await choose(page, 'Network', network)
    await page.getByRole('button', { name: `Add ${kind.toLowerCase()}` }).click()
    await stop(page, 'party', name).waitFor()
    await details(page).getByText(`in ${network}, which is organisation external`).waitFor()
  }
})

test('a place where a party may not stand is refused with the reason, while it is chosen', async () => {
  const page = await openMap()
  await add(page, 'Consumer')
  await page.getByRole('textbox', { name: 'Consumer name' }).fill('Misplaced')
  await choose(page, 'Belongs to', 'A third party')
  const why =
    'Misplaced belongs to a third party and cannot stand in a network that is organisation internal: ' +
    'a party of the organisation stands in an organisation internal or organisation external network, ' +
    'a third party in a non-organisation external one.'
  await page.getByRole('alert').getByText(why).waitFor()
  expect(await page.getByRole('button', { name: 'Add consumer' }).isDisabled()).toBe(true)
  await choose(page, 'Network', 'Retail network')
  await page.getByRole('alert').getByText(why).waitFor({ state: 'detached' })
  expect(await page.getByRole('button', { name: 'Add consumer' }).isEnabled()).toBe(true)
})

test('a party says what its certificates are known by; what no certificate can hold is refused while it is typed', async () => {
  const page = await openMap()
  const name = freshName('known')
  await add(page, 'Consumer')
  await page.getByRole('textbox', { name: 'Consumer name' }).fill(name)
  await page.getByRole('button', { name: 'Add consumer' }).click()
  await details(page).getByText('nobody said what they are known by').waitFor()

  await details(page).getByRole('button', { name: 'Edit' }).click()
  const certificates = page.getByRole('textbox', { name: 'Certificates' })
  const save = page.getByRole('button', { name: 'Save', exact: true })
  await certificates.fill('spiffe://acme.example/known\nnot a name ///')
  await page
    .getByRole('alert')
    .getByText(/^“not a name \/\/\/” is no URI, DNS name, mailbox or address/)
    .waitFor()
  expect(await save.isDisabled()).toBe(true)
  await certificates.fill('spiffe://acme.example/known\nCN=known,O=Acme')
  await save.click()
  await details(page).getByText('spiffe://acme.example/known, CN=known,O=Acme', { exact: true }).waitFor()

  await page.reload()
  await details(page).getByRole('button', { name: 'Edit' }).click()
  expect(await certificates.inputValue()).toBe('spiffe://acme.example/known\nCN=known,O=Acme')
})

test('the keyboard alone reaches the map, walks it, opens the details and comes back', async () => {
  const page = await openMap()
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-stop') ?? null)
  for (let tabs = 0; tabs < 40 && (await focused()) === null; tabs += 1) await page.keyboard.press('Tab')
  const first = await focused()
  expect(first).not.toBeNull()
  const seen = new Set([first])
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowUp']) {
    await page.keyboard.press(key)
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    seen.add(await focused())
  }
  expect(seen.has(null), 'the focus stays in the map').toBe(false)
  expect(seen.size).toBeGreaterThan(3)

  const left = await focused()
  await page.keyboard.press('Enter')
  const heading = details(page).getByRole('heading', { level: 2 })
  await expect.poll(() => heading.evaluate((element) => element === document.activeElement)).toBe(true)
  expect(new URL(page.url()).searchParams.get('select')).toBe(left)
  await page.keyboard.press('Escape')
  await expect.poll(focused).toBe(left)
  expect(new URL(page.url()).searchParams.get('select')).toBeNull()
})

async function openMap(): Promise<Page> {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology')
  await page.locator('.react-flow__edge [role=img]').first().waitFor()
  return page
}

function details(page: Page) {
  return page.getByRole('complementary', { name: 'Details' })
}

/** A thing on the map that the keyboard can stand on. */
function stop(page: Page, kind: 'network' | 'party', name: string) {
  return page.locator(`[data-stop^="${kind}:"]`).filter({ hasText: name })
}

async function add(page: Page, what: string): Promise<void> {
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('menuitem', { name: what }).click()
}

async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field, exact: true }).click()
  await page.getByRole('option', { name: option }).first().click()
}

import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { flowsIn, readXml, withAttribute, wordsIn } from '#diagram/picture/testing/read-svg.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { topologyDocument } from '#domain/topology-document.ts'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(() => browser.close())

const entry = (page: Page, name: RegExp) => page.getByRole('menuitem', { name })

async function kept(page: Page, act: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()])
  return { name: download.suggestedFilename(), content: await readFile(await download.path()) }
}

async function openShare(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Share' }).click()
  await entry(page, /^PNG/).waitFor()
}

async function take(page: Page, name: RegExp) {
  await openShare(page)
  const file = await kept(page, () => entry(page, name).click())
  await page.getByRole('button', { name: 'Share', disabled: false }).waitFor()
  return file
}

test('a picture of the whole topology takes three actions from the home page', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  const actions = new Actions(page)
  await actions.click(page.getByRole('navigation').getByRole('link', { name: 'Topology', exact: true }))
  await actions.click(page.getByRole('button', { name: 'Share' }))
  const { name, content } = await kept(page, () => actions.click(entry(page, /^PNG/)))
  actions.expectWithin(3)
  expect(name).toMatch(/^topology-[a-z0-9-]+-\d{4}-\d\d-\d\d\.png$/)
  expect(content.subarray(1, 4).toString()).toBe('PNG')
  await writeFile('test-results/pages/topology-picture.png', content)
  // The whole topology at twice its size, whatever the window shows.
  expect(content.readUInt32BE(16)).toBeGreaterThan(1_900)
  await page.getByText('Saved', { exact: true }).waitFor()
})

test('what is taken along says what the page says, in every form', async () => {
  const page = await visitAs(browser, 'reviewer')
  await page.goto('/topology?use-case=4')
  const svg = readXml((await take(page, /^SVG/)).content.toString())
  const flow = flowsIn(svg).get('Retail partner to Carrier rates')
  expect(flow).toMatchObject({
    pattern: '9',
    useCase: '4',
    role: 'ingress and egress',
    hexagons: ['non-org-external', 'org-internal', 'gateway', 'org-internal', 'non-org-external'],
  })
  expect(wordsIn(svg).join('\n')).toContain('use case 4')

  const pdf = (await take(page, /^PDF/)).content.toString('latin1')
  expect(pdf).toMatch(/^%PDF-1\.7/)

  const csv = (await take(page, /^Flows as CSV/)).content.toString()
  expect(csv.split('\r\n')[0]).toContain('Consumer,Consumer team,Consumer network,API')
  expect(csv).toContain('Retail partner (third party)')

  const json = (await take(page, /^Topology as JSON/)).content.toString()
  const { hash, topology } = topologyDocument.parse(JSON.parse(json))
  expect(createHash('sha256').update(canonicalJson(topology)).digest('hex')).toBe(hash)
  const legs = withAttribute(svg, 'data-leg').map(({ attributes }) => attributes['data-leg'] ?? '')
  expect(legs.toSorted()).toEqual(topology.legs.map(({ id }) => id).toSorted())
})

test('an evidence pack holds what its hashes say', async () => {
  const page = await visitAs(browser, 'reviewer')
  await page.goto('/topology')
  const { name, content } = await take(page, /^Evidence pack/)
  expect(name).toMatch(/^evidence-.*\.zip$/)
  const files = unzipSync(content)
  const sums = Buffer.from(files['SHA256SUMS'] ?? '').toString()
  const named = sums.trimEnd().split('\n')
  expect(named).toHaveLength(Object.keys(files).length - 1)
  for (const line of named) {
    const [hash, file = ''] = line.split('  ')
    expect(
      createHash('sha256')
        .update(files[file] ?? '')
        .digest('hex'),
      file,
    ).toBe(hash)
  }
  const { revisions } = JSON.parse(Buffer.from(files['manifest.json'] ?? '').toString())
  expect(revisions.length).toBeGreaterThan(0)
})

test('a dark picture is chosen before its format', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology')
  await openShare(page)
  const dark = page.getByRole('menuitemradio', { name: 'Dark' })
  const choose = async () => {
    await dark.click()
    return dark.getAttribute('aria-checked')
  }
  await expect.poll(choose).toBe('true')
  const { content } = await kept(page, () => entry(page, /^SVG/).click())
  expect(content.toString()).toContain('fill="#0e1116"')
})

test('a link to what is looked at is copied, filter and all', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology?use-case=2')
  await openShare(page)
  await entry(page, /^Copy link/).click()
  await page.getByText('Link copied').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url())
})

test('what cannot be made is said in the words of the portal', async () => {
  const page = await visitAs(browser, 'owner')
  await page.route('**/api/v1/topology/picture?*', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'Too many pictures are being drawn',
        status: 503,
        code: 'picture.busy',
        detail: 'Other pictures are being drawn. Ask again in a moment.',
      }),
    }),
  )
  await page.goto('/topology')
  await openShare(page)
  await page.screenshot({ path: 'test-results/pages/share-menu.png' })
  await entry(page, /^PDF/).click()
  await page.getByText('Ask again in a moment.').waitFor()
})

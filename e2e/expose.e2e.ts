import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type Echo, type EchoUpstream, startEcho } from './echo-upstream.ts'
import { deploy, instanceAt } from './gateway-view.ts'
import { echoDocument, freshName, liveApi, untilStatus } from './live-api.ts'
import { Machine } from './machine.ts'

let browser: Browser
let echo: EchoUpstream
let machine: Machine
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  echo = await startEcho({ '/openapi.yaml': echoDocument('Served at an address', 'http://127.0.0.1:1') })
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(async () => {
  await browser.close()
  await echo.close()
})

test('the catalog shows the demo APIs live, and they answer', async () => {
  const { gateway } = inject('product')
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  await page.getByRole('link', { name: 'Catalog', exact: true }).click()
  for (const basePath of ['/shop/v1', '/crm/v2', '/freight/v1']) {
    const demo = page.getByRole('cell', { name: basePath, exact: true })
    await page.getByRole('row').filter({ has: demo }).getByText('In sync').waitFor()
  }
  const answers = await Promise.all(
    ['/shop/v1/orders', '/freight/v1/rates?from=DE&to=FR&weightKg=2', '/crm/v2/customers'].map((at) =>
      fetch(gateway + at),
    ),
  )
  // The third asks for a key.
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
})

test('an API is exposed from its document in four actions, and the copied line calls it', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  const name = freshName('orders')
  const document = await ordersDocument(name)
  const actions = new Actions(page)

  await actions.click(page.getByRole('link', { name: 'Catalog', exact: true }))
  await page.getByRole('heading', { name: 'Catalog' }).waitFor()
  await actions.drop(page.getByRole('main'), {
    name: 'orders.yaml',
    type: 'application/yaml',
    text: document,
  })
  await actions.click(page.getByRole('button', { name: 'Import and deploy' }))
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.getByRole('cell', { name: 'applied', exact: true }).waitFor()
  await untilStatus(`${inject('product').gateway}/${name}/orders`, 200)
  actions.expectWithin(4)

  await page.getByText('/stock', { exact: true }).waitFor()
  await page.getByText('List orders, newest first').waitFor()
  await page.getByRole('button', { name: 'Copy the command' }).click()
  const line = await page.evaluate(() => navigator.clipboard.readText())
  expect(line).toMatch(/^curl /)
  const { stdout } = await promisify(execFile)('sh', ['-c', line])
  expect(stdout).toMatch(/^HTTP\/1\.1 200 /)
  expect(stdout).toContain('"orders"')
})

test('a deployment by somebody else shows as desired and applied on an open page, without a reload', async () => {
  const api = await liveApi(machine, 'watched', echo.url)
  const page = await visitAs(browser, 'owner')
  await page.goto(`/catalog/${api.apiId}`)
  await page.getByText('In sync').waitFor()
  await page.getByRole('cell', { name: 'applied', exact: true }).waitFor()
  await page.evaluate(() => Object.assign(window, { wasHereBefore: true }))

  const operation = `/instances/${api.instanceId}`
  const { body: instance, etag } = await machine.must<Record<string, unknown>>('GET', operation)
  const { host, basePath, stripBasePath, enabled } = instance
  const body = { host, basePath, stripBasePath, enabled, upstreamUrl: `${echo.url}/moved` }
  await machine.must('PUT', operation, { body, ...(etag && { ifMatch: etag }) })
  await page.getByRole('button', { name: 'Draft: 1 change' }).waitFor()

  const number = await deploy(machine, api.instanceId)
  await page.getByText(`Desired: revision ${number} of edge`).waitFor()
  const node = page.getByRole('row').filter({ hasText: `revision ${number} ` })
  await node.getByText('applied', { exact: true }).waitFor()
  await page.getByText('In sync').waitFor()
  expect(await page.evaluate(() => 'wasHereBefore' in window)).toBe(true)
  const answer = (await (await fetch(`${api.url}/echo`)).json()) as Echo
  expect(answer.path).toBe('/moved/echo')
})

test('an API with two endpoints sends the same visitor to the same one, as its settings say', async () => {
  const api = await liveApi(machine, 'visitors', echo.url)
  const page = await visitAs(browser, 'owner')
  await page.goto(`/catalog/${api.apiId}?tab=settings`)
  await page.getByRole('button', { name: 'Listeners, endpoints, destinations and tiers' }).click()
  const upstream = page.getByRole('group', { name: 'Upstream', exact: true })
  for (const [index, place] of ['one', 'two'].entries()) {
    await upstream.getByRole('button', { name: 'Add endpoint' }).click()
    await upstream.getByRole('combobox', { name: 'Address' }).nth(index).fill(`${echo.url}/${place}`)
  }
  const choose = async (name: string, option: string) => {
    await upstream.getByRole('combobox', { name, exact: true }).click()
    await page.getByRole('option', { name: option }).click()
  }
  const save = () => page.getByRole('button', { name: 'Save the draft' }).click()
  await choose('Balancing', 'consistent-hash')
  await choose('By', 'cookie')
  await save()
  await upstream.getByText('must say which cookie').waitFor()
  await upstream.getByRole('combobox', { name: 'Name', exact: true }).fill('visitor')
  await save()
  await page.getByRole('button', { name: /^Draft: \d+ changes?$/ }).waitFor()
  await deploy(machine, api.instanceId)

  const placeOf = async (visitor: number) => {
    const answer = await fetch(`${api.url}/echo`, { headers: { cookie: `visitor=${visitor}` } })
    return ((await answer.json()) as Echo).path
  }
  await expect.poll(() => placeOf(1), { timeout: 20_000 }).toMatch(/^\/(one|two)\/echo$/)
  const visitors = Array.from({ length: 20 }, (_, visitor) => visitor)
  const first = await Promise.all(visitors.map(placeOf))
  expect(new Set(first).size).toBe(2)
  expect(await Promise.all(visitors.map(placeOf))).toEqual(first)

  await choose('Balancing', 'round-robin')
  await save()
  await upstream.getByText('has a meaning with the balancing consistent-hash alone').waitFor()
  await upstream.getByRole('button', { name: 'Leave out consistent hash of' }).click()
  await save()
  await page.getByText('has a meaning with').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Save the draft', disabled: true }).waitFor()
})

test('a document is imported by its address', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/catalog')
  await page.getByRole('button', { name: 'New API' }).click()
  await page.getByRole('tab', { name: 'Address' }).click()
  await page.getByRole('textbox', { name: 'Address' }).fill(`${echo.url}/openapi.yaml`)
  await page.getByRole('button', { name: 'Read it' }).click()
  const name = freshName('address')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('textbox', { name: 'Base path' }).fill(`/${name}`)
  await page.getByRole('combobox', { name: 'Upstream' }).fill(echo.url)
  await page.getByRole('button', { name: 'Import and deploy' }).click()
  await page.getByRole('heading', { level: 1, name: 'Served at an address' }).waitFor()
  await untilStatus(`${inject('product').gateway}/${name}/echo`, 200)
})

test('a pasted Swagger 2.0 document is converted, and both the dialog and the page say so', async () => {
  const page = await visitAs(browser, 'owner')
  const name = freshName('swagger')
  await paste(
    page,
    JSON.stringify(
      {
        swagger: '2.0',
        info: { title: name, version: '2.5' },
        host: echo.url.replace('http://', ''),
        schemes: ['http'],
        basePath: '/',
        paths: {
          '/echo': { get: { produces: ['application/json'], responses: { 200: { description: 'ok' } } } },
        },
      },
      null,
      2,
    ),
  )
  await page.getByText('Version 2.5, 1 operation, converted from Swagger 2.0').waitFor()
  await page.getByRole('button', { name: 'Import and deploy' }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await untilStatus(`${inject('product').gateway}/${name}/echo`, 200)
  await page.getByRole('tab', { name: 'Definition' }).click()
  await page
    .getByText(/converted from Swagger 2\.0/i)
    .first()
    .waitFor()
})

test('a bad document is refused with its line and pointer, and the line is shown', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/catalog')
  const text = [
    'openapi: 3.0.3',
    'info: { title: Broken, version: 1.0.0 }',
    'paths:',
    '  /things:',
    '    get:',
    '      responses:',
    "        '200':",
    "          $ref: '#/components/responses/Missing'",
  ].join('\n')
  await new Actions(page).drop(page.getByRole('main'), { name: 'bad.yaml', type: 'application/yaml', text })
  const said = page.getByRole('dialog').getByText('line 8, /paths/~1things/get/responses/200')
  await said.waitFor()
  await page.getByRole('button', { name: 'Show line 8 in the document' }).click()
  await page.getByRole('dialog').getByText('#/components/responses/Missing').first().waitFor()
  expect(await page.getByRole('button', { name: 'Import and deploy' }).count()).toBe(0)
})

async function paste(page: Page, text: string): Promise<void> {
  await page.goto('/catalog')
  await page.getByRole('button', { name: 'New API' }).click()
  await page.getByRole('tab', { name: 'Paste' }).click()
  const editor = page.getByRole('textbox', { name: 'OpenAPI document' })
  await editor.click()
  await page.evaluate((words) => navigator.clipboard.writeText(words), text)
  await page.keyboard.press('Control+V')
  await page.getByRole('button', { name: 'Read it' }).click()
}

/** The description of the demo's own order service under another name, pointing at where it runs here. */
async function ordersDocument(name: string): Promise<string> {
  const file = path.join(import.meta.dirname, '..', 'demo', 'orders', 'openapi.yaml')
  return (await readFile(file, 'utf8'))
    .replace('title: Orders API', `title: ${name}`)
    .replace('http://localhost:4001', await upstreamOf('/shop/v1'))
}

async function upstreamOf(demo: string): Promise<string> {
  const instanceId = await instanceAt(machine, demo)
  return (await machine.must<{ upstreamUrl: string }>('GET', `/instances/${instanceId}`)).body.upstreamUrl
}

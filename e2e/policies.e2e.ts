import { randomUUID } from 'node:crypto'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { selfSigned } from '#gateway-runtime/testing/certificates.ts'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type Echo, type EchoUpstream, startEcho } from './echo-upstream.ts'
import { deploy, gatewayOf, replaceChain } from './gateway-view.ts'
import { type LiveApi, liveApi, untilStatus } from './live-api.ts'
import { Machine } from './machine.ts'

let browser: Browser
let echo: EchoUpstream
let machine: Machine
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  echo = await startEcho()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(async () => {
  await browser.close()
  await echo.close()
})

test('a rate limit is live after four actions; over it clients get 429 and when to come back', async () => {
  const { page, api } = await atHomeWith('limit')
  const actions = new Actions(page)
  await actions.click(page.getByRole('link', { name: api.name, exact: true }))
  await actions.click(page.getByRole('link', { name: 'Add rate limit' }))
  await actions.fill(page.getByRole('textbox', { name: 'Requests' }), '3')
  await actions.click(page.getByRole('button', { name: 'Save and deploy' }))
  await untilServed(api, 'rate-limiting')
  actions.expectWithin(4)

  const statuses: number[] = []
  for (let request = 0; request < 4; request += 1) statuses.push((await fetch(`${api.url}/echo`)).status)
  expect(statuses).toEqual([200, 200, 200, 429])
  const refused = await fetch(`${api.url}/echo`)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('content-type')).toContain('application/problem+json')
  await page.getByText('Applied on 1 of 1 node').waitFor()
})

test('with an API key clients get 401 until they show the key of a consumer', async () => {
  const { page, api } = await atHomeWith('key')
  await page.goto(`/catalog/${api.apiId}`)
  await page.getByRole('link', { name: 'Add API key' }).click()
  await page.getByRole('button', { name: 'Save and deploy' }).click()
  await untilStatus(`${api.url}/echo`, 401)

  await page.goto(`/catalog/${api.apiId}?tab=consumers`)
  await page.getByRole('button', { name: 'New consumer' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill(`Caller of ${api.name}`)
  await dialog.getByRole('button', { name: 'Create' }).click()
  await dialog.getByRole('button', { name: 'Copy the key' }).click()
  const key = await page.evaluate(() => navigator.clipboard.readText())
  await dialog.getByRole('button', { name: 'Done' }).click()
  await untilStatus(`${api.url}/echo`, 200, { 'x-api-key': key })
  expect((await fetch(`${api.url}/echo`)).status).toBe(401)
  const wrong = await fetch(`${api.url}/echo`, { headers: { 'x-api-key': `${key}x` } })
  expect(wrong.status).toBe(401)
})

test('a mistake is marked at its field and nothing of it can be deployed', async () => {
  const { page, api } = await atHomeWith('mistake')
  await page.goto(`/catalog/${api.apiId}/policies?add=rate-limiting`)
  const field = page.getByRole('textbox', { name: 'Requests' })
  await field.fill('-5')
  expect(await faultOf(field)).toMatch(/./)
  await page.getByRole('button', { name: '1 mistake', exact: true }).first().waitFor()
  expect(await page.getByRole('button', { name: 'Save and deploy' }).isDisabled()).toBe(true)
  await field.fill('5')
  await page.getByText('No mistakes').waitFor()
  expect(await page.getByRole('button', { name: 'Save and deploy' }).isEnabled()).toBe(true)
})

test('the difference to what runs is two actions away, and a roll-back five in all', async () => {
  const { page, api } = await atHomeWith('back')
  const id = randomUUID()
  await replaceChain(machine, api.instanceId, [limit(5, id)])
  await deploy(machine, api.instanceId)
  await untilServed(api, 'rate-limiting')
  await replaceChain(machine, api.instanceId, [limit(7, id)])
  await page.goto('/')

  const actions = new Actions(page)
  await actions.click(page.getByRole('link', { name: api.name, exact: true }))
  await actions.click(page.getByRole('button', { name: 'Draft: 1 change' }))
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('listitem').filter({ hasText: /5.+7/ }).waitFor()
  actions.expectWithin(2)

  await actions.click(dialog.getByRole('link', { name: 'History' }))
  await actions.click(page.getByRole('button', { name: /^Roll back to \d+$/ }))
  await dialog.getByText(/What changes for clients/).waitFor()
  await actions.click(dialog.getByRole('button', { name: 'Roll back' }))
  await page.getByText('Rolled back to').first().waitFor()
  await untilServed(api)
  actions.expectWithin(5)

  // What was being written is not lost by going back.
  await page.goto(`/catalog/${api.apiId}/policies`)
  await expect.poll(() => page.getByRole('textbox', { name: 'Requests' }).inputValue()).toBe('7')
})

test('the history compares any two revisions in words and as text', async () => {
  const { page, api } = await atHomeWith('history')
  const id = randomUUID()
  await replaceChain(machine, api.instanceId, [limit(11, id)])
  const first = await deploy(machine, api.instanceId)
  await replaceChain(machine, api.instanceId, [limit(22, id)])
  const second = await deploy(machine, api.instanceId)
  await page.goto(`/deployments?gateway=${(await gatewayOf(machine)).id}`)
  await page.getByRole('checkbox', { name: `Compare revision ${first}`, exact: true }).click()
  await page.getByRole('checkbox', { name: `Compare revision ${second}`, exact: true }).click()
  await page.getByRole('button', { name: `Compare ${first} and ${second}` }).click()
  await page.getByText(`From revision ${first} to ${second}`).waitFor()
  await page
    .getByRole('listitem')
    .filter({ hasText: /11.+22/ })
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Show as text' }).click()
  const lines = page.getByRole('region', { name: `Changed lines of ${api.name}` })
  await lines.getByText(/22/).first().waitFor()
})

test('an injected header reaches the upstream and another one the client', async () => {
  const { page, api } = await atHomeWith('headers')
  await replaceChain(machine, api.instanceId, [
    {
      kind: 'header-injection',
      config: {
        inboundHeaders: [{ key: 'x-tenant', value: 'acme' }],
        outboundHeaders: [{ key: 'x-answered-by', value: 'hexgate' }],
      },
    },
  ])
  await deploy(machine, api.instanceId)
  await untilServed(api, 'header-injection')
  const response = await fetch(`${api.url}/echo`)
  expect(((await response.json()) as Echo).headers['x-tenant']).toBe('acme')
  expect(response.headers.get('x-answered-by')).toBe('hexgate')
  await page.goto(`/catalog/${api.apiId}/policies`)
  const answers = page.getByRole('list', { name: 'Policies on the response, in order' })
  await answers.getByText('Header injection').waitFor()
})

test('CORS, added in the designer, answers preflights of any page', async () => {
  const { page, api } = await atHomeWith('cors')
  await page.goto(`/catalog/${api.apiId}`)
  await page.getByRole('link', { name: 'Add cross-origin access' }).click()
  // Open to every origin as it comes.
  await page.getByRole('switch', { name: 'Public', checked: true }).waitFor()
  await page.getByRole('button', { name: 'Save and deploy' }).click()
  const preflight = async () => {
    const response = await fetch(`${api.url}/echo`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'GET' },
    })
    return response.headers.get('access-control-allow-origin')
  }
  await expect.poll(preflight, { timeout: 20_000, interval: 50 }).toBe('*')
})

test('a policy about upstreams is for the one that is chosen in the designer', async () => {
  const { page, api } = await atHomeWith('aimed')
  const operation = `/instances/${api.instanceId}`
  const { body: instance, etag } = await machine.must<Record<string, unknown>>('GET', operation)
  const { host, basePath, stripBasePath, enabled, upstreamUrl } = instance
  const routing = { destinations: [{ name: 'bills', endpoints: [{ url: echo.url }] }] }
  const body = { host, basePath, stripBasePath, enabled, upstreamUrl, routing }
  await machine.must('PUT', operation, { body, ...(etag && { ifMatch: etag }) })

  await page.goto(`/catalog/${api.apiId}/policies?add=response-timeout`)
  await page.getByRole('tab', { name: 'Applies to' }).click()
  const upstreams = page.getByRole('group', { name: 'Upstreams' })
  expect(await upstreams.getByRole('checkbox').count()).toBe(2)
  await upstreams.getByRole('checkbox', { name: 'bills' }).click()
  await page.getByText('for bills').waitFor()
  await page.getByRole('button', { name: 'Save and deploy' }).click()
  await untilServed(api, 'response-timeout')
  expect(await policiesServed(api)).toMatchObject([{ upstreams: [`upstream:${api.instanceId}:bills`] }])
})

test('a path that is taken and a key that is not the one of its certificate are marked at their fields', async () => {
  const { page, api } = await atHomeWith('refused')
  const taken = await liveApi(machine, 'taken', echo.url)
  await page.goto(`/catalog/${api.apiId}?tab=settings`)
  const basePath = page.getByRole('textbox', { name: 'Base path' })
  await basePath.fill(`/${taken.name}`)
  await page.getByRole('button', { name: 'Save the draft' }).click()
  expect(await faultOf(basePath)).toMatch(
    new RegExp(`${api.name} 1.0.0 and ${taken.name} 1.0.0|${taken.name} 1.0.0 and ${api.name} 1.0.0`),
  )

  const [own, other] = await Promise.all([selfSigned(), selfSigned()])
  await page.goto(`/catalog/${api.apiId}/policies?add=tls`)
  await page.getByRole('textbox', { name: 'Certificate', exact: true }).fill(own.certificate)
  const key = page.getByRole('textbox', { name: 'Private key' })
  await key.fill(other.key)
  await expect.poll(() => faultOf(key)).toContain('does not belong to certificate.crt')
  expect(await page.getByRole('button', { name: 'Save draft' }).isDisabled()).toBe(true)

  await key.fill(own.key)
  await page.getByText('No mistakes').waitFor()
})

async function atHomeWith(what: string): Promise<{ page: Page; api: LiveApi }> {
  const api = await liveApi(machine, what, echo.url)
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  return { page, api }
}

function limit(maximumRequests: number, id: string) {
  const rateLimits = [{ maximumRequests, timePeriodInMilliseconds: 60_000 }]
  return { id, kind: 'rate-limiting', config: { rateLimits, exposeHeaders: true } }
}

/** The words under a field that is marked as wrong. */
async function faultOf(field: Locator): Promise<string> {
  await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
  const ids = (await field.getAttribute('aria-describedby')) ?? ''
  const id = ids.split(' ').find((each) => each.endsWith('-error')) ?? ''
  return (await field.page().locator(`[id="${id}"]`).textContent()) ?? ''
}

/** Waits until the node itself says that it runs exactly these policies for the API. */
async function untilServed(api: LiveApi, ...kinds: string[]): Promise<void> {
  const served = async () => (await policiesServed(api))?.map(({ kind }) => kind)
  await expect.poll(served, { timeout: 20_000, interval: 50 }).toEqual(kinds)
}

/** The policies of the API as the node itself says that it serves them. */
async function policiesServed({ instanceId }: LiveApi) {
  const response = await fetch(`${inject('product').admin}/config`)
  interface Served {
    items: Record<string, { policies?: { kind: string; upstreams?: string[] }[] }>
  }
  return ((await response.json()) as Served).items[`api:${instanceId}`]?.policies
}

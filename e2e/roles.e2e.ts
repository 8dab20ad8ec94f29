import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { gatewayOf, instanceAt } from './gateway-view.ts'
import { Machine } from './machine.ts'
import { call } from './session-call.ts'

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

test('a reviewer sees every page and on none of them a way to change something', async () => {
  const page = await visitAs(browser, 'reviewer')
  const instanceId = await instanceAt(machine, '/shop/v1')
  const { apiId } = (await machine.must<{ apiId: string }>('GET', `/instances/${instanceId}`)).body
  const absent: Record<string, RegExp> = {
    '/catalog': /New API/,
    [`/catalog/${apiId}`]: /^(Deploy|Add|Edit)\b/,
    [`/catalog/${apiId}/policies`]: /Save|^Deploy\b|Discard|Add a policy/,
    '/deployments': /Roll back/,
    '/gateways': /Add node|New gateway/,
    '/topology': /^Add$/,
  }
  for (const [path, words] of Object.entries(absent)) {
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('button', { name: /^live/ }).waitFor()
    expect(await page.getByRole('button', { name: words }).count(), path).toBe(0)
    expect(await page.getByRole('link', { name: words }).count(), path).toBe(0)
  }
})

test('what the pages leave out the server refuses too', async () => {
  const { id: gatewayId, headRevision } = await gatewayOf(machine)
  const instanceId = await instanceAt(machine, '/shop/v1')
  const text = '{"openapi":"3.1.0","info":{"title":"Not mine","version":"1"},"paths":{}}'
  const name = 'not-allowed'
  const writes = {
    import: ['POST', '/apis', { source: { text } }],
    chain: ['PUT', `/instances/${instanceId}/policies`, { policies: [] }],
    deploy: ['POST', `/gateways/${gatewayId}/revisions`, { expectedHeadRevision: headRevision }],
    rollBack: [
      'POST',
      `/gateways/${gatewayId}/revisions/${headRevision}/rollback`,
      { expectedHeadRevision: headRevision },
    ],
    consumer: ['POST', `/instances/${instanceId}/consumers`, { name }],
    network: ['POST', '/networks', { name, class: 'org-internal', location: 'vpc' }],
    key: ['POST', `/gateways/${gatewayId}/keys`, undefined],
  } as const
  const tried = async (page: Page) => {
    await page.goto('/')
    const entries = Object.entries(writes).map(async ([what, [method, path, body]]) => {
      const { status, body: answer } = await call(page, method, path, body)
      return status === 403 && (answer as { code?: string }).code === 'access.denied' ? [what] : []
    })
    return (await Promise.all(entries)).flat()
  }
  const reviewer = await visitAs(browser, 'reviewer')
  expect(await tried(reviewer)).toEqual(Object.keys(writes))
  const operator = await visitAs(browser, 'operator')
  await operator.goto('/')
  for (const what of ['import', 'chain', 'consumer'] as const) {
    const [method, path, body] = writes[what]
    expect(await call(operator, method, path, body), what).toMatchObject({ status: 403 })
  }
  const owner = await visitAs(browser, 'owner')
  await owner.goto('/')
  const [method, path, body] = writes.key
  expect(await call(owner, method, path, body)).toMatchObject({ status: 403 })
  expect((await gatewayOf(machine)).headRevision).toBe(headRevision)
})

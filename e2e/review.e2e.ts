import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf } from './gateway-view.ts'
import { echoDocument, freshName } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'
import { call } from './session-call.ts'

let browser: Browser
let echo: EchoUpstream
let machine: Machine
let owner: Page
let admin: Page
let reviewer: Page
let gateway: { id: string }
let environment: string
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  echo = await startEcho()
  gateway = await gatewayOf(machine)
  const { body } = await machine.must<{ environment: { name: string } }>('GET', `/gateways/${gateway.id}`)
  environment = body.environment.name
  owner = await visitAs(browser, 'owner')
  admin = await visitAs(browser, 'admin')
  reviewer = await visitAs(browser, 'reviewer')
})
afterAll(async () => {
  await demand(false)
  await browser.close()
  await echo.close()
})

async function demand(demandsSignOff: boolean): Promise<void> {
  await admin.goto('/settings')
  const wanted = admin.getByRole('switch', {
    name: `Demand a sign-off before anything is deployed in ${environment}`,
  })
  await wanted.waitFor()
  if ((await wanted.isChecked()) === demandsSignOff) return
  const saved = admin.waitForResponse((response) => response.request().method() === 'PATCH')
  await wanted.click()
  expect((await saved).status()).toBe(200)
}

const live = (page: Page) => page.getByRole('button', { name: /^live/ }).waitFor()
const dialogOf = (page: Page) => page.getByRole('dialog')

test('a reviewer goes from a finding to its leg, comments, compares and signs off; its author may not', async () => {
  const name = freshName('reviewed')

  // What runs is signed off first, so that there is something to compare with.
  await reviewer.goto('/topology')
  await reviewer.getByRole('button', { name: /^Sign off revision \d+$/ }).click()
  await dialogOf(reviewer).getByRole('button', { name: 'Sign off', exact: true }).click()
  await reviewer
    .getByText(/^Signed off by /)
    .first()
    .waitFor()

  // An owner makes an API, an admin changes something in it, and the environment demands a sign-off.
  await owner.goto('/')
  const made = await call(owner, 'POST', '/apis', {
    source: { text: echoDocument(name, echo.url) },
    name,
    basePath: `/${name}`,
    upstreamUrl: echo.url,
  })
  expect(made.status).toBe(201)
  const { apiId, instanceId } = made.body as { apiId: string; instanceId: string }
  await demand(true)
  const policy = { kind: 'header-injection', config: { outboundHeaders: [{ key: 'x-shop', value: 'yes' }] } }
  expect((await call(admin, 'POST', `/instances/${instanceId}/policies`, policy)).status).toBe(201)

  // The deployment is refused, in the dialog and behind it, with who may sign.
  await owner.goto(`/catalog/${apiId}`)
  await owner.getByRole('button', { name: 'Deploy', exact: true }).click()
  const gate = dialogOf(owner).getByText('This environment demands a sign-off before it is deployed')
  await gate.waitFor()
  const deploy = dialogOf(owner).getByRole('button', { name: 'Deploy', exact: true })
  expect(await deploy.isDisabled()).toBe(true)
  const head = (await machine.must<{ headRevision: number }>('GET', `/gateways/${gateway.id}`)).body
  const body = { expectedHeadRevision: head.headRevision, instanceId }
  const refused = await call(owner, 'POST', `/gateways/${gateway.id}/revisions`, body)
  expect(refused).toMatchObject({ status: 403, body: { code: 'sign-off.required' } })
  await dialogOf(owner).getByRole('button', { name: 'Request review' }).click()
  await dialogOf(owner).getByRole('link', { name: 'See the review' }).click()
  await owner.waitForURL(/\/reviews\/[0-9a-f-]{36}$/)
  const address = new URL(owner.url()).pathname

  // The admin changed something in it, and may not sign it off.
  await admin.goto(address)
  await admin.getByText('You may not sign this off').filter({ visible: true }).waitFor()
  expect(await admin.getByRole('button', { name: 'Sign off draft' }).count()).toBe(0)

  // The reviewer sees the finding on its leg, and says something about it.
  await reviewer.goto(`/topology?view=graph&select=leg:outbound:gateway:${gateway.id}:api:${instanceId}`)
  const details = reviewer.getByRole('complementary', { name: 'Details' })
  await details.getByRole('heading', { name: 'Findings on this leg' }).waitFor()
  const comments = details.getByRole('textbox', { name: 'Comment' })
  await comments.last().fill('Why is this leg plain?')
  await details.getByRole('button', { name: 'Comment', exact: true }).last().click()
  await details.getByRole('listitem').filter({ hasText: 'Why is this leg plain?' }).waitFor()

  // What changed since the last sign-off, in words and on the map.
  await reviewer.goto(address)
  await reviewer.getByText(`${name} 1.0.0 is added`).first().waitFor()
  await reviewer.getByText('Why is this leg plain?').filter({ visible: true }).waitFor()
  await reviewer.getByRole('link', { name: 'See it on the topology' }).click()
  await reviewer.getByText('Compared:').filter({ visible: true }).waitFor()
  await reviewer.getByText('1 added').filter({ visible: true }).waitFor()
  const found = await lookAt(reviewer, 'topology-compared', async () => {
    await reviewer.reload()
    await reviewer.getByText('1 added').filter({ visible: true }).waitFor()
    await live(reviewer)
  })
  expect(found).toEqual([])

  const pages = [
    { name: 'review', path: address },
    { name: 'reviews', path: '/reviews' },
  ]
  for (const { name: picture, path } of pages) {
    const faults = await lookAt(reviewer, picture, async () => {
      await reviewer.goto(path)
      await live(reviewer)
    })
    expect(faults, picture).toEqual([])
  }
  await reviewer.setViewportSize({ width: 1440, height: 900 })
  await reviewer.goto(address)
  await reviewer.getByRole('button', { name: 'Sign off draft' }).click()
  await dialogOf(reviewer).getByRole('button', { name: 'Sign off', exact: true }).click()
  await reviewer
    .getByText('It can be deployed for as long as the draft stays as it is.')
    .filter({ visible: true })
    .waitFor()

  // Now it is deployed.
  await owner.goto(`/catalog/${apiId}`)
  await owner.getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialogOf(owner)
    .getByText(/^Signed off by /)
    .waitFor()
  await dialogOf(owner).getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialogOf(owner).getByRole('button', { name: 'Done' }).waitFor()

  // The reviewer takes the evidence along.
  await reviewer.goto('/topology')
  await live(reviewer)
  await reviewer.getByRole('button', { name: 'Share' }).click()
  const download = reviewer.waitForEvent('download')
  await reviewer.getByRole('menuitem', { name: /evidence/i }).click()
  expect((await download).suggestedFilename()).toMatch(/\.zip$/)
})

test('the topology of an earlier revision is shown as it was, and nothing is written there', async () => {
  await admin.goto('/topology')
  await live(admin)
  await admin.getByRole('button', { name: /^Now, revision \d+$/ }).click()
  const revisions = admin.getByRole('list', { name: 'Revisions' }).getByRole('button')
  await revisions.last().click()
  await admin
    .getByText(/^You look at revision \d+ of /)
    .filter({ visible: true })
    .waitFor()
  expect(await admin.getByRole('button', { name: 'Add', exact: true }).count()).toBe(0)
  expect(
    await lookAt(admin, 'topology-past', async () => {
      await admin.reload()
      await admin
        .getByText(/^You look at revision \d+ of /)
        .filter({ visible: true })
        .waitFor()
      await live(admin)
    }),
  ).toEqual([])
  await admin.setViewportSize({ width: 1440, height: 900 })
  await admin.getByRole('button', { name: 'Back to now' }).click()
  await admin.getByRole('button', { name: /^Now, revision \d+$/ }).waitFor()
})

test('what changed since the last sign-off is one click from the topology', async () => {
  await reviewer.goto('/topology')
  await live(reviewer)
  await reviewer.getByRole('button', { name: 'Compare', exact: true }).click()
  await reviewer
    .getByRole('menuitem', { name: /signed off by/ })
    .first()
    .click()
  await reviewer.getByText('Compared:').filter({ visible: true }).waitFor()
})

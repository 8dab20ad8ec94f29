import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf, servedBy } from './gateway-view.ts'
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

const detailsOf = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const said = (page: Page, text: string | RegExp) =>
  page.getByText(text).filter({ visible: true }).first().waitFor()

/** A new API with a caller, whose way to its upstream has two faults: one that anybody may mend, one to decide on. */
interface Faulty {
  name: string
  apiId: string
  instanceId: string
  flowId: string
}

async function makeFaulty(): Promise<Faulty> {
  const name = freshName('reviewed')
  await Promise.all([owner.goto('/'), admin.goto('/')])
  const must = async <T>(page: Page, method: string, path: string, body: unknown, ifMatch?: number) => {
    const answer = await call(page, method, path, body, ifMatch)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    return answer.body as T
  }
  const upstreamUrl = echo.url.replace('http:', 'https:')
  const { apiId, instanceId } = await must<Faulty>(owner, 'POST', '/apis', {
    source: { text: echoDocument(name, upstreamUrl) },
    ...{ name, basePath: `/${name}`, upstreamUrl, deploy: false },
  })
  const { networks } = await must<{ networks: { id: string; class: string }[] }>(
    owner,
    'GET',
    '/topology',
    undefined,
  )
  const networkId = networks.find((network) => network.class === 'org-internal')?.id
  const party = (kind: string) =>
    must<{ id: string }>(owner, 'POST', '/parties', {
      ...{ name: `${name} ${kind}`, kind, owner: 'organisation', networkId },
    })
  const { id: consumerId } = await party('consumer')
  const { id: providerId } = await party('provider')
  const { version } = await must<{ version: number }>(owner, 'GET', `/instances/${instanceId}`, undefined)
  await must(owner, 'PUT', `/instances/${instanceId}/provider`, { providerId }, version)
  const { id: flowId } = await must<{ id: string }>(owner, 'POST', '/flows', {
    consumerId,
    apiId: instanceId,
  })
  const config = { ciphers: ['TLS_AES_128_GCM_SHA256'] }
  await must(admin, 'POST', `/instances/${instanceId}/policies`, { kind: 'tls-outbound', config })
  return { name, apiId, instanceId, flowId }
}

/** What runs is signed off first, so that there is something to compare with. */
async function signOffWhatRuns(): Promise<void> {
  await reviewer.goto('/topology')
  await reviewer.getByRole('button', { name: /^Sign off revision \d+$/ }).click()
  await dialogOf(reviewer).getByRole('button', { name: 'Sign off', exact: true }).click()
  await reviewer
    .getByText(/^Signed off by /)
    .first()
    .waitFor()
}

const flowAddress = ({ flowId }: Faulty) => `/topology?view=graph&select=flow:${flowId}`
const findingOf = (page: Page, words: string) =>
  detailsOf(page).getByRole('listitem').filter({ hasText: words }).first()

/** The reviewer asks at the finding and at the leg that it is about. */
async function askAbout({ instanceId }: Faulty): Promise<void> {
  const finding = findingOf(reviewer, 'shows no client certificate')
  await finding.getByRole('button', { name: 'Comment' }).first().click()
  await finding.getByRole('textbox', { name: 'Comment' }).fill('Who answers for this until it is mended?')
  await finding.getByRole('button', { name: 'Comment', exact: true }).last().click()
  await finding.getByText('Who answers for this until it is mended?').waitFor()
  await reviewer.goto(`/topology?view=graph&select=leg:outbound:gateway:${gateway.id}:api:${instanceId}`)
  await detailsOf(reviewer).getByRole('heading', { name: 'Findings on this leg' }).waitFor()
  await detailsOf(reviewer).getByRole('textbox', { name: 'Comment' }).last().fill('Whom does it trust?')
  await detailsOf(reviewer).getByRole('button', { name: 'Comment', exact: true }).last().click()
  await detailsOf(reviewer).getByRole('listitem').filter({ hasText: 'Whom does it trust?' }).waitFor()
}

/** The owner mends the one finding at one click, and answers for the other until a day. */
async function answerFor(faulty: Faulty): Promise<void> {
  await owner.goto(flowAddress(faulty))
  const mend = detailsOf(owner).getByRole('button', { name: `Set the minimum to 1.3 for ${faulty.name}` })
  await mend.click()
  await said(owner, 'It stands in the draft: deploy it when the rest is ready.')
  await mend.waitFor({ state: 'detached' })
  const open = findingOf(owner, 'shows no client certificate')
  await open.getByText('1 comment').waitFor()
  await open.getByRole('button', { name: 'Accept until a day' }).click()
  await dialogOf(owner)
    .getByLabel(/^Who answers/)
    .fill('Security')
  await dialogOf(owner)
    .getByLabel(/^Reason/)
    .fill('The upstream learns to ask in June')
  await dialogOf(owner).getByRole('button', { name: 'Accept', exact: true }).click()
  await detailsOf(owner)
    .getByText(/^Accepted by Security until \d{4}-\d\d-\d\d: The upstream learns to ask in June$/)
    .waitFor()
}

/** The deployment is refused, in the dialog and behind it; the way out is to request a review. */
async function requestReview({ apiId, instanceId }: Faulty): Promise<string> {
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
  return new URL(owner.url()).pathname
}

/** Whoever changed something in it may not. */
async function expectNoSignOff(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await said(page, 'You may not sign this off')
  expect(await page.getByRole('button', { name: 'Sign off draft' }).count()).toBe(0)
}

/** What changed since the last sign-off, in words and on the map. */
async function lookAtChanges({ name }: Faulty, address: string): Promise<void> {
  await reviewer.goto(address)
  await reviewer.getByText(`${name} 1.0.0 is added`).first().waitFor()
  await said(reviewer, 'Whom does it trust?')
  await said(reviewer, /^Accepted by Security until/)
  await reviewer.getByRole('link', { name: 'See it on the topology' }).click()
  await said(reviewer, 'Compared:')
  const compared = await lookAt(reviewer, 'topology-compared', async () => {
    await reviewer.reload()
    await said(reviewer, 'Compared:')
    const map = reviewer.locator('.react-flow__edge [role=img]')
    await map
      .or(reviewer.getByRole('region', { name: 'Flows' }))
      .first()
      .waitFor({ state: 'attached' })
    await live(reviewer)
  })
  expect(compared).toEqual([])
  for (const [picture, path] of [
    ['review', address],
    ['reviews', '/reviews'],
  ] as const) {
    const faults = await lookAt(reviewer, picture, async () => {
      await reviewer.goto(path)
      await live(reviewer)
    })
    expect(faults, picture).toEqual([])
  }
  await reviewer.setViewportSize({ width: 1440, height: 900 })
}

async function signOffDraft(address: string): Promise<void> {
  await reviewer.goto(address)
  await reviewer.getByRole('button', { name: 'Sign off draft' }).click()
  await dialogOf(reviewer).getByRole('button', { name: 'Sign off', exact: true }).click()
  await said(reviewer, 'It can be deployed for as long as the draft stays as it is.')
}

async function deployIt({ apiId }: Faulty): Promise<void> {
  await owner.goto(`/catalog/${apiId}`)
  await owner.getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialogOf(owner)
    .getByText(/^Signed off by /)
    .waitFor()
  await dialogOf(owner).getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialogOf(owner).getByRole('button', { name: 'Done' }).waitFor()
}

/** The files of the evidence pack, each as its hash says. */
async function evidence(): Promise<ReadonlyMap<string, string>> {
  await reviewer.goto('/topology')
  await live(reviewer)
  await reviewer.getByRole('button', { name: 'Share' }).click()
  const download = reviewer.waitForEvent('download')
  await reviewer.getByRole('menuitem', { name: /evidence/i }).click()
  const files = unzipSync(await readFile(await (await download).path()))
  const sha256 = (name: string) =>
    createHash('sha256')
      .update(files[name] ?? '')
      .digest('hex')
  const sums = Buffer.from(files['SHA256SUMS'] ?? '')
    .toString()
    .trimEnd()
    .split('\n')
  expect(sums).toHaveLength(Object.keys(files).length - 1)
  for (const line of sums) expect(line).toBe(`${sha256(line.slice(66))}  ${line.slice(66)}`)
  return new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content).toString()]))
}

test('from a finding over its fix, an acceptance, comments, a review and the sign-off of a second person to the evidence', async () => {
  await signOffWhatRuns()
  const faulty = await makeFaulty()
  await demand(true)
  const found = await lookAt(reviewer, 'journey-finding', async () => {
    await reviewer.goto(flowAddress(faulty))
    // On a phone the panel is a sheet.
    await said(reviewer, /shows no client certificate/)
  })
  expect(found).toEqual([])
  await reviewer.setViewportSize({ width: 1440, height: 900 })
  await reviewer.goto(flowAddress(faulty))
  await askAbout(faulty)
  await answerFor(faulty)
  const address = await requestReview(faulty)
  for (const author of [owner, admin]) await expectNoSignOff(author, address)
  await lookAtChanges(faulty, address)
  await signOffDraft(address)
  await deployIt(faulty)

  const files = await evidence()
  const [{ revision, hash, signedOff }] = JSON.parse(files.get('manifest.json') ?? '').revisions
  await expect.poll(() => servedBy(inject('product'))).toEqual({ revision, hash })
  expect(signedOff).toMatchObject({ by: await nameOf(reviewer) })
  const rows = (files.get('findings.csv') ?? '').split('\r\n').filter((row) => row.includes(faulty.name))
  expect(rows.filter((row) => row.includes('leg.one-way-tls') && row.includes('Security'))).toHaveLength(1)
  expect(rows.filter((row) => row.includes('tls.version-cipher-mismatch'))).toEqual([])
})

async function nameOf(page: Page): Promise<string> {
  return ((await call(page, 'GET', '/me')).body as { name: string }).name
}

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

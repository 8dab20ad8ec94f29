import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { SimulationResult } from '#domain/handshake.ts'
import type { ProbeView } from '#domain/probe.ts'
import { createAuthority } from '#gateway-runtime/testing/certificates.ts'
import { freePort } from '#scripts/ports.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf, isGreen } from './gateway-view.ts'
import { freshName, type LiveApi, liveApi } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine, until } from './machine.ts'
import { call } from './session-call.ts'

/** An API with mTLS on a listener of its own, a consumer beside it, and the two legs between them and its upstream. */

let browser: Browser
let page: Page
let echo: EchoUpstream
let machine: Machine
let api: LiveApi
let host: string
let listenerId: string
let clientId: string
let isUp = true
let legs: { inbound: string; outbound: string }

beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  echo = await startEcho()
})
afterAll(async () => {
  await browser.close()
  if (isUp) await echo.close()
})

async function must<T>(method: string, path: string, body?: unknown, ifMatch?: number): Promise<T> {
  const answer = await call(page, method, path, body, ifMatch)
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body as T
}

async function addListener(): Promise<void> {
  const { id } = await gatewayOf(machine)
  const gateway = await must<{ listeners: object[]; version: number }>('GET', `/gateways/${id}`)
  const fresh = { id: listenerId, protocol: 'https', address: '127.0.0.1', port: await freePort() }
  const listeners = [...gateway.listeners, fresh]
  await must('PUT', `/gateways/${id}/listeners`, { listeners }, gateway.version)
}

/** Gives the API a context for its clients, and a client of it a certificate; deploys, and waits for the node. */
async function secure(): Promise<string> {
  const { issuing } = await must<{ issuing: { id: string } }>('POST', '/authorities/development')
  const issue = (name: string, kind: string, names: object[]) =>
    must<{ id: string }>('POST', '/certificates', {
      ...{ source: 'issue', name, kind, names, authorityId: issuing.id },
    })
  const server = await issue(freshName('server'), 'server', [{ type: 'dns', value: host }])
  const client = await issue(freshName('client'), 'client', [{ type: 'dns', value: `shop.${host}` }])
  const context = await must<{ id: string }>('POST', '/contexts', {
    name: freshName('context'),
    class: 'org-internal',
    authorityIds: [issuing.id],
    keystoreId: server.id,
  })
  const instance = `/instances/${api.instanceId}`
  const { basePath, upstreamUrl, stripBasePath, version } = await must<{
    basePath: string
    upstreamUrl: string
    stripBasePath: boolean
    version: number
  }>('GET', instance)
  const change = { host, basePath, upstreamUrl, stripBasePath, enabled: true }
  await must('PUT', instance, change, version)
  const policies = [{ kind: 'tls', config: { contextRef: context.id, subjectAltNames: [`*.${host}`] } }]
  const chain = await must<{ version: number }>('GET', `${instance}/policies`)
  await must('PUT', `${instance}/policies`, { policies }, chain.version)
  const gateway = await gatewayOf(machine)
  await must('POST', `/gateways/${gateway.id}/revisions`, { expectedHeadRevision: gateway.headRevision })
  await expect.poll(() => isGreen(machine), { timeout: 20_000, interval: 100 }).toBe(true)
  return client.id
}

async function connectConsumer(): Promise<typeof legs> {
  interface Drawn {
    networks: { id: string; class: string }[]
    flows: { apiId: string; legs: string[] }[]
  }
  const before = await must<Drawn>('GET', '/topology')
  const networkId = before.networks.find((network) => network.class === 'org-internal')?.id
  const party = { name: freshName('shop'), kind: 'consumer', owner: 'organisation', networkId }
  const { id: consumerId } = await must<{ id: string }>('POST', '/parties', party)
  await must('POST', '/flows', { consumerId, apiId: api.instanceId })
  const { flows } = await must<Drawn>('GET', '/topology')
  const [inbound = '', outbound = ''] = flows.find(({ apiId }) => apiId === api.instanceId)?.legs ?? []
  return { inbound, outbound }
}

async function openLeg(id: string): Promise<void> {
  await page.goto(`/topology?select=${encodeURIComponent(`leg:${id}`)}`)
  await page.getByRole('heading', { name: 'Prove it' }).waitFor()
}

const step = (dialog: Locator, check: string) => dialog.locator(`[data-check=${check}]`)

async function choose(dialog: Locator, field: string, option: RegExp): Promise<void> {
  await dialog.getByRole('combobox', { name: field }).click()
  await page.getByRole('option', { name: option }).click()
}

test('an API with mTLS on a listener of its own is served', async () => {
  api = await liveApi(machine, 'proof', echo.url)
  host = `${api.name}.example.test`
  listenerId = api.name.slice(0, 40)
  page = await visitAs(browser, 'admin')
  await page.goto('/topology')
  await addListener()
  clientId = await secure()
  legs = await connectConsumer()
})

test('a certificate is tried from the panel of a leg, and every check is said in its order', async () => {
  const stranger = await (await createAuthority('Strangers')).issue({ usage: 'client' })
  const tried = async () => {
    await openLeg(legs.inbound)
    await page.getByRole('button', { name: 'Try a certificate' }).click()
    const dialog = page.getByRole('dialog', { name: 'Try a certificate' })
    await choose(dialog, 'The client shows', /^a-client-/)
    await dialog.getByRole('button', { name: 'Try it' }).click()
    await dialog.getByText('Accepted', { exact: true }).waitFor()
    return dialog
  }
  expect(await lookAt(page, 'try-a-certificate', tried)).toEqual([])
  await page.setViewportSize({ width: 1440, height: 900 })
  const dialog = await tried()
  expect(
    await dialog
      .locator('[data-check]')
      .evaluateAll((all) => all.map(({ dataset: { check, state } }) => ({ check, state }))),
  ).toEqual(
    ['shown', 'readable', 'strength', 'chain', 'usage', 'revocation', 'validity', 'names', 'pins'].map(
      (check) => ({ check, state: ['revocation', 'pins'].includes(check) ? 'not-asked' : 'passed' }),
    ),
  )
  await choose(dialog, 'The client shows', /^No certificate/)
  await dialog.getByRole('button', { name: 'Try it' }).click()
  await dialog.getByText('client_cert_missing').waitFor()
  const refused = async () => {
    await tried()
    await choose(dialog, 'The client shows', /^Another certificate/)
    await dialog.getByRole('textbox', { name: /^Certificate and its/ }).fill(stranger.chain)
    await dialog.getByRole('button', { name: 'Try it' }).click()
    await dialog.getByText('client_cert_untrusted_issuer').waitFor()
  }
  expect(await lookAt(page, 'try-a-stranger', refused)).toEqual([])
  expect(await step(dialog, 'chain').textContent()).toContain('CN=Strangers')
  expect(await step(dialog, 'names').getAttribute('data-state')).toBe('not-reached')
})

test('what the simulator says over REST is what the node says to the very client', async () => {
  const at = { kind: 'api', instanceId: api.instanceId }
  const said = (certificate: object) =>
    machine.must<SimulationResult>('POST', '/handshakes/simulate', { body: { certificate, at } })
  expect((await said({ from: 'stored', certificateId: clientId })).body).toMatchObject({
    verdict: 'accepted',
    at: { state: 'deployed', mode: 'STRICT' },
  })
  expect((await said({ from: 'none' })).body).toMatchObject({ code: 'client_cert_missing' })
})

test('a node looks at its own listener and at an upstream, and what it found stays', async () => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const probed = async () => {
    await openLeg(legs.inbound)
    const dialog = page.getByRole('dialog', { name: 'Probe from a node' })
    // On a phone the panel becomes a sheet once the page knows its width, and what it had opened is gone.
    await until('the dialog is open', async () => {
      if ((await dialog.count()) > 0) return true
      await page.getByRole('button', { name: 'Probe from a node' }).click()
      return false
    })
    // What was found last stands there until the page knows that it looks again.
    const answered = page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.url().endsWith('/probes'),
    )
    await dialog.getByRole('button', { name: /^Probe/ }).click()
    await answered
    await dialog.getByText('It answers', { exact: true }).waitFor()
    return dialog
  }
  expect(await lookAt(page, 'probe-from-a-node', probed)).toEqual([])
  const dialog = await probed()
  const found = (await dialog.textContent()) ?? ''
  expect(found).toContain('TLS 1.3')
  expect(found).toContain(host)
  await page.keyboard.press('Escape')

  await openLeg(legs.outbound)
  await page.getByRole('button', { name: 'Probe from a node' }).click()
  const upstream = page.getByRole('dialog', { name: 'Probe from a node' })
  await upstream.getByText('Nobody has looked here yet.').waitFor()
  await upstream.getByRole('button', { name: 'Probe', exact: true }).click()
  await upstream.getByText('It accepts connections, without TLS.').waitFor()
  await echo.close()
  isUp = false
  await upstream.getByRole('button', { name: 'Probe again' }).click()
  await upstream.getByText('It fails', { exact: true }).waitFor()
  await upstream.getByText('upstream_unreachable').waitFor()

  const { id } = await gatewayOf(machine)
  const { body } = await machine.must<{ probes: ProbeView[] }>('GET', `/gateways/${id}/probes`)
  const [failed, ...earlier] = body.probes
  expect(failed).toMatchObject({ status: 'answered', report: { code: 'upstream_unreachable' } })
  expect(earlier.length).toBeGreaterThanOrEqual(2)
})

test('an API is exported with what its context holds, and imported again from a folder of files', async () => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const exported = async () => {
    await page.goto(`/catalog/${api.apiId}?tab=settings`)
    await page.getByRole('button', { name: 'Write the documents' }).click()
    await page.getByRole('group', { name: 'Files' }).scrollIntoViewIfNeeded()
  }
  expect(await lookAt(page, 'export-an-api', exported)).toEqual([])
  await page.setViewportSize({ width: 1440, height: 900 })
  interface Exported {
    files: { name: string; text: string }[]
  }
  const { files } = await must<Exported>('GET', `/instances/${api.instanceId}/documents?form=members`)
  expect(JSON.stringify(files)).not.toContain('PRIVATE KEY-----')
  const moved = files.map(({ name, text }) => ({
    name,
    mimeType: 'text/plain',
    // Elsewhere it would have the same address; here it needs another one.
    buffer: Buffer.from(text.replaceAll(api.name, `${api.name.slice(0, 12)}again`)),
  }))
  const chosen = async () => {
    await page.goto('/catalog')
    await page.getByRole('button', { name: 'Import documents' }).click()
    await page.getByLabel('Documents', { exact: true }).setInputFiles(moved)
    await page.getByText('mTLS contexts', { exact: true }).filter({ visible: true }).waitFor()
  }
  expect(await lookAt(page, 'import-documents', chosen)).toEqual([])
  await page.setViewportSize({ width: 1440, height: 900 })
  await chosen()
  await page.getByRole('button', { name: 'Import everything' }).click()
  await page.getByText('1 API imported').waitFor()
})

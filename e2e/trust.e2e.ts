import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
} from '#gateway-runtime/testing/certificates.ts'
import { freePort } from '#scripts/ports.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf } from './gateway-view.ts'
import { type LiveApi, liveApi } from './live-api.ts'
import { Machine } from './machine.ts'
import { type Product, startProduct } from './product.ts'
import { askByTls } from './tls-client.ts'

// Listeners and nodes are those of this file alone.
let product: Product
let browser: Browser
let echo: EchoUpstream
let machine: Machine
let servers: Authority
let clients: Authority
beforeAll(async () => {
  browser = await launchBrowser()
  product = await startProduct()
  machine = await Machine.at(product)
  echo = await startEcho()
  servers = await createAuthority('Servers')
  clients = await createAuthority('Partners')
})
afterAll(async () => {
  await browser.close()
  await echo.close()
  await product?.stop()
})

const ask = (port: number, path: string, client?: KeyAndCertificate) =>
  askByTls(port, path, servers.certificate, client)
const statusOf = (port: number, path: string, client?: KeyAndCertificate) =>
  ask(port, path, client).then(
    ({ status }) => status,
    () => 0,
  )

/** Adds an https listener to the gateway's draft by hand, in the portal. */
async function addListener(page: Page, port: number): Promise<void> {
  await page.goto(`/gateways/${(await gatewayOf(machine)).id}`)
  await page.getByRole('button', { name: 'Change listeners' }).click()
  const dialog = page.getByRole('dialog', { name: 'Listeners' })
  await dialog.getByRole('button', { name: 'Add listener' }).click()
  await dialog.getByLabel(/^Name/).last().fill('own-https')
  await dialog
    .getByRole('combobox', { name: /^Protocol/ })
    .last()
    .click()
  await page.getByRole('option', { name: 'https', exact: true }).click()
  await dialog.getByLabel(/^Port/).last().fill(String(port))
  await dialog
    .getByLabel(/^Address/)
    .last()
    .fill('127.0.0.1')
  await dialog.getByRole('button', { name: 'Save the draft' }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function demandCertificates(page: Page, api: LiveApi, server: KeyAndCertificate): Promise<void> {
  await page.goto(`/catalog/${api.apiId}/policies?add=tls`)
  await page.getByRole('textbox', { name: 'Certificate', exact: true }).fill(server.chain)
  await page.getByRole('textbox', { name: 'Private key' }).fill(server.key)
  await page.getByRole('textbox', { name: 'Trusted CAs' }).fill(clients.certificate)
  await page.getByRole('combobox', { name: 'Client certificates' }).click()
  await page.getByRole('option', { name: 'STRICT' }).click()
  const save = page.getByRole('button', { name: 'Save draft' })
  await expect.poll(() => save.isEnabled()).toBe(true)
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
  await save.click()
  const response = await saved
  expect(response.status(), await response.text()).toBe(200)
}

test('an API asks for client certificates after a few clicks, and its key is never seen again', async () => {
  const api = await liveApi(machine, 'trust', echo.url)
  const server = await servers.issue({ names: ['dns:localhost'], usage: 'server' })
  const partner = await clients.issue({ names: ['uri:spiffe://partner.example/shop'], usage: 'client' })
  const stranger = await servers.issue({ usage: 'client' })
  const page = await visitAs(browser, 'admin', { product })
  const sent: string[] = []
  page.on('response', (response) => {
    // An answer that is a redirect or was cancelled has no body.
    void response.text().then(
      (text) => sent.push(text),
      () => undefined,
    )
  })
  const port = await freePort()
  await addListener(page, port)
  await demandCertificates(page, api, server)
  await page.goto('/deployments')
  await page.getByRole('button', { name: 'See the difference' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Deploy/ })
    .click()

  const path = `/${api.name}/echo`
  await expect.poll(() => statusOf(port, path, partner), { timeout: 20_000, interval: 50 }).toBe(200)
  expect(await ask(port, path)).toMatchObject({ status: 401 })
  expect((await ask(port, path)).body).toContain('client_cert_missing')
  expect((await ask(port, path, stranger)).body).toContain('client_cert_untrusted_issuer')

  await page.goto(`/catalog/${api.apiId}/policies`)
  await page.getByRole('button', { name: /TLS/ }).first().click()
  await page.getByRole('textbox', { name: 'Private key' }).waitFor()
  const secret = server.key.split('\n')[1] ?? server.key
  expect(sent.filter((text) => text.includes(secret))).toEqual([])
  expect(JSON.stringify(await machine.must('GET', `/instances/${api.instanceId}/policies`))).not.toContain(
    secret,
  )
  await page.context().close()
})

import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Authority, createAuthority } from '#gateway-runtime/testing/certificates.ts'
import { signRequest } from '#gateway-runtime/testing/sign-request.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf, replaceChain } from './gateway-view.ts'
import { echoDocument } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine, until } from './machine.ts'
import { freePort, type Product, startProduct } from './product.ts'
import { askByTls } from './tls-client.ts'

/** Certificates that the nodes of a gateway keep, from the form to the handshake, with the node of a product. */

const dayMs = 86_400_000

let browser: Browser
let product: Product
let machine: Machine
let echo: EchoUpstream
let elsewhere: Authority

beforeAll(async () => {
  ;[browser, product, echo, elsewhere] = await Promise.all([
    launchBrowser(),
    // Of its own: it gets another listener.
    startProduct(),
    startEcho(),
    createAuthority('Elsewhere CA'),
  ])
  machine = await Machine.at(product)
}, 900_000)
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(async () => {
  await browser?.close()
  await echo?.close()
  await product?.stop()
})

interface Named {
  id: string
  name: string
  pem: string
}

const state = (page: Page, words: string) =>
  page
    .getByRole('table', { name: /^Nodes that keep/ })
    .filter({ visible: true })
    .getByText(words, { exact: true })

async function authorities(): Promise<Named[]> {
  return (await machine.must<{ authorities: Named[] }>('GET', '/authorities')).body.authorities
}

async function askNodes(page: Page, name: string, signer: string): Promise<void> {
  await page.goto('/certificates')
  await page.getByRole('button', { name: 'Add certificate' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Add a certificate' })
  await dialog.getByRole('tab', { name: 'Kept by nodes' }).click()
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await dialog.getByRole('textbox', { name: /^Names/ }).fill('localhost')
  await dialog.getByRole('combobox', { name: 'Signed by' }).click()
  await page.getByRole('option', { name: signer }).click()
  await dialog.getByRole('button', { name: 'Ask the nodes' }).click()
  await page.getByRole('heading', { level: 1, name }).filter({ visible: true }).waitFor()
}

/** Serves an API at a port of its own by what a context shows. */
async function serve(keystoreId: string, authorityId: string): Promise<number> {
  const make = async (path: string, body: unknown) =>
    (await machine.must<{ id: string; instanceId: string }>('POST', path, { body })).body
  const context = { name: 'Kept', class: 'org-internal', authorityIds: [authorityId], keystoreId }
  const { id: contextId } = await make('/contexts', context)
  const { id: gatewayId } = await gatewayOf(machine)
  const source = { text: echoDocument('kept', echo.url) }
  const exposed = { source, name: 'kept', gatewayId, basePath: '/kept', upstreamUrl: echo.url }
  const { instanceId } = await make('/apis', exposed)
  await replaceChain(machine, instanceId, [
    { kind: 'tls', config: { contextRef: contextId, mode: 'DISABLE' } },
  ])
  const port = await freePort(0)
  const at = `/gateways/${gatewayId}`
  const { body, etag } = await machine.must<{ listeners: object[] }>('GET', at)
  const https = { id: 'kept', protocol: 'https', address: '127.0.0.1', port }
  await machine.must('PUT', `${at}/listeners`, {
    body: { listeners: [...body.listeners, https] },
    ...(etag ? { ifMatch: etag } : {}),
  })
  const { headRevision } = await gatewayOf(machine)
  await make(`${at}/revisions`, { expectedHeadRevision: headRevision, note: '' })
  return port
}

test('the node makes a key, a CA here signs, clients are shown it, and its page says so', async () => {
  const page = await visitAs(browser, 'owner', { product })
  await askNodes(page, 'Shop front', 'Development CA')
  await state(page, 'signed, not seen to be shown').waitFor()
  const { certificates } = (await machine.must<{ certificates: Named[] }>('GET', '/certificates')).body
  const { id = '', pem = '' } = certificates.find(({ name }) => name === 'Shop front') ?? {}
  expect(pem).toContain('BEGIN CERTIFICATE')
  const cas = await authorities()
  const issuing = cas.find(({ name }) => name === 'Development CA')
  const port = await serve(id, issuing?.id ?? '')
  const trusted = cas.map((ca) => ca.pem).join('')
  await until('clients are shown it', () =>
    askByTls(port, '/kept/echo', trusted).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  await state(page, 'shown').waitFor()
  await page.getByRole('button', { name: 'Renew on every node' }).click()
  await until('another one is signed', async () => {
    const { body } = await machine.must<Named>('GET', `/certificates/${id}`)
    return body.pem !== '' && body.pem !== pem
  })
  expect((await askByTls(port, '/kept/echo', trusted)).status).toBe(200)
  expect(await lookAt(page, 'certificate-kept', () => page.goto(`/certificates/${id}`))).toEqual([])
}, 120_000)

test('a request that is signed elsewhere is downloaded, and what was signed is given to the node', async () => {
  const page = await visitAs(browser, 'owner', { product })
  await askNodes(page, 'Partner front', 'A CA elsewhere')
  await state(page, 'request waits to be signed').waitFor()
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: /^Download the request of/ }).click()
  const csr = await readFile(await (await downloading).path(), 'utf8')
  const chain = await signRequest(elsewhere, csr, 90 * dayMs)
  await page.getByRole('button', { name: /^Bring the certificate of/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Paste a text instead' }).click()
  await dialog.getByRole('textbox', { name: 'Signed certificate' }).fill(chain)
  await dialog.getByRole('button', { name: 'Read it' }).click()
  await dialog.getByRole('button', { name: 'Give it to the node' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await state(page, 'signed, not seen to be shown').waitFor()
}, 120_000)

test('the warning days of the organisation are set by an admin, and read by others', async () => {
  const page = await visitAs(browser, 'admin', { product })
  await page.goto('/settings')
  const days = page.getByRole('textbox', { name: 'Warn so many days before a certificate ends' })
  await days.fill('0')
  await page.getByText('Give a whole number of days from 1 to 365.').waitFor()
  await days.fill('45')
  const form = page.locator('form').filter({ has: days })
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Certificates are warned of 45 days before their end').waitFor()
  expect(await lookAt(page, 'settings', () => page.goto('/settings'))).toEqual([])
  const owner = await visitAs(browser, 'owner', { product })
  await owner.goto('/settings')
  await expect.poll(() => owner.getByRole('textbox', { name: /^Warn so many days/ }).inputValue()).toBe('45')
  expect(await owner.getByRole('button', { name: 'Save' }).count()).toBe(0)
}, 120_000)

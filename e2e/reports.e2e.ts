import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
} from '#gateway-runtime/testing/certificates.ts'
import { type TestIssuer, testIssuer } from '#policies/jwt-validation/tokens-in-tests.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf, replaceChain } from './gateway-view.ts'
import { echoDocument } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine, until } from './machine.ts'
import { listenerOn } from './processes.ts'
import { freePort, type Product, startProduct } from './product.ts'
import { askByTls } from './tls-client.ts'

const dayMs = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * dayMs)

let product: Product
let machine: Machine
let browser: Browser
let echo: EchoUpstream
let servers: Authority
let clients: Authority
let partner: KeyAndCertificate
let issuer: TestIssuer
let httpsPort: number
let gatewayId: string
let deadUrl: string
const sockets = createServer()
const open: WebSocket[] = []

beforeAll(async () => {
  product = await startProduct()
  machine = await Machine.at(product)
  browser = await launchBrowser()
  echo = await startEcho()
  servers = await createAuthority('Servers', { notAfter: inDays(900) })
  clients = await createAuthority('Partners', { notAfter: inDays(800) })
  partner = await clients.issue({ names: ['uri:spiffe://partner.example/shop'], usage: 'client' })
  issuer = await testIssuer('ES256', 'k1')
  new WebSocketServer({ server: sockets })
  await once(sockets.listen(0, '127.0.0.1'), 'listening')
  httpsPort = await freePort(0)
  deadUrl = `http://127.0.0.1:${await freePort(0)}`
  gatewayId = (await gatewayOf(machine)).id
  await deployAll()
}, 300_000)
afterAll(async () => {
  for (const socket of open) socket.terminate()
  await browser?.close()
  await echo?.close()
  sockets.close()
  await product?.stop()
})

/** An API with a chain of its own, in the draft. */
async function draftApi(name: string, upstream: string, policies: Parameters<typeof replaceChain>[2]) {
  const source = { text: echoDocument(name, upstream) }
  const body = { source, name, gatewayId, basePath: `/${name}`, upstreamUrl: upstream }
  const made = await machine.must<{ instanceId: string }>('POST', '/apis', { body })
  await replaceChain(machine, made.body.instanceId, policies)
}

/** An API behind client certificates, one with WebSockets, and one whose upstream is down. */
async function deployAll(): Promise<void> {
  const server = await servers.issue({
    subject: 'CN=shop.example,O=Acme',
    names: ['dns:localhost'],
    usage: 'server',
    notBefore: inDays(-300),
    notAfter: inDays(12.5),
  })
  const certificate = { crt: server.chain, key: server.key }
  await draftApi('trusted', echo.url, [
    { kind: 'tls', config: { certificate, mode: 'STRICT', trustedCA: clients.certificate } },
  ])
  await draftApi('live', `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`, [
    {
      kind: 'jwt-validation',
      config: {
        jwtKeyOrigin: 'text',
        textKey: issuer.pem,
        signingMethod: 'es',
        issuers: ['https://login.example'],
        skipClientIdValidation: true,
      },
    },
    { kind: 'websocket-session', config: {} },
  ])
  await draftApi('dead', deadUrl, [
    { kind: 'health-check', config: { path: '/', interval: 0.2, timeout: 0.2, unhealthyThreshold: 1 } },
  ])
  const at = `/gateways/${gatewayId}`
  const { body, etag } = await machine.must<{ listeners: object[] }>('GET', at)
  const https = { id: 'own-https', protocol: 'https', address: '127.0.0.1', port: httpsPort }
  await machine.must('PUT', `${at}/listeners`, {
    body: { listeners: [...body.listeners, https] },
    ...(etag ? { ifMatch: etag } : {}),
  })
  const { headRevision } = await gatewayOf(machine)
  await machine.must('POST', `${at}/revisions`, { body: { expectedHeadRevision: headRevision, note: '' } })
  await until('the listener answers', () =>
    askByTls(httpsPort, '/trusted/echo', servers.certificate, partner).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
}

async function openWebSocket(sub: string, seconds: number): Promise<WebSocket> {
  const claims = { iss: 'https://login.example', sub, agency: 'fire', exp: Date.now() / 1_000 + seconds }
  const token = await issuer.sign({ alg: 'ES256', kid: 'k1' }, claims)
  const url = `${product.gateway.replace('http:', 'ws:')}/live/feed`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
  open.push(socket)
  await once(socket, 'open')
  return socket
}

const tab = (side: string) => `/gateways/${gatewayId}?tab=${side}`

test('the page of a gateway says what its node found: handshakes, certificates, upstreams, traffic', async () => {
  expect((await askByTls(httpsPort, '/trusted/echo', servers.certificate)).status).toBe(401)
  expect((await fetch(`${product.gateway}/dead/echo`)).status).toBe(502)
  const page = await visitAs(browser, 'operator', { product })
  await page.goto('/')
  await page.getByRole('link', { name: /1 upstream is unhealthy at/ }).waitFor()
  await page.goto('/gateways')
  await page.getByRole('link', { name: '1 certificate expires soon' }).waitFor()
  await page.getByRole('link', { name: '1 upstream is unhealthy' }).click()

  const upstreams = page.getByRole('table', { name: /^Upstreams of/ })
  const first = upstreams.locator('tbody').first()
  await first.getByText('down', { exact: true }).waitFor()
  await first.getByText(deadUrl).waitFor()
  await first.getByText('fails its checks').waitFor()

  await page.getByRole('tab', { name: /^Certificates/ }).click()
  const certificates = page.getByRole('table', { name: /^Certificates of/ }).locator('tbody tr')
  await certificates.first().getByText('12 days').waitFor()
  expect(await certificates.first().innerText()).toMatch(
    /expiring[\s\S]*shop\.example[\s\S]*shown to clients/,
  )
  const trusted = certificates.filter({ hasText: 'Partners' })
  expect(await trusted.innerText()).toMatch(/valid[\s\S]*Partners[\s\S]*trusted of clients/)

  await page.getByRole('tab', { name: 'Listeners' }).click()
  const refused = page.getByRole('row', { name: /A client certificate is needed client_cert_missing/ })
  await refused.waitFor()
  expect(await refused.getByRole('cell').last().innerText()).toBe('1')
  await page.getByRole('tabpanel').getByText(`https 127.0.0.1:${httpsPort}`).waitFor()

  await page.getByRole('tab', { name: 'Traffic' }).click()
  await page
    .getByRole('row', { name: /\/dead/ })
    .getByText(/upstream_(?:unreachable|circuit_open)/)
    .waitFor()

  await page.getByRole('tab', { name: 'Nodes' }).click()
  await page
    .getByRole('table', { name: /^Workers of/ })
    .getByText('serving')
    .first()
    .waitFor()
  await page.context().close()
})

test('an operator ends a WebSocket, whose client is told with 4401; an owner may only look', async () => {
  const socket = await openWebSocket('jane', 600)
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
  const other = await openWebSocket('joe', 30)

  const owner = await visitAs(browser, 'owner', { product })
  await owner.goto(tab('websockets'))
  await owner.getByText('An operator or an admin sees whose they are, and can end a WebSocket.').waitFor()
  expect(await owner.locator('main').innerText()).not.toMatch(/jane|joe/)
  expect(await owner.getByRole('button', { name: /^End session/ }).count()).toBe(0)
  await owner.context().close()

  const page = await visitAs(browser, 'operator', { product })
  await page.goto(tab('websockets'))
  const row = page.getByRole('row', { name: /jane/ })
  await row.getByRole('cell', { name: 'fire', exact: true }).waitFor()
  expect(await row.innerText()).toMatch(/\/live[\s\S]*(?:9:\d\d|10:00)/)
  await row.getByRole('button', { name: 'End session of jane' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'End the WebSocket of jane?' })
  await dialog.getByRole('button', { name: 'End session' }).press('Enter')
  await dialog.waitFor({ state: 'detached' })
  expect(await closed).toBe(4401)
  await row.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /joe/ }).waitFor()
  expect(other.readyState).toBe(WebSocket.OPEN)

  await page.goto('/settings/audit')
  await page.getByText('websocket.end').first().waitFor()
  await page.context().close()
})

describe('every side of the page is whole, wide and narrow, light and dark', () => {
  beforeAll(async () => {
    await openWebSocket('a-person-with-a-long-name@agency.example', 600)
    await openWebSocket('jane', 45)
    await Promise.all(Array.from({ length: 30 }, () => fetch(`${product.gateway}/dead/echo`)))
  })

  test.each([
    ['nodes', 'serving'],
    ['traffic', 'upstream_unreachable'],
    ['listeners', 'client_cert_missing'],
    ['upstreams', 'fails its checks'],
    ['certificates', 'shop.example'],
    ['websockets', 'agency.example'],
  ])('%s', async (side, shown) => {
    const page = await visitAs(browser, 'admin', { product })
    const faults = await lookAt(page, `reports-${side}`, async () => {
      await page.goto(tab(side))
      await page.getByText(shown).first().waitFor()
      await page.getByText('reporting').first().waitFor()
      if (side !== 'traffic') return
      await page.getByRole('button', { name: 'Operations and policies of dead' }).click()
      await page.getByText('GET /echo').waitFor()
    })
    await page.context().close()
    expect(faults).toEqual([])
  })

  test('the list of gateways', async () => {
    const page = await visitAs(browser, 'admin', { product })
    const faults = await lookAt(page, 'reports-gateways', async () => {
      await page.goto('/gateways')
      await page.getByText('1 upstream is unhealthy').waitFor()
    })
    await page.context().close()
    expect(faults).toEqual([])
  })
})

test('what a node said before it fell silent is shown with its age, never as what is', async () => {
  const { pid } = await listenerOn(Number(new URL(product.admin).port))
  const page = await visitAs(browser, 'operator', { product })
  await page.goto(tab('upstreams'))
  await page.getByText('reporting').waitFor()
  process.kill(pid, 'SIGSTOP')
  try {
    await page.getByText(/^last report \d+ seconds? ago$/).waitFor({ timeout: 40_000 })
    await page.getByText(/^What stands here was true/).waitFor()
    const faults = await lookAt(page, 'reports-stale', async () => {
      await page.goto(tab('upstreams'))
      await page.getByText(/is silent$/).waitFor()
    })
    expect(faults).toEqual([])
    // What nobody knows is not counted as wrong either.
    await page.goto('/gateways')
    await page.getByText('offline').first().waitFor()
    expect(await page.getByText('upstream is unhealthy').count()).toBe(0)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await page.goto(tab('upstreams'))
  await page.getByText('reporting').waitFor({ timeout: 40_000 })
  await page.context().close()
})

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createAuthority } from '#gateway-runtime/testing/certificates.ts'
import { fileBase64, fileText } from '#lib/trust/testing/files.ts'
import { formsOfKey } from '#lib/trust/testing/key-forms.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { gatewayOf, isGreen, replaceChain } from './gateway-view.ts'
import { echoDocument, freshName } from './live-api.ts'
import { Machine, until } from './machine.ts'
import { connectDatabase, databaseText } from './portal-database.ts'
import { type Product, startProduct } from './product.ts'

// A walk through forty pages.
vi.setConfig({ testTimeout: 300_000 })

/** Secrets of every kind are planted, everything is looked at and taken along, and none of them is found anywhere. */

let dataFolder: string
let product: Product
let browser: Browser
let machine: Machine
let echo: EchoUpstream
/** What must not be found, by what it is of. */
const secrets = new Map<string, readonly string[]>()
/** What may be found, and is: it shows that the search finds. */
let certificateLine: string
let made: Awaited<ReturnType<typeof plant>>

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'hexgate-planted-'))
  product = await startProduct({ dataFolder })
  browser = await launchBrowser()
  machine = await Machine.at(product)
  echo = await startEcho()
  made = await plant()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await product?.stop()
  await echo?.close()
  await rm(dataFolder, { recursive: true, force: true })
})

async function make(operation: string, body: unknown): Promise<Record<string, string>> {
  const answer = await machine.must<Record<string, string>>('POST', operation, { body })
  answers.push(JSON.stringify(answer.body))
  return answer.body
}
const answers: string[] = []

const password = 'a password that was planted 77'
const hmacKey = 'planted-hmac-key-of-forty-letters-0123456'

async function plant() {
  const ca = await createAuthority('Planted CA')
  const server = await ca.issue({ names: ['dns:planted.example'], usage: 'server' })
  const inSecret = await ca.issue({ names: ['dns:secret.example'], usage: 'server' })
  const inPolicy = await ca.issue({ usage: 'client' })
  certificateLine = server.certificate.split('\n')[2] ?? ''
  secrets.set('the key of the CA', formsOfKey(ca.key))
  secrets.set('the key in PEM', formsOfKey(server.key))
  secrets.set('the key in a Secret', [
    ...formsOfKey(inSecret.key),
    Buffer.from(inSecret.key).toString('base64').slice(0, 100),
  ])
  secrets.set('the key in a policy', formsOfKey(inPolicy.key))
  secrets.set('the key in PKCS#12', formsOfKey(await fileText('ec-sec1.key')))
  secrets.set('the password of PKCS#12', ['geheim'])
  secrets.set('the password in a policy', [password, Buffer.from(password).toString('base64')])
  secrets.set('the HMAC key in a policy', [hmacKey, Buffer.from(hmacKey).toString('base64')])

  const { id: authorityId = '' } = await make('/authorities', {
    name: 'Planted CA',
    runBy: 'organisation',
    content: { text: ca.certificate + ca.key },
  })
  const imported = async (name: string, content: object) =>
    (await make('/certificates', { source: 'import', name, kind: 'server', content }))['id'] ?? ''
  const certificateId = await imported('planted-pem', { text: server.chain + server.key })
  const others = [
    await imported('planted-p12', { base64: await fileBase64('ec-modern.p12'), password: 'geheim' }),
    await imported('planted-secret', { text: secretOf(inSecret.chain, inSecret.key) }),
  ]
  const { id: contextId = '' } = await make('/contexts', {
    name: 'Planted context',
    class: 'org-internal',
    authorityIds: [authorityId],
    keystoreId: certificateId,
  })
  const api = await exposed(contextId, { crt: inPolicy.chain, key: inPolicy.key })
  return { authorityId, certificateId, others, contextId, ...api }
}

function secretOf(chain: string, key: string): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const data = { 'tls.crt': base64(chain), 'tls.key': base64(key) }
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls' },
    ...{ metadata: { name: 'planted' }, data },
  })
}

/** An API that has secrets in its policies and a key of a client, deployed. */
async function exposed(contextRef: string, certificate: { crt: string; key: string }) {
  const name = freshName('planted')
  const upstreamUrl = echo.url.replace('http:', 'https:')
  const source = { text: echoDocument(name, upstreamUrl) }
  const body = { source, name, basePath: `/${name}`, upstreamUrl, deploy: false }
  const { apiId = '', instanceId = '' } = await make('/apis', body)
  await machine.must('PUT', `/instances/${instanceId}`, {
    body: { host: 'planted.example', basePath: `/${name}`, upstreamUrl, stripBasePath: true, enabled: true },
    ifMatch: (await machine.must('GET', `/instances/${instanceId}`)).etag ?? '',
  })
  await replaceChain(machine, instanceId, [
    { kind: 'tls', config: { contextRef } },
    { kind: 'tls-outbound', config: { certificate } },
    { kind: 'api-key-auth', config: {} },
    { kind: 'jwt-validation', config: { jwtKeyOrigin: 'text', textKey: hmacKey, signingMethod: 'hmac' } },
    { kind: 'credential-injection-basic-auth', config: { username: 'jane', password } },
  ])
  // The one answer that shows it, by right.
  const { key } = (
    await machine.must<{ key: string }>('POST', `/instances/${instanceId}/consumers`, {
      body: { name: 'Planted client' },
    })
  ).body
  secrets.set('the key of a client', [key])
  const { id: gatewayId, headRevision } = await gatewayOf(machine)
  await make(`/gateways/${gatewayId}/revisions`, { expectedHeadRevision: headRevision, note: '' })
  await until('the node serves it', () => isGreen(machine))
  return { name, apiId, instanceId, gatewayId }
}

type Places = Map<string, Buffer>

/** What of the secrets stands where. */
function hitsIn(places: Places): string[] {
  return [...places].flatMap(([place, content]) =>
    [...secrets].flatMap(([name, forms]) =>
      forms.some((form) => content.includes(form)) ? [`${name} in ${place}`] : [],
    ),
  )
}

test('nothing of them is in what a browser gets, over a walk through every page that is about them', async () => {
  const page = await visitAs(browser, 'admin', { product })
  const { bodies, frames } = recorded(page)
  for (const address of pagesAbout()) {
    await page.goto(address)
    await page.locator('h1').first().waitFor()
    // Behind a dialog the rest of the page is not there for anybody.
    const live = page.getByRole('button', { name: /^live/ })
    await live.or(page.getByRole('dialog')).first().waitFor()
  }
  await page.goto(`/catalog/${made.apiId}?tab=settings`)
  await page.getByRole('button', { name: 'Write the documents' }).click()
  await page.getByRole('group', { name: 'Files' }).waitFor()
  await page.goto(`/catalog/${made.apiId}/policies`)
  for (const policy of [/^TLS/, /Basic/i, /JWT/i])
    await page.getByRole('button', { name: policy }).first().click()
  await page.goto(`/contexts/${made.contextId}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('dialog').getByRole('region', { name: 'What a change touches' }).waitFor()
  const drawn = await page.content()
  await page.context().close()

  const places: Places = new Map([['the page', Buffer.from(drawn)]])
  for (const [index, body] of (await Promise.all(bodies)).entries())
    places.set(`answer ${index}: ${body.of}`, body.content)
  places.set('frames', Buffer.concat(frames))
  expect(hitsIn(places)).toEqual([])
  expect([...places.values()].some((content) => content.includes(certificateLine))).toBe(true)
  expect(frames.length).toBeGreaterThan(0)
  expect(places.size).toBeGreaterThan(100)
})

function pagesAbout(): string[] {
  const { authorityId, certificateId, others, contextId, apiId, gatewayId } = made
  const certificates = [certificateId, ...others].map((id) => `/certificates/${id}`)
  const sides = ['traffic', 'listeners', 'upstreams', 'certificates', 'websockets']
  return [
    ...['/', '/certificates', '/certificates?add', ...certificates, `/certificates/${certificateId}?rotate`],
    ...['/authorities', `/authorities/${authorityId}`, `/authorities/${authorityId}/rotation`],
    ...['/contexts', `/contexts/${contextId}`, '/catalog', `/catalog/${apiId}`],
    ...['consumers', 'definition', 'versions', 'settings'].map((tab) => `/catalog/${apiId}?tab=${tab}`),
    ...[`/catalog/${apiId}/policies`, '/deployments', `/deployments?gateway=${gatewayId}&compare=1..2`],
    ...['/gateways', `/gateways/${gatewayId}`, ...sides.map((tab) => `/gateways/${gatewayId}?tab=${tab}`)],
    ...[
      '/topology?view=graph',
      '/topology?view=table',
      '/reviews',
      '/settings',
      '/settings/audit',
      '/api-docs',
    ],
    `/topology?view=graph&select=leg:outbound:gateway:${gatewayId}:api:${made.instanceId}`,
  ]
}

/** Everything that comes to a page from now on. */
function recorded(page: Page) {
  const bodies: Promise<{ of: string; content: Buffer }>[] = []
  const frames: Buffer[] = []
  page.on('response', (response) => {
    const of = response.url()
    const headers = Buffer.from(JSON.stringify(response.headers()))
    // An answer that is a redirect or was cancelled has no body.
    const content = response.body().then(
      (body) => Buffer.concat([headers, body]),
      () => headers,
    )
    bodies.push(content.then((whole) => ({ of, content: whole })))
  })
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => frames.push(Buffer.from(payload)))
    socket.on('framesent', ({ payload }) => frames.push(Buffer.from(payload)))
  })
  return { bodies, frames }
}

test('nothing of them is in what is taken along', async () => {
  const places: Places = new Map([['answers to who brought them', Buffer.from(answers.join('\n'))]])
  const { instanceId, gatewayId } = made
  const operations = [
    ...['members', 'policies'].map((form) => `/instances/${instanceId}/documents?form=${form}`),
    ...['svg', 'pdf', 'png'].map((format) => `/topology/picture?format=${format}`),
    ...['/topology/document', '/topology/flows', '/topology/evidence', '/topology', '/audit'],
    ...[`/gateways/${gatewayId}/network-policies`, `/instances/${instanceId}/policies`],
  ]
  for (const operation of operations) {
    const response = await fetch(`${product.portal}/api/v1${operation}`, {
      headers: { authorization: `Bearer ${machine.token}` },
    })
    const content = Buffer.from(await response.arrayBuffer())
    expect(response.status, operation).toBe(200)
    places.set(operation, content)
    if (operation.endsWith('evidence'))
      for (const [name, file] of Object.entries(unzipSync(content)))
        places.set(`evidence ${name}`, Buffer.from(file))
  }
  expect(hitsIn(places)).toEqual([])
  expect(
    places.get('/instances/' + instanceId + '/documents?form=members')?.includes('planted.example'),
  ).toBe(true)
})

test('nothing of them is in a dump of the database', async () => {
  const client = await connectDatabase(product)
  const places: Places = new Map([['the database', Buffer.from(await databaseText(client))]])
  await client.end()
  expect(hitsIn(places)).toEqual([])
  expect(places.get('the database')?.includes(certificateLine)).toBe(true)
})

test('nothing of them is on the disk, in logs, in the store of the node and in the files of the database', async () => {
  await product.stop()
  const places: Places = new Map()
  for (const entry of await readdir(dataFolder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile()) places.set(path.relative(dataFolder, file), await readFile(file))
  }
  expect(hitsIn(places)).toEqual([])
  const names = [...places.keys()]
  for (const folder of ['log', 'gateway', 'postgres'])
    expect(names.filter((name) => name.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(0)
  // By right there: a key of the sample’s own client, for the line of curl that is shown.
  expect(places.get('sample-client.pem')?.includes('PRIVATE KEY-----')).toBe(true)
})

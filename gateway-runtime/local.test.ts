import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CannotStart, startNode } from './node.ts'
import { readOptions } from './options.ts'
import { closing, memoryLog, startUpstream, temporaryFolder, until } from './testing/world.ts'

const end = closing()
let folder: string
let upstream: string

async function start() {
  const { log, lines } = memoryLog()
  const args = ['--local', folder, '--admin-port', '0', '--allow-loopback-upstreams', '--no-access-log']
  const options = readOptions([...args, '--drain-ms', '100'], {})
  if (options === undefined) throw new Error('no options')
  const node = await startNode(options, log)
  end.add(() => node.stop())
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${node.ports()[0]}${path}`, { headers })
  const admin = async (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${node.adminPort}${path}`, init)
  return { node, lines, get, admin }
}

function write(file: string, text: string): Promise<void> {
  return writeFile(join(folder, file), text)
}

function instance(name: string, path: string, policies = '[]'): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: ${name} }
spec:
  address: http://127.0.0.1:0${path}
  services: { upstream: { address: "${upstream}" } }
  policies: ${policies}
`
}

/** All that a port answers to some bytes until it closes. */
function rawAnswer(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

const keyed = `---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: orders-key }
spec:
  targetRef: { name: orders }
  policyRef: { name: api-key-auth-flex }
  order: 1
  config: { apiKeys: { secretName: keys } }
---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: orders-headers }
spec:
  targetRef: { name: orders }
  policyRef: { name: header-injection }
  order: 2
  config:
    inboundHeaders: [{ key: x-client, value: "#[authentication.clientId]" }, { key: x-token, value: planted-canary }]
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
type: hexgate.io/api-keys
stringData: { shop: planted-key-1 }
`

beforeEach(async () => {
  folder = await temporaryFolder(end)
  upstream = await startUpstream('orders', end)
})
afterEach(() => end.closeAll())

describe('local mode', () => {
  it('serves a folder with its policies: 401 without a key, then the client named to the upstream and the key hidden', async () => {
    await write('a.yaml', instance('orders', '/orders') + keyed)
    const { get } = await start()
    const refused = await get('/orders/1')
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'api-key-auth.missing' })
    const answer = await (await get('/orders/1', { 'x-api-key': 'planted-key-1' })).json()
    expect(answer).toMatchObject({ url: '/1', headers: { 'x-client': 'shop', 'x-token': 'planted-canary' } })
    expect(answer).not.toHaveProperty('headers.x-api-key')
  })

  it('hides a key in the query from the upstream and keeps the rest of the query', async () => {
    const config = keyed.replace('apiKeys:', 'in: query, key: k, apiKeys:')
    await write('a.yaml', instance('orders', '/orders') + config)
    const { get } = await start()
    const answer = await (await get('/orders/1?a=1&k=planted-key-1&b=%20')).json()
    expect(answer).toMatchObject({ url: '/1?a=1&b=%20' })
  })

  it('refuses two keys on one request', async () => {
    await write(
      'a.yaml',
      instance('orders', '/orders') + keyed.replace('apiKeys:', 'in: query, key: k, apiKeys:'),
    )
    const { get } = await start()
    expect((await get('/orders?k=planted-key-1&k=planted-key-1')).status).toBe(400)
  })

  it('answers a preflight itself and decorates refusals too, so that a page can read them', async () => {
    const cors = `[{ policyRef: { name: rate-limiting }, order: 3, config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60000 }] } },
      { policyRef: { name: cors }, order: 9, config: { publicResource: false, originGroups: [{ origins: ["https://shop.example"] }] } }]`
    await write('a.yaml', instance('orders', '/orders', cors))
    const { get, node } = await start()
    const origin = { origin: 'https://shop.example' }
    const preflight = await fetch(`http://127.0.0.1:${node.ports()[0]}/orders`, {
      method: 'OPTIONS',
      headers: { ...origin, 'access-control-request-method': 'GET' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect((await get('/orders', origin)).status).toBe(200)
    const limited = await get('/orders', origin)
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(59)
    expect(limited.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(
      (await get('/orders', { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  it('follows changes, new files and removed ones', async () => {
    await write('a.yaml', instance('orders', '/orders'))
    const { get, node } = await start()
    const [port] = node.ports()
    await write('b.yml', instance('stock', '/stock'))
    await until('the new file served', async () => (await get('/stock')).status === 200)
    await write('b.yml.new', instance('stock', '/store'))
    await rename(join(folder, 'b.yml.new'), join(folder, 'b.yml'))
    await until('the changed file served', async () => (await get('/store')).status === 200)
    await rm(join(folder, 'b.yml'))
    await until('the removed file gone', async () => (await get('/store')).status === 404)
    expect((await get('/orders')).status).toBe(200)
    expect(node.ports()).toEqual([port])
  })

  it('takes a mounted ConfigMap that turns its link once, and never a mixture', async () => {
    const mount = async (state: string, path: string) => {
      await mkdir(join(folder, state))
      await write(join(state, 'orders.yaml'), instance('orders', path))
      await write(join(state, 'stock.yaml'), instance('stock', `${path}-stock`))
      await symlink(state, join(folder, '..data_tmp'))
      await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    await mount('..2026_01', '/one')
    await symlink(join('..data', 'orders.yaml'), join(folder, 'orders.yaml'))
    await symlink(join('..data', 'stock.yaml'), join(folder, 'stock.yaml'))
    const { get, lines } = await start()
    expect((await get('/one-stock')).status).toBe(200)
    await mount('..2026_02', '/two')
    await until('the new state served', async () => (await get('/two-stock')).status === 200)
    expect((await get('/two')).status).toBe(200)
    await rm(join(folder, '..2026_01'), { recursive: true })
    await mount('..2026_03', '/three')
    await until('the third state served', async () => (await get('/three')).status === 200)
    expect(lines.filter((line) => line['code'] === 'local.applied')).toHaveLength(3)
    expect(lines.filter((line) => line['code'] === 'local.refused')).toEqual([])
  })

  it('reads folders inside the folder, and several folders, and names files by where they are', async () => {
    await mkdir(join(folder, 'orders'))
    await write('orders/api.yaml', instance('orders', '/orders'))
    await write('.hidden.yaml', 'kind: Gateway\n')
    const other = await temporaryFolder(end)
    await writeFile(join(other, 'stock.yaml'), instance('stock', '/stock'))
    const first = folder
    folder = `${first}:${other}`
    const { get, lines } = await start()
    expect([(await get('/orders')).status, (await get('/stock')).status]).toEqual([200, 200])
    await writeFile(join(other, 'stock.yaml'), 'kind: Gateway\n')
    const refusal = () => lines.find((line) => line['code'] === 'local.refused')
    await until('the refusal', refusal)
    expect(String(refusal()?.['faults'])).toContain(
      `${join(other, 'stock.yaml')}:1:7: there is no kind Gateway`,
    )
  })

  it('sends requests where their route says, rewrites their path by its groups, and refuses what is no route’s', async () => {
    const users = await startUpstream('users', end)
    await write(
      'a.yaml',
      `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: shop }
spec:
  address: http://127.0.0.1:0/shop
  services:
    products:
      address: ${upstream}/base
      routes:
        - rules: [{ path: /products(/.*), methods: GET }, { path: '/(?:eu|us)/items(/[0-9]+)/of(/.*)' }]
          config: { destinationPath: /api }
    users:
      address: ${users}
      routes:
        - rules: [{ path: /users(/.*)? }]
`,
    )
    const { get } = await start()
    const asked = async (path: string) => (await get(path)).json()
    expect(await asked('/shop/products/7?full=1')).toMatchObject({
      name: 'orders',
      url: '/base/api/7?full=1',
    })
    expect(await asked('/shop/eu/items/7/of/a')).toMatchObject({ name: 'orders', url: '/base/api/7/a' })
    expect(await asked('/shop/users/7/a%20b')).toMatchObject({ name: 'users', url: '/7/a%20b' })
    expect(await asked('/shop/users')).toMatchObject({ name: 'users', url: '/' })
    const refused = await get('/shop/else')
    expect(refused.status).toBe(404)
    expect(await refused.json()).toMatchObject({ code: 'route.none' })
  })

  it('shares requests out among Services by weight', async () => {
    const canary = await startUpstream('canary', end)
    const service = (name: string, address: string) =>
      `---\napiVersion: gateway.mulesoft.com/v1alpha1\nkind: Service\nmetadata: { name: ${name} }\nspec: { address: "${address}" }\n`
    await write(
      'a.yaml',
      `${instance('orders', '/orders').replace(/  services:.*\n/, '')}${service('stable', upstream)}${service('canary', canary)}---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: canary-first }
spec:
  targetRef: { name: orders }
  policyRef: { name: route-weighted }
  config:
    routes:
      - { weight: 80, destinationRef: { name: stable } }
      - { weight: 20, destinationRef: { name: canary }, destinationPath: /v2 }
`,
    )
    const { get } = await start()
    const seen: Record<string, number> = {}
    for (let count = 0; count < 200; count++) {
      const { name, url } = (await (await get('/orders/1')).json()) as { name: string; url: string }
      const key = `${name} ${url}`
      seen[key] = (seen[key] ?? 0) + 1
    }
    expect(Object.keys(seen).toSorted()).toEqual(['canary /v2/1', 'orders /1'])
    expect(seen['canary /v2/1']).toBeGreaterThan(35)
    expect(seen['canary /v2/1']).toBeLessThan(45)
  })

  it('speaks HTTP/2 with an upstream that is named so, and takes PROXY headers where it is told to', async () => {
    const server = createHttp2Server((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ version: request.httpVersion, headers: request.headers }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    end.add(() => server.close())
    const port = (server.address() as AddressInfo).port
    const proxied = `---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata: { name: node }
spec: { proxyProtocol: { enabled: true } }
`
    await write('a.yaml', instance('orders', '/orders').replace(upstream, `h2://127.0.0.1:${port}`) + proxied)
    const { node } = await start()
    const answer = await rawAnswer(
      node.ports()[0] ?? 0,
      'PROXY TCP4 192.0.2.7 127.0.0.1 5 6\r\nGET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('"version":"2.0"')
    expect(answer).toContain('192.0.2.7')
    expect(await rawAnswer(node.ports()[0] ?? 0, 'GET /orders HTTP/1.1\r\nHost: a\r\n\r\n')).not.toContain(
      '200',
    )
  })

  it('tells what it recognises and what it warns of, and follows the level of its log', async () => {
    const recognised = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: nothing }
spec: { podSelector: {} }
`
    const level = (name: string) => `apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata: { name: log }
spec: { logging: { runtimeLogs: { logLevel: ${name} } } }
`
    await write('a.yaml', instance('orders', '/orders'))
    await write('b.yaml', recognised)
    const { lines, get } = await start()
    expect(lines.find((line) => line['code'] === 'local.recognised')?.['msg']).toBe(
      'b.yaml:1:1: NetworkPolicy default/nothing is recognised; the gateway has nothing to do for it',
    )
    await write('c.yaml', level('error'))
    await write('a.yaml', instance('orders', '/v2'))
    await until('the change served', async () => (await get('/v2')).status === 200)
    expect(lines.filter((line) => line['code'] === 'local.applied')).toHaveLength(1)
  })

  it('refuses a bad edit with file, line and pointer, serves on, and takes the mended one', async () => {
    await write('a.yaml', instance('orders', '/orders'))
    const { get, lines, admin } = await start()
    await write(
      'a.yaml',
      instance('orders', '/v2').replace('policies: []', 'policies: [{ policyRef: { name: nope } }]'),
    )
    const refusal = () => lines.find((line) => line['code'] === 'local.refused')
    await until('the refusal', refusal)
    expect(refusal()?.['faults']).toEqual([
      'a.yaml:7:35: there is no policy nope here (/spec/policies/0/policyRef/name)',
    ])
    expect((await get('/orders')).status).toBe(200)
    expect(await (await admin('/healthy')).json()).toMatchObject({ status: 'degraded' })
    await write('a.yaml', instance('orders', '/v2'))
    await until('the mended file served', async () => (await get('/v2')).status === 200)
    expect(await (await admin('/healthy')).json()).toMatchObject({ status: 'healthy', problems: [] })
  })

  it('refuses instances that claim one port, host and path, by both names', async () => {
    await write('a.yaml', instance('orders', '/orders'))
    await write('b.yaml', instance('copies', '/orders'))
    await expect(start()).rejects.toThrow(
      'b.yaml:5:12: orders and copies both answer at /orders on the listener 127.0.0.1:0; orders is at a.yaml:1 (/spec/address)',
    )
  })

  it('does not start from a folder that is empty, missing or wrong, nor on a taken port, and says why', async () => {
    await expect(start()).rejects.toThrow(`${folder} holds no ApiInstance`)
    await write('a.yaml', 'kind: Gateway\n')
    await expect(start()).rejects.toThrow('a.yaml:1:7: there is no kind Gateway here')
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    end.add(() => blocker.close())
    const address = blocker.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await write('a.yaml', instance('orders', '/orders').replace('127.0.0.1:0/', `127.0.0.1:${port}/`))
    await expect(start()).rejects.toThrow(`port ${port} at 127.0.0.1 is in use by another process`)
    folder = join(folder, 'none')
    await expect(start()).rejects.toThrow(CannotStart)
  })
})

describe('the admin port', () => {
  it('says ready while it serves, and shows the configuration without secrets', async () => {
    await write('a.yaml', instance('orders', '/orders') + keyed)
    const { admin, lines } = await start()
    expect((await admin('/ready')).status).toBe(200)
    const config = await (await admin('/config')).text()
    expect(JSON.parse(config)).toHaveProperty(['items', 'api:default/orders', 'basePath'], '/orders')
    for (const secret of ['planted-canary', 'planted-key-1', '"keyHashes":["']) {
      expect(config).not.toContain(secret)
      expect(JSON.stringify(lines)).not.toContain(secret)
    }
    expect(config).toContain('••••••••')
  })

  it('counts traffic for Prometheus', async () => {
    await write('a.yaml', instance('orders', '/orders') + keyed)
    const { admin, get } = await start()
    await (await get('/orders')).text()
    await (await get('/orders', { 'x-api-key': 'planted-key-1' })).text()
    await (await get('/none')).text()
    const answer = await admin('/metrics')
    const metrics = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain')
    for (const line of [
      'hexgate_responses_total{status="200"} 1',
      'hexgate_responses_total{status="401"} 1',
      'hexgate_responses_total{status="404"} 1',
      'hexgate_refusals_total 1',
      'hexgate_api_requests_total{api="api:default/orders"} 2',
      'hexgate_request_duration_seconds_count 3',
      'hexgate_request_duration_seconds_bucket{le="+Inf"} 3',
    ])
      expect(metrics.split('\n')).toContain(line)
  })

  it('answers nothing else: no other path, method or host name', async () => {
    await write('a.yaml', instance('orders', '/orders'))
    const { admin, node } = await start()
    expect((await admin('/')).status).toBe(404)
    expect((await admin('/ready', { method: 'POST' })).status).toBe(405)
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: node.adminPort, path: '/config', headers: { host: 'rebound.example' } },
        (response) => resolve(response.resume().statusCode),
      )
      asked.on('error', reject).end()
    })
    expect(status).toBe(421)
  })
})

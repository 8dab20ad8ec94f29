import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { ApiItem, Item } from '#contract/items.ts'
import {
  part,
  signedBySecret,
  type TestIssuer,
  testIssuer,
} from '#policies/jwt-validation/tokens-in-tests.ts'
import { sha256 } from './ports.ts'
import { serveItems } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { closing, startUpstream, temporaryFolder } from './testing/world.ts'

const end = closing()
afterEach(() => end.closeAll())

const secret = 'a secret of the till'
const contracts: Item = {
  kind: 'contracts',
  id: 'contracts:orders',
  clients: [
    { id: 'till', name: 'Till', keyHashes: [sha256(secret)] },
    { id: 'hexgate-pipeline', name: 'Pipeline', keyHashes: [] },
  ],
}

/** A gateway whose APIs /orders and /bills have these policies, before an upstream that answers with what it was asked. */
async function gatewayWith(policies: readonly ApiItem['policies'][number][], behind?: string) {
  const upstream = behind ?? (await startUpstream('orders', end))
  const logged: string[] = []
  const inOrder = policies.map((one, index) => ({ ...one, order: index + 1 }))
  const items = [...oneApi(upstream, { policies: inOrder }), contracts].flatMap((item): Item[] =>
    item.kind === 'api'
      ? ['/orders', '/bills'].map((basePath) => ({
          ...item,
          id: `api:${basePath}`,
          basePath,
          contracts: contracts.id,
        }))
      : [item],
  )
  const log = (_level: string, code: string) => void logged.push(code)
  const port = await serveItems(items, end, { log })
  const get = async (headers: Record<string, string> = {}, path = '/orders/1') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const body = (await response.json()) as { code?: string; headers?: Record<string, string> }
    return {
      status: response.status,
      code: body.code,
      seen: body.headers,
      challenge: response.headers.get('www-authenticate'),
    }
  }
  const bearing = (token: string, path?: string) => get({ authorization: `Bearer ${token}` }, path)
  return { get, bearing, port, logged }
}

/** An issuer's server, which counts how often it is asked. */
async function keyServer(...issuers: readonly TestIssuer[]) {
  const published = { issuers, asked: 0 }
  const server = createHttpServer((_request, response) => {
    published.asked++
    response.end(JSON.stringify({ keys: published.issuers.map(({ jwk }) => jwk) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  end.add(() => (server.listening ? stop() : undefined))
  return { published, stop, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks` }
}

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600

const claimsOf = (change: object = {}) => ({
  sub: 'jane',
  iss: 'https://login.example',
  client_id: 'till',
  exp: inAnHour(),
  ...change,
})

function tokenOf(issuer: TestIssuer, claims: object = {}, kid = issuer.jwk.kid): Promise<string> {
  return issuer.sign({ alg: issuer.algorithm, kid }, claimsOf(claims))
}

/** As if the public key, which everybody knows, were a shared secret. */
function byPublicKey(key: string, claims: object): Promise<string> {
  return signedBySecret(new TextEncoder().encode(key), { alg: 'HS256', kid: 'old' }, claims)
}

const old = await testIssuer('RS256', 'old')
const fresh = await testIssuer('RS256', 'fresh')

function jwt(url: string, audiences?: { supportedAudiences: readonly string[] }) {
  return policy('jwt-validation', {
    jwksUrl: [url],
    issuers: ['https://login.example'],
    claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
    ...(audiences === undefined ? {} : { ...audiences, validateAudClaim: true }),
  })
}

describe('tokens at a running gateway', () => {
  it('are verified by published keys, decide what may be done, and tell the upstream who is calling', async () => {
    const { url, published } = await keyServer(old)
    const rules = [{ path: '/{id}', allOf: [{ roles: ['reader'] }] }]
    const { get, bearing } = await gatewayWith([jwt(url), policy('claims-authorization', { rules })])
    const token = await tokenOf(old, { roles: ['reader'] })
    const good = await get({ authorization: `Bearer ${token}`, 'x-user': 'forged' })
    expect(good).toMatchObject({ status: 200, seen: { 'x-user': 'jane' } })
    for (let i = 0; i < 20; i++) expect((await bearing(token)).status).toBe(200)
    expect(published.asked).toBe(1)
    expect(await bearing(await tokenOf(old))).toMatchObject({
      status: 403,
      code: 'claims-authorization.denied',
    })
    expect(await bearing(token, '/orders/1/items')).toMatchObject({
      status: 403,
      code: 'claims-authorization.no_rule',
    })
  })

  it('that are wrong get 401 with the check, never 500', async () => {
    const { url } = await keyServer(old)
    const { get, bearing } = await gatewayWith([jwt(url, { supportedAudiences: ['orders'] })])
    const aud = 'orders'
    const good = await tokenOf(old, { aud })
    expect((await bearing(good)).status).toBe(200)
    expect(await get()).toMatchObject({ status: 401, code: 'jwt-validation.missing', challenge: 'Bearer' })
    const [header = '', body = '', signature = ''] = good.split('.')
    const withHeader = (change: object) =>
      old.sign({ alg: 'RS256', kid: 'old', ...change }, claimsOf({ aud }))
    const withClaims = (text: string) => old.sign({ alg: 'RS256', kid: 'old' }, text)
    const claims = JSON.stringify(claimsOf({ aud }))
    const wrong: [string, string][] = [
      ['nonsense', 'malformed'],
      ...['none', 'None', 'nOnE'].map((alg): [string, string] => [
        `${part({ alg, kid: 'old' })}.${body}.`,
        'algorithm',
      ]),
      [await byPublicKey(old.pem, claimsOf({ aud })), 'algorithm'],
      [await byPublicKey(old.jwk.n ?? '', claimsOf({ aud })), 'algorithm'],
      [`${header}.${body}.`, 'signature'],
      [await tokenOf(fresh, { aud }, 'old'), 'signature'],
      [await tokenOf(old, { aud }, '../../../../dev/null'), 'unknown_key'],
      [await tokenOf(old, { aud }, "' OR 1 --"), 'unknown_key'],
      [await tokenOf(old, { aud }, '__proto__'), 'unknown_key'],
      [await withHeader({ jku: url }), 'malformed'],
      [await withHeader({ x5u: url }), 'malformed'],
      [await fresh.sign({ alg: 'RS256', kid: 'fresh', jwk: fresh.jwk }, claimsOf({ aud })), 'malformed'],
      [await withHeader({ crit: ['exp'] }), 'malformed'],
      [await tokenOf(old, { aud, exp: 1 }), 'expired'],
      [await tokenOf(old, { aud, nbf: inAnHour() }), 'not_yet_valid'],
      [await tokenOf(old, { aud: 'bills' }), 'audience'],
      [await tokenOf(old, { aud, iss: 'https://other.example' }), 'issuer'],
      [`${header}. ${body}.${signature}`, 'malformed'],
      [`${good}==`, 'malformed'],
      [await withClaims(`${claims.slice(0, -1)},"sub":"eve"}`), 'malformed'],
      [await withClaims(claims.replace(/"exp":\d+/, '"exp":1e400')), 'malformed'],
      [await tokenOf(old, { aud, exp: String(inAnHour()) }), 'claim'],
      [await tokenOf(old, { aud, client_id: 'stranger' }), 'client'],
    ]
    for (const [token, check] of wrong) {
      expect(await bearing(token), token).toMatchObject({
        status: 401,
        code: `jwt-validation.${check}`,
        challenge: expect.stringMatching(/^Bearer error="invalid_token", error_description="[^"]+"$/),
      })
    }
    expect(await bearing(`${header}.${'A'.repeat(100_000)}.${signature}`)).toMatchObject({
      status: 431,
      code: 'header_too_large',
    })
    expect((await bearing(good)).status).toBe(200)
  })

  it('that anybody can sign, since the issuer has published a weak key, get 401', async () => {
    const { url } = await keyServer(fresh, { ...old, jwk: { ...old.jwk, e: 'AQ' } })
    const { bearing } = await gatewayWith([jwt(url)])
    const input = `${part({ alg: 'RS256', kid: 'old' })}.${part(claimsOf())}`
    // With the exponent 1, what a signature has to become is the signature (RFC 8017 §9.2).
    const hash = Buffer.from(`3031300d060960864801650304020105000420${sha256(input)}`, 'hex')
    const padding = Buffer.alloc(256 - 3 - hash.length, 0xff)
    const signature = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), hash])
    expect(await bearing(`${input}.${signature.toString('base64url')}`)).toMatchObject({
      status: 401,
      code: 'jwt-validation.unknown_key',
    })
    expect((await bearing(await tokenOf(fresh))).status).toBe(200)
  })

  it('that are wrong pass where the policy is only tried out, without saying who is calling', async () => {
    const { url } = await keyServer(old)
    const { get, bearing } = await gatewayWith([{ ...jwt(url), dryRun: true }])
    for (const token of [await tokenOf(old, { exp: 1 }), await tokenOf(fresh, {}, 'old'), 'nonsense'])
      expect((await bearing(token)).status).toBe(200)
    expect((await get()).seen).not.toHaveProperty('x-user')
    expect((await bearing(await tokenOf(old))).status).toBe(200)
  })

  it('hidden behind a second Authorization header are refused', async () => {
    const { url } = await keyServer(old)
    const { port } = await gatewayWith([jwt(url)])
    const token = await tokenOf(old)
    const socket = connect(port, '127.0.0.1')
    const line = `Authorization: Bearer ${token}\r\n`
    socket.write(`GET /orders/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${line}${line}\r\n`)
    let answer = ''
    for await (const part of socket) answer += String(part)
    // The codec refuses them before any policy could choose between the two.
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"bad_header"/)
  })

  it('go on through a rotation of keys and while the issuer is away', async () => {
    const { url, published, stop } = await keyServer(old)
    const { bearing, logged } = await gatewayWith([jwt(url)])
    expect((await bearing(await tokenOf(old))).status).toBe(200)
    published.issuers = [old, fresh]
    expect((await bearing(await tokenOf(fresh))).status).toBe(200)
    await stop()
    for (const issuer of [old, fresh])
      expect((await bearing(await tokenOf(issuer, { later: true }))).status).toBe(200)
    expect(logged).toEqual([])
  })

  it('of several APIs with one issuer are verified by keys that were fetched once', async () => {
    const { url, published } = await keyServer(old)
    const { bearing } = await gatewayWith([jwt(url)])
    const token = await tokenOf(old)
    expect((await bearing(token)).status).toBe(200)
    expect((await bearing(token, '/bills/1')).status).toBe(200)
    expect(published.asked).toBe(1)
  })

  it('with unknown key ids make the gateway ask the issuer once, however many they are', async () => {
    const { url, published } = await keyServer(old)
    const { bearing } = await gatewayWith([jwt(url)])
    await bearing(await tokenOf(old))
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => bearing(await tokenOf(old, {}, `unknown-${i}`))),
    )
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 401, code: 'jwt-validation.unknown_key' })
    expect(published.asked).toBe(2)
  })

  it('get 401 while the keys of the issuer cannot be had, and pass once they can', async () => {
    const { bearing, logged } = await gatewayWith([jwt('http://127.0.0.1:1/jwks')])
    expect(await bearing(await tokenOf(old))).toMatchObject({
      status: 401,
      code: 'jwt-validation.keys_unavailable',
    })
    expect(logged).toEqual(['jwks_unavailable'])
  })

  it('whose issuer hangs wait for the time limit and no longer, and hold up nobody else', async () => {
    const sockets = new Set<Socket>()
    const silent = createTcpServer((socket) => void sockets.add(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    end.add(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const jwksUrl = [`http://127.0.0.1:${(silent.address() as AddressInfo).port}/jwks`]
    const hung = policy('jwt-validation', { jwksUrl, jwksServiceConnectionTimeout: 2_000 })
    const { get, bearing } = await gatewayWith([{ ...hung, rules: [{ path: '/held' }] }])
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, i) => tokenOf(old, { i })))
    const startMs = performance.now()
    const held = tokens.map((token) => bearing(token, '/orders/held'))
    for (let i = 0; i < 50; i++) expect((await get()).status).toBe(200)
    expect(performance.now() - startMs).toBeLessThan(2_000)
    for (const answer of await Promise.all(held))
      expect(answer).toMatchObject({ status: 401, code: 'jwt-validation.keys_unavailable' })
    expect(performance.now() - startMs).toBeLessThan(4_000)
    expect(sockets.size).toBe(1)
  })
})

describe('a WebSocket', () => {
  const tenant = { key: 'tenant', value: "#[attributes.headers['x-tenant']]" }
  const sessionPolicies = (url: string) => [
    policy('jwt-validation', { jwksUrl: [url], leeway: 0, mandatoryCustomClaims: [tenant] }),
    policy('claims-authorization', { rules: [{ path: '/live', allOf: [{ roles: ['reader'] }] }] }),
    policy('websocket-session', { graceSeconds: 0 }),
  ]
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds

  /** An upstream that sends every message back. */
  async function echoing(): Promise<string> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => socket.on('message', (text: Buffer) => socket.send(text.toString())))
    await once(server, 'listening')
    end.add(() => {
      for (const socket of server.clients) socket.terminate()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  function opened(port: number, token: string): Promise<WebSocket> {
    const headers = { authorization: `Bearer ${token}`, 'x-tenant': 'a' }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/orders/live`, { headers })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('open', () => {
        end.add(() => socket.terminate())
        resolve(socket)
      })
    })
  }

  it('is opened by a token, renewed by another one under the same rules, and closed when that has expired', async () => {
    const { url } = await keyServer(old)
    const { port } = await gatewayWith(sessionPolicies(url), await echoing())
    const claims = { roles: ['reader'], tenant: 'a' }
    await expect(opened(port, await tokenOf(old, { tenant: 'a' }))).rejects.toThrow('403')
    await expect(opened(port, await tokenOf(old, { ...claims, tenant: 'b' }))).rejects.toThrow('401')
    const firstEnd = inSeconds(2)
    const socket = await opened(port, await tokenOf(old, { ...claims, exp: firstEnd }))
    const renew = async (change: object) => {
      socket.send(JSON.stringify({ type: 'renew', token: await tokenOf(old, { ...claims, ...change }) }))
      const [answer] = (await once(socket, 'message')) as [Buffer]
      return JSON.parse(String(answer)) as unknown
    }
    const refused = { type: 'renew', status: 'refused', reason: 'invalid_token' }
    expect(await renew({ exp: firstEnd + 60, tenant: 'b' })).toEqual(refused)
    expect(await renew({ exp: firstEnd + 60, roles: [] })).toEqual(refused)
    expect(await renew({ exp: firstEnd + 2 })).toMatchObject({ status: 'renewed', expiresAt: firstEnd + 2 })
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4401)
    expect(Date.now()).toBeGreaterThanOrEqual((firstEnd + 2) * 1_000)
    expect(Date.now()).toBeLessThan((firstEnd + 3) * 1_000)
  })
})

describe('the bundled issuer', () => {
  /** The provider as a process of its own, and its client for pipelines. */
  async function startSts() {
    const folder = await temporaryFolder(end)
    const root = join(import.meta.dirname, '..')
    const prepare = `import(${JSON.stringify(join(root, 'sts/prepare.ts'))}).then((m) => m.prepareSts(${JSON.stringify(folder)}))`
    await promisify(execFile)(process.execPath, ['-e', prepare], { cwd: root })
    const child = spawn(process.execPath, [join(root, 'sts/main.ts')], {
      env: {
        ...process.env,
        HEXGATE_STS_PORT: '0',
        HEXGATE_STS_DATA: folder,
        HEXGATE_PORTAL_URL: 'http://localhost:9',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    end.add(stop)
    for await (const line of createInterface(child.stdout)) {
      const { port } = JSON.parse(line) as { port?: number }
      if (port !== undefined)
        return { issuer: `http://localhost:${port}`, stop, ...(await clientsIn(folder)) }
    }
    throw new Error('it ended before it served')
  }

  async function clientsIn(folder: string) {
    type Client = { id: string; secret: string }
    const text = await readFile(join(folder, 'clients.json'), 'utf8')
    const { portal, pipeline } = JSON.parse(text) as { portal: Client; pipeline: Client }
    return { portal, pipeline }
  }

  const basic = ({ id, secret }: { id: string; secret: string }) =>
    `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

  it('is asked about tokens, remembered while it is away, and its absence is a 503', async () => {
    const { issuer, portal, pipeline, stop } = await startSts()
    const fetchToken = async (scope: string) => {
      const response = await fetch(`${issuer}/oauth/token`, {
        method: 'POST',
        headers: { authorization: basic(pipeline) },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      })
      return ((await response.json()) as { access_token: string }).access_token
    }
    const { bearing } = await gatewayWith([
      policy('oauth2-token-introspection', {
        introspectionURL: `${issuer}/oauth/introspect`,
        authorizationValue: basic(portal),
        scopes: ['api.write'],
        exposeHeaders: true,
      }),
    ])
    const token = await fetchToken('api.read api.write')
    expect(await bearing(token)).toMatchObject({
      status: 200,
      seen: { 'x-agw-client-id': 'hexgate-pipeline' },
    })
    expect(await bearing(await fetchToken('api.read'))).toMatchObject({
      status: 403,
      code: 'oauth2-token-introspection.insufficient_scope',
    })
    expect(await bearing('nobodys')).toMatchObject({
      status: 401,
      code: 'oauth2-token-introspection.inactive',
    })
    await stop()
    expect((await bearing(token)).status).toBe(200)
    expect(await bearing('another')).toMatchObject({
      status: 503,
      code: 'oauth2-token-introspection.unavailable',
    })
  })

  it('gives the gateway a token of its own for an upstream', async () => {
    const { issuer, pipeline } = await startSts()
    const { get } = await gatewayWith([
      policy('credential-injection-oauth2', {
        oauthService: `${issuer}/oauth/token`,
        clientId: pipeline.id,
        clientSecret: pipeline.secret,
        scope: ['api.read'],
      }),
    ])
    const first = await get({ authorization: 'Bearer theirs' })
    expect(first).toMatchObject({
      status: 200,
      seen: { authorization: expect.stringMatching(/^Bearer (?!theirs)./) },
    })
    expect((await get()).seen?.['authorization']).toBe(first.seen?.['authorization'])
  })
})

it('clients by id and secret, users by password, and addresses are known at a running gateway', async () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const ids = await gatewayWith([policy('client-id-enforcement')])
  expect((await ids.get(basic(`till:${secret}`))).status).toBe(200)
  expect(await ids.get(basic(`hexgate-pipeline:${secret}`))).toMatchObject({
    status: 401,
    code: 'client-id-enforcement.unknown',
  })
  const named = await gatewayWith([
    policy('client-id-enforcement', {
      credentialsOrigin: 'expression',
      clientIdExpression: "#[attributes.headers['client_id']]",
      clientSecretExpression: "#[attributes.headers['client_secret']]",
    }),
  ])
  const answer = await named.get({ client_id: 'till', client_secret: secret })
  expect(answer.status).toBe(200)
  // Many servers cannot tell an underscore from a hyphen, so that such headers never go on.
  expect(JSON.stringify(answer.seen)).not.toContain('client_')
  expect(await named.get({ 'client-id': 'till', 'client-secret': secret })).toMatchObject({ status: 401 })
  const users = await gatewayWith([policy('http-basic-authentication', { username: 'jane', password: 'x' })])
  expect((await users.get(basic('jane:x'))).status).toBe(200)
  expect(await users.get()).toMatchObject({ status: 401, challenge: 'Basic realm="api", charset="UTF-8"' })
  const refused = await gatewayWith([policy('ip-blocklist', { ips: ['127.0.0.0/8'] })])
  expect(await refused.get()).toMatchObject({ status: 403, code: 'ip-blocklist.denied' })
  const injected = await gatewayWith([
    policy('credential-injection-basic-auth', { username: 'a', password: 'b', overwrite: true }),
  ])
  expect((await injected.get(basic('c:d'))).seen).toMatchObject(basic('a:b'))
})

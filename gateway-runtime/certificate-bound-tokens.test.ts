import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Item } from '#contract/items.ts'
import { testIssuer } from '#policies/jwt-validation/tokens-in-tests.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from './testing/certificates.ts'
import { serveItems } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { closing } from './testing/world.ts'

/** One API by JWT and one by introspection, behind an https port that takes clients with and without a certificate. */

const end = closing()
const issuer = await testIssuer('ES256')
let root: Authority
let holder: KeyAndCertificate
let thief: KeyAndCertificate
/** Issued to the holder too: the binding is to a certificate, not to a name or a key. */
let renewed: KeyAndCertificate
let port = 0
/** What the introspection endpoint says of a token. */
const known = new Map<string, object>()
let introspections = 0

function thumbprintOf({ certificate }: KeyAndCertificate): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url')
}

function boundTo(certificate: KeyAndCertificate, more: object = {}): Promise<string> {
  return tokenWith({ cnf: { 'x5t#S256': thumbprintOf(certificate) }, ...more })
}

function tokenWith(claims: object): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 600
  return issuer.sign({ alg: 'ES256' }, { iss: 'https://login.example', sub: 'jane', exp, ...claims })
}

function listening(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port
}

async function startUpstream(): Promise<string> {
  const upstream = createHttpServer((_request, response) => response.end('{}'))
  new WebSocketServer({ server: upstream })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  end.add(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  return `http://127.0.0.1:${listening(upstream)}`
}

async function startIntrospection(): Promise<string> {
  const server = createHttpServer((asked, response) => {
    introspections++
    void text(asked).then((body) => {
      const token = new URLSearchParams(body).get('token') ?? ''
      response.end(JSON.stringify(known.get(token) ?? { active: false }))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${listening(server)}`
}

beforeAll(async () => {
  root = await createAuthority()
  const own = await root.issue({ names: ['dns:api.example'], usage: 'server' })
  holder = await root.issue({ subject: 'CN=shop', usage: 'client' })
  thief = await root.issue({ subject: 'CN=thief', usage: 'client' })
  renewed = await root.issue({ subject: 'CN=shop', usage: 'client' })
  const [upstream, introspectionURL] = await Promise.all([startUpstream(), startIntrospection()])
  const tls = policy('tls', {
    certificate: { crt: own.chain, key: own.key },
    mode: 'PERMISSIVE',
    trustedCA: root.certificate,
  })
  const anyClient = { skipClientIdValidation: true }
  const chains = {
    '/jwt': [
      policy('jwt-validation', {
        jwtKeyOrigin: 'text',
        textKey: issuer.pem,
        signingMethod: 'es',
        ...anyClient,
      }),
      policy('websocket-session'),
    ],
    '/asked': [policy('oauth2-token-introspection', { introspectionURL, ...anyClient })],
  }
  const items = oneApi(upstream).flatMap((item): Item[] => {
    if (item.kind === 'listener') return [{ ...item, protocol: 'https' }]
    if (item.kind !== 'api') return [item]
    return Object.entries(chains).map(([basePath, chain]) => ({
      ...item,
      id: `api:${basePath}`,
      host: 'api.example',
      basePath,
      policies: [tls, ...chain].map((one, order) => ({ ...one, order })),
    }))
  })
  port = await serveItems(items, end)
})
afterAll(() => end.closeAll())

function clientOf(certificate: KeyAndCertificate | undefined) {
  return {
    host: '127.0.0.1',
    port,
    servername: 'api.example',
    ca: root.certificate,
    ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
  }
}

interface Answer {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly challenge: string | undefined
}

async function get(
  path: string,
  token: string,
  certificate: KeyAndCertificate | undefined,
  agent: Agent | false = false,
): Promise<Answer> {
  const headers = { host: 'api.example', authorization: `Bearer ${token}` }
  const asked = request({ ...clientOf(certificate), path, headers, agent }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const { code } = JSON.parse(await text(response)) as { code?: string }
  return { status: response.statusCode, code, challenge: response.headers['www-authenticate'] }
}

async function getByHttp2(path: string, token: string, certificate: KeyAndCertificate): Promise<number> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, clientOf(certificate))
  const stream = session.request({
    ':path': path,
    ':authority': 'api.example',
    authorization: `Bearer ${token}`,
  })
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  session.destroy()
  return Number(headers[':status'])
}

const refused = (kind: string, check: string) => ({
  status: 401,
  code: `${kind}.${check}`,
  challenge: expect.stringMatching(/^Bearer error="invalid_token", error_description="[^"]+"$/),
})

it('a bound JWT is good on connections with its certificate and on no others, whoever came first', async () => {
  const token = await boundTo(holder)
  for (const _ of ['verified', 'remembered']) {
    expect(await get('/jwt/1', token, holder)).toMatchObject({ status: 200 })
    for (const certificate of [thief, renewed, undefined])
      expect(await get('/jwt/1', token, certificate)).toEqual(
        refused('jwt-validation', 'certificate_binding'),
      )
  }
  expect(await getByHttp2('/jwt/1', token, holder)).toBe(200)
  expect(await getByHttp2('/jwt/1', token, thief)).toBe(401)
})

it('each token of one connection is held to it by itself', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  end.add(() => agent.destroy())
  const [own, others, unbound] = [await boundTo(holder), await boundTo(thief), await tokenWith({})]
  for (const [token, status] of [
    [own, 200],
    [others, 401],
    [unbound, 200],
    [own, 200],
  ] as const)
    expect((await get('/jwt/1', token, holder, agent)).status).toBe(status)
})

it('a key that the gateway cannot ask for is refused, with the certificate too', async () => {
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  for (const cnf of [{ jkt }, { 'x5t#S256': thumbprintOf(holder), jkt }])
    expect(await get('/jwt/1', await tokenWith({ cnf }), holder)).toEqual(
      refused('jwt-validation', 'confirmation'),
    )
})

it('what a proxy in front says of a certificate binds nothing', async () => {
  const token = await boundTo(holder)
  const claimed = `Hash=${holder.sha256};Cert="${encodeURIComponent(holder.certificate)}"`
  const headers = {
    host: 'api.example',
    authorization: `Bearer ${token}`,
    'x-forwarded-client-cert': claimed,
    'client-cert': `:${new X509Certificate(holder.certificate).raw.toString('base64')}:`,
  }
  for (const certificate of [undefined, thief]) {
    const asked = request({ ...clientOf(certificate), path: '/jwt/1', headers, agent: false }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(401)
  }
})

it('a bound token that the issuer was asked about is held to its certificate, remembered or not', async () => {
  known.set('opaque', { active: true, sub: 'jane', cnf: { 'x5t#S256': thumbprintOf(holder) } })
  known.set('dpop', { active: true, sub: 'jane', cnf: { jkt: 'x' } })
  const kind = 'oauth2-token-introspection'
  expect(await get('/asked/1', 'opaque', thief)).toEqual(refused(kind, 'certificate_binding'))
  expect(await get('/asked/1', 'opaque', holder)).toMatchObject({ status: 200 })
  expect(await get('/asked/1', 'opaque', undefined)).toEqual(refused(kind, 'certificate_binding'))
  expect(introspections).toBe(1)
  expect(await get('/asked/1', 'dpop', holder)).toEqual(refused(kind, 'confirmation'))
})

it('a WebSocket is opened and renewed by tokens that are bound to its own certificate', async () => {
  const open = (token: string, certificate: KeyAndCertificate) =>
    new WebSocket(`wss://127.0.0.1:${port}/jwt/live`, {
      ...clientOf(certificate),
      headers: { host: 'api.example', authorization: `Bearer ${token}` },
    })
  const stolen = open(await boundTo(holder), thief)
  const [failure] = (await once(stolen, 'error')) as [Error]
  expect(failure.message).toContain('401')
  const socket = open(await boundTo(holder), holder)
  await once(socket, 'open')
  const renew = async (token: string) => {
    socket.send(JSON.stringify({ type: 'renew', token }))
    const [answer] = (await once(socket, 'message')) as [Buffer]
    return JSON.parse(String(answer)) as unknown
  }
  const wrong = { type: 'renew', status: 'refused', reason: 'invalid_token' }
  expect(await renew(await boundTo(thief))).toEqual(wrong)
  expect(await renew(await tokenWith({ cnf: { jkt: 'x' } }))).toEqual(wrong)
  expect(await renew(await boundTo(holder, { later: true }))).toMatchObject({ status: 'renewed' })
  socket.terminate()
})

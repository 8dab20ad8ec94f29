import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { db } from '../db.ts'
import { testDatabase } from '../testing/database.ts'
import { authenticate } from './authenticate.ts'
import { staleKeysMs } from './issuer.ts'

// An issuer of the tests' own, so that every kind of token can be made: right, expired, somebody else's.
const keys = await generateKeyPair('RS256', { extractable: true })
const strangers = await generateKeyPair('RS256')
const portal = 'http://localhost:3000'
let server: Server
let issuer: string
let organisationId: string
let asked = 0
let keysAway = false
const active = new Map<string, Record<string, unknown>>()

beforeAll(async () => {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = (value: unknown) => response.end(JSON.stringify(value))
    if (request.url === '/.well-known/openid-configuration') {
      return answer({
        issuer,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        introspection_endpoint: `${issuer}/introspect`,
      })
    }
    if (request.url === '/jwks') {
      if (keysAway) return response.destroy()
      return answer({
        keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }],
      })
    }
    asked += 1
    let body = ''
    for await (const chunk of request) body += chunk
    answer(active.get(new URLSearchParams(body).get('token') ?? '') ?? { active: false })
  }
  server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const database = await testDatabase()
  Object.assign(process.env, { OIDC_ISSUER: issuer })
  closeDatabase = database.close
  const organisation = await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  organisationId = organisation.id
  const machine = { organisationId, issuer, role: 'operator' as const }
  await db().serviceAccount.createMany({
    data: [
      { ...machine, clientId: 'deployer', name: 'Deployer' },
      { ...machine, clientId: 'removed', name: 'Removed', revokedAt: new Date() },
    ],
  })
})
let closeDatabase: () => Promise<void>
afterAll(async () => {
  await closeDatabase()
  server.closeAllConnections()
  server.close()
})

const claims = { sub: 'deployer', scope: 'api.read api.write' }

interface Making {
  key?: CryptoKey
  iss?: string
  aud?: string
  expires?: string
  header?: Record<string, unknown>
}

function jwt(payload: JWTPayload, making: Making = {}): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: 'one', ...making.header })
    .setIssuer(making.iss ?? issuer)
    .setAudience(making.aud ?? portal)
    .setIssuedAt()
    .setExpirationTime(making.expires ?? '5 minutes')
    .sign(making.key ?? keys.privateKey)
}

function bearer(token: string) {
  return authenticate(new Headers({ authorization: `Bearer ${token}` }))
}

test('a token of the issuer for this portal is its client, with the scopes that it was given', async () => {
  const actor = await bearer(await jwt({ ...claims, scope: 'api.read something.else' }))
  expect(actor).toMatchObject({
    kind: 'machine',
    name: 'Deployer',
    role: 'operator',
    organisationId,
    sessionId: null,
  })
  expect([...(actor?.scopes ?? [])]).toEqual(['api.read'])
})

test('a token without scopes may do nothing', async () => {
  expect((await bearer(await jwt({ sub: 'deployer' })))?.scopes?.size).toBe(0)
})

test('a client that was removed, and a subject that nobody knows, are refused', async () => {
  for (const sub of ['removed', 'unknown']) {
    await expect(bearer(await jwt({ ...claims, sub }))).rejects.toMatchObject({
      code: 'access.no-membership',
    })
  }
})

const refused: [string, () => Promise<string>][] = [
  ['expired', () => jwt(claims, { expires: '-1 minute' })],
  ['of another issuer', () => jwt(claims, { iss: 'http://evil.test' })],
  ['for another audience', () => jwt(claims, { aud: 'http://other.test' })],
  ['signed by another key', () => jwt(claims, { key: strangers.privateKey })],
  ['naming an unknown key', () => jwt(claims, { header: { kid: '../../etc/passwd' } })],
  [
    'bringing its own key',
    async () =>
      jwt(claims, {
        key: strangers.privateKey,
        header: { jwk: await exportJWK(strangers.publicKey), kid: 'mine' },
      }),
  ],
  [
    'not signed at all',
    async () => `${encode({ alg: 'none' })}.${encode({ ...claims, iss: issuer, aud: portal })}.`,
  ],
  [
    'signed with the public key as a secret',
    async () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(portal)
        .setExpirationTime('5 minutes')
        .sign(new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)))),
  ],
  ['not yet valid', () => jwt({ ...claims, nbf: Math.floor(Date.now() / 1000) + 600 })],
  ['an ID token', () => jwt({ ...claims, nonce: 'n', aud: 'portal' }, { aud: 'portal' })],
  [
    'altered',
    async () => (await jwt(claims)).replace(/\.([^.]*)\./, `.${encode({ ...claims, sub: 'admin' })}.`),
  ],
  ['three parts of nothing', async () => 'a.b.c'],
]

test.each(refused)('a token that is %s is refused', async (_name, make) => {
  await expect(bearer(await make())).rejects.toMatchObject({ code: 'token.invalid' })
})

test('a malformed header is refused and never breaks the request', async () => {
  for (const value of [
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer %E0%A4%A',
    'Basic YTpi',
    'Bearer a, Bearer b',
    `Bearer ${'a'.repeat(9000)}`,
  ]) {
    await expect(authenticate(new Headers({ authorization: value })), value).rejects.toMatchObject({
      code: 'token.invalid',
    })
  }
})

test('a token does not fall back to a cookie, nor a cookie lend its rights to a token', async () => {
  const headers = new Headers({ authorization: 'Bearer a.b.c', cookie: 'hexgate.session=x' })
  await expect(authenticate(headers)).rejects.toMatchObject({ code: 'token.invalid' })
  expect(await authenticate(new Headers({ cookie: 'hexgate.session=rubbish' }))).toBeNull()
  expect(await authenticate(new Headers())).toBeNull()
})

test('an opaque token is asked for once in a while, however many requests carry it', async () => {
  active.set('opaque-1', { active: true, client_id: 'deployer', scope: 'api.read', exp: later(60) })
  const before = asked
  const actors = await Promise.all(Array.from({ length: 20 }, () => bearer('opaque-1')))
  expect(actors.every((actor) => actor?.name === 'Deployer')).toBe(true)
  expect(asked - before).toBe(1)
})

test('an opaque token that is inactive, expired or another issuer’s is refused', async () => {
  active.set('opaque-late', { active: true, client_id: 'deployer', exp: later(-1) })
  active.set('opaque-foreign', {
    active: true,
    client_id: 'deployer',
    iss: 'http://evil.test',
    exp: later(60),
  })
  for (const token of ['opaque-unknown', 'opaque-late', 'opaque-foreign']) {
    await expect(bearer(token)).rejects.toMatchObject({ code: 'token.invalid' })
  }
})

test('a removed client is refused at once, although its token is cached', async () => {
  active.set('opaque-2', { active: true, client_id: 'deployer', scope: 'api.read', exp: later(60) })
  await bearer('opaque-2')
  await db().serviceAccount.updateMany({ where: { clientId: 'deployer' }, data: { revokedAt: new Date() } })
  await expect(bearer('opaque-2')).rejects.toMatchObject({ code: 'access.no-membership' })
  await db().serviceAccount.updateMany({ where: { clientId: 'deployer' }, data: { revokedAt: null } })
})

test('with the issuer away its last keys count for an hour, and no longer', async () => {
  await bearer(await jwt(claims))
  keysAway = true
  try {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + staleKeysMs / 2 })
    expect(await bearer(await jwt(claims))).toMatchObject({ name: 'Deployer' })
    vi.setSystemTime(Date.now() + staleKeysMs)
    await expect(bearer(await jwt(claims))).rejects.toMatchObject({ code: 'issuer.unavailable' })
  } finally {
    vi.useRealTimers()
    keysAway = false
  }
})

function later(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

import { describe, expect, it } from 'vitest'
import type { ControlAnswer } from '../definition.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { jwtValidation } from './policy.ts'
import { testIssuer, type TestIssuer } from './tokens-in-tests.ts'

const minuteMs = 60_000
const old = await testIssuer('ES256', 'old')
const fresh = await testIssuer('ES256', 'fresh')
const unnamed = await testIssuer('ES256')
const rsa = await testIssuer('RS256', 'rsa')

/** The issuer's server: what it answers, and how often it was asked. */
function issuerServer(...keys: unknown[]) {
  const server = {
    asked: 0,
    keys,
    answer: undefined as (() => ControlAnswer | Promise<ControlAnswer>) | undefined,
    away: () => Promise.reject(new Error('it is away')),
    publish: (...published: unknown[]) => {
      server.keys = published
    },
  }
  return server
}

function policyWith(server: ReturnType<typeof issuerServer>, config: Record<string, unknown> = {}) {
  const ports = portsInMemory(
    {},
    {
      answer: async () => {
        server.asked++
        return server.answer?.() ?? { status: 200, headers: {}, body: JSON.stringify({ keys: server.keys }) }
      },
    },
  )
  const parsed = jwtValidation.config.parse({
    jwksUrl: 'https://login.example/jwks',
    allowedAlgorithms: ['ES256', 'RS256'],
    mandatoryExpClaim: false,
    skipClientIdValidation: true,
    ...config,
  })
  const policy = jwtValidation.prepare(parsed, ports)
  const ask = (token: string) =>
    policy.onRequest?.(new ExchangeInMemory({ headers: { authorization: `Bearer ${token}` } }))
  const codeOf = async (token: string) => (await ask(token))?.code ?? 'passed'
  return { ports, ask, codeOf, parsed }
}

function tokenOf(
  issuer: TestIssuer,
  claims: object = { sub: 'jane' },
  kid = issuer.jwk.kid,
): Promise<string> {
  return issuer.sign({ alg: issuer.algorithm, ...(kid === undefined ? {} : { kid }) }, claims)
}

describe('published keys', () => {
  it('are asked for once, however many wait for them', async () => {
    const server = issuerServer(old.jwk)
    const { codeOf } = policyWith(server)
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => tokenOf(old, { sub: String(i) })))
    expect(new Set(await Promise.all(tokens.map(codeOf)))).toEqual(new Set(['passed']))
    expect(server.asked).toBe(1)
  })

  it('are renewed ahead of their end while tokens go on passing at once', async () => {
    const server = issuerServer(old.jwk)
    const { ports, ask, codeOf } = policyWith(server)
    const token = await tokenOf(old)
    await ask(token)
    ports.pass(50 * minuteMs)
    expect(ask(token)).toBeUndefined()
    expect(server.asked).toBe(2)
    await codeOf('nonsense')
    ports.pass(20 * minuteMs)
    expect(ask(token)).toBeUndefined()
  })

  it('are asked for again when a token names a new one, which then is known', async () => {
    const server = issuerServer(old.jwk)
    const { codeOf } = policyWith(server)
    await codeOf(await tokenOf(old))
    server.publish(old.jwk, fresh.jwk)
    expect(await codeOf(await tokenOf(fresh))).toBe('passed')
    expect(server.asked).toBe(2)
  })

  it('that are withdrawn take their tokens with them, even those that were verified before', async () => {
    const server = issuerServer(old.jwk)
    const { codeOf } = policyWith(server)
    const token = await tokenOf(old)
    expect(await codeOf(token)).toBe('passed')
    server.publish(fresh.jwk)
    expect(await codeOf(await tokenOf(fresh))).toBe('passed')
    expect(await codeOf(token)).toBe('jwt-validation.unknown_key')
  })

  it('are asked for at most once in 30 s on account of unknown key ids', async () => {
    const server = issuerServer(old.jwk)
    const { ports, codeOf } = policyWith(server)
    await codeOf(await tokenOf(old))
    for (let second = 0; second < 90; second++) {
      for (const kid of ['../../x', "' OR 1=1", '__proto__', `unknown-${second}`])
        expect(await codeOf(await tokenOf(old, { sub: kid }, kid))).toBe('jwt-validation.unknown_key')
      ports.pass(1_000)
    }
    expect(server.asked).toBe(1 + 3)
  })

  it('are used while the issuer is away, up to the stated limit and no longer', async () => {
    const server = issuerServer(old.jwk)
    const { ports, ask, codeOf } = policyWith(server, {
      jwksServiceTimeToLive: 10,
      jwksServiceStaleLimit: 60,
    })
    const token = await tokenOf(old)
    expect(await codeOf(token)).toBe('passed')
    server.answer = server.away
    for (let minute = 0; minute < 69; minute++) {
      ports.pass(minuteMs)
      expect(ask(token)).toBeUndefined()
      expect(await codeOf(await tokenOf(old, { minute }))).toBe('passed')
    }
    ports.pass(minuteMs)
    expect(await codeOf(token)).toBe('jwt-validation.keys_unavailable')
    server.answer = undefined
    ports.pass(minuteMs)
    expect(await codeOf(token)).toBe('passed')
  })

  it('that cannot be had make 401, and the issuer is asked less and less often', async () => {
    const server = issuerServer()
    server.answer = server.away
    const { ports, codeOf } = policyWith(server)
    const token = await tokenOf(old)
    for (let second = 0; second < 300; second++) {
      expect(await codeOf(token)).toBe('jwt-validation.keys_unavailable')
      ports.pass(1_000)
    }
    expect(server.asked).toBeLessThan(20)
    expect(ports.logged[0]).toMatchObject({ level: 'warn', code: 'jwks_unavailable' })
    server.answer = undefined
    server.publish(old.jwk)
    ports.pass(30_000)
    expect(await codeOf(token)).toBe('passed')
  })

  it.each([
    ['status 500', { status: 500, headers: {}, body: '{"keys":[]}' }],
    ['a redirect', { status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' }],
    ['a page', { status: 200, headers: {}, body: '<html>' }],
    ['null', { status: 200, headers: {}, body: 'null' }],
    ['no list', { status: 200, headers: {}, body: '{"keys":{}}' }],
    ['an empty list', { status: 200, headers: {}, body: '{"keys":[]}' }],
    ['too many keys', { status: 200, headers: {}, body: JSON.stringify({ keys: Array(101).fill(old.jwk) }) }],
  ])('stay as they are when the issuer answers with %s', async (_what, answer) => {
    const server = issuerServer(old.jwk)
    const { ports, codeOf } = policyWith(server)
    await codeOf(await tokenOf(old))
    server.answer = () => answer
    ports.pass(61 * minuteMs)
    expect(await codeOf(await tokenOf(old, { sub: 'later' }))).toBe('passed')
    expect(server.asked).toBe(2)
    expect(ports.logged).toHaveLength(1)
  })

  it('that are weak, private, secret or for something else are ignored, with a line in the log', async () => {
    const weak = await testIssuer('RS256', 'weak')
    const ignored = [
      { ...weak.jwk, n: weak.jwk.n?.slice(0, 172), kid: 'short' },
      { ...weak.jwk, e: 'AQ', kid: 'one' },
      { ...weak.jwk, kid: 'd', d: 'AQAB' },
      { ...weak.jwk, kid: 'enc', use: 'enc' },
      { ...weak.jwk, kid: 'ops', key_ops: ['sign'] },
      { ...weak.jwk, kid: 'alg', alg: 'ES256' },
      { kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0', kid: 'oct' },
      { ...old.jwk, crv: 'secp256k1', kid: 'curve' },
      { kty: 'EC', crv: '__proto__', x: 'AA', y: 'AA', kid: 'proto' },
      null,
      'text',
    ]
    const { ports, codeOf } = policyWith(issuerServer(...ignored, old.jwk))
    expect(await codeOf(await tokenOf(old))).toBe('passed')
    expect(ports.logged.map((line) => line.fields?.['index'])).toEqual(ignored.map((_, index) => index))
    expect(JSON.stringify(ports.logged)).not.toContain('c2VjcmV0')
    for (const kid of ['short', 'one', 'd', 'enc', 'ops', 'alg', 'oct', 'curve', 'proto'])
      expect(await codeOf(await tokenOf(weak, { sub: kid }, kid))).toBe('jwt-validation.unknown_key')
  })

  it('vouch only with the algorithms of their kind', async () => {
    const { codeOf } = policyWith(issuerServer(rsa.jwk, old.jwk))
    expect(await codeOf(await old.sign({ alg: 'RS256', kid: 'old' }, {}))).toBe('jwt-validation.unknown_key')
    expect(await codeOf(await rsa.sign({ alg: 'ES256', kid: 'rsa' }, {}))).toBe('jwt-validation.unknown_key')
  })

  it('with a point beside the curve vouch for nothing', async () => {
    const { codeOf } = policyWith(issuerServer({ ...old.jwk, y: old.jwk.x }))
    expect(await codeOf(await tokenOf(old))).toBe('jwt-validation.signature')
  })

  it('are tried in turn for a token that names none, and looked for again when none fits', async () => {
    const server = issuerServer(old.jwk, rsa.jwk)
    const { codeOf } = policyWith(server)
    expect(await codeOf(await tokenOf(unnamed))).toBe('jwt-validation.signature')
    server.publish(old.jwk, unnamed.jwk)
    expect(await codeOf(await tokenOf(unnamed))).toBe('jwt-validation.signature')
    expect(server.asked).toBe(2)
    expect(await codeOf(await old.sign({ alg: 'ES256' }, {}))).toBe('passed')
  })

  it('of several sets count alike, and one that is away does not spoil the other', async () => {
    const server = issuerServer(old.jwk)
    const { ports } = policyWith(server)
    const config = jwtValidation.config.parse({
      jwksUrl: ['https://a.example/', 'https://b.example/'],
      signingMethod: 'es',
      mandatoryExpClaim: false,
      skipClientIdValidation: true,
    })
    const policy = jwtValidation.prepare(config, {
      ...ports,
      request: ({ url }) =>
        url.includes('a.example')
          ? Promise.reject(new Error('away'))
          : Promise.resolve({ status: 200, headers: {}, body: JSON.stringify({ keys: [fresh.jwk] }) }),
    })
    const ask = async (token: string) =>
      (await policy.onRequest?.(new ExchangeInMemory({ headers: { authorization: `Bearer ${token}` } })))
        ?.code
    expect(await ask(await tokenOf(fresh))).toBeUndefined()
    expect(await ask(await tokenOf(old))).toBe('jwt-validation.unknown_key')
  })

  it('are kept from one plan to the next', async () => {
    const server = issuerServer(old.jwk)
    const { ports, codeOf, parsed } = policyWith(server)
    await codeOf(await tokenOf(old))
    const next = jwtValidation.prepare(parsed, ports)
    const exchange = new ExchangeInMemory({ headers: { authorization: `Bearer ${await tokenOf(old)}` } })
    expect(await next.onRequest?.(exchange)).toBeUndefined()
    expect(server.asked).toBe(1)
  })
})

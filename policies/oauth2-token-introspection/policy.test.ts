import { describe, expect, it } from 'vitest'
import type { ControlAnswer, ControlRequest } from '../definition.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { oauth2TokenIntrospection } from './policy.ts'

const shop = { id: 'shop', name: 'Shop' }
const good = { active: true, client_id: 'shop', scope: 'read write', sub: 'jane', exp: 10_000 }

function prepared(
  config: Record<string, unknown> = {},
  answer: (request: ControlRequest) => unknown = () => good,
) {
  const asked: ControlRequest[] = []
  const ports = portsInMemory(
    {},
    {
      clientsById: { shop },
      answer: async (request): Promise<ControlAnswer> => {
        asked.push(request)
        const given = await answer(request)
        return typeof given === 'object' && given !== null && 'status' in given
          ? (given as ControlAnswer)
          : { status: 200, headers: {}, body: JSON.stringify(given) }
      },
    },
  )
  const parsed = oauth2TokenIntrospection.config.parse({
    introspectionURL: 'https://login.example/introspect',
    authorizationValue: 'Basic planted',
    ...config,
  })
  const policy = oauth2TokenIntrospection.prepare(parsed, ports)
  const ask = (token = 'abc', exchange = bearing(token)) => policy.onRequest?.(exchange)
  return { ask, asked, ports, parsed }
}

function bearing(token: string, more: Record<string, string | string[]> = {}, upgrades = false) {
  return new ExchangeInMemory({ headers: { authorization: `Bearer ${token}`, ...more }, upgrades })
}

describe('oauth2-token-introspection', () => {
  it('asks the issuer with its own credentials and says who is calling', async () => {
    const { ask, asked } = prepared()
    const exchange = bearing('a+b/c=')
    expect(await ask('', exchange)).toBeUndefined()
    expect(exchange.claims).toEqual({ client_id: 'shop', scope: 'read write', sub: 'jane', exp: 10_000 })
    expect(exchange.client).toEqual(shop)
    expect(asked).toEqual([
      {
        url: 'https://login.example/introspect',
        method: 'POST',
        headers: expect.objectContaining({
          authorization: 'Basic planted',
          'content-type': 'application/x-www-form-urlencoded',
        }),
        body: 'token=a%2Bb%2Fc%3D&token_type_hint=access_token',
        timeoutMs: 10_000,
        maxBytes: 65_536,
      },
    ])
  })

  it('asks once for requests that come together, and not again while it remembers', async () => {
    const { ask, asked, ports } = prepared()
    const all = await Promise.all(Array.from({ length: 20 }, async () => ask()))
    expect(all.every((refusal) => refusal === undefined)).toBe(true)
    expect(asked).toHaveLength(1)
    ports.clock.ms = 599_999
    expect(ask()).toBeUndefined()
    ports.clock.ms = 600_000
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('does not remember beyond the end of the token', async () => {
    const { ask, asked, ports } = prepared({}, () => ({ ...good, exp: 5 }))
    await ask()
    ports.clock.ms = 4_999
    expect(ask()).toBeUndefined()
    ports.clock.ms = 5_000
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('always asks when told so', async () => {
    const { ask, asked } = prepared({ validatedTokenTTL: 0 })
    await ask()
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('remembers no more tokens than it may', async () => {
    const { ask, asked } = prepared({ maxCacheEntries: 10 })
    for (let i = 0; i < 100; i++) await ask(`token-${i}`)
    await ask('token-0')
    expect(asked).toHaveLength(101)
    expect(ask('token-99')).toBeUndefined()
  })

  it('refuses a token that is not good as 401, and remembers that for a while only', async () => {
    const { ask, asked, ports } = prepared({}, () => ({ active: false }))
    expect(await ask()).toMatchObject({
      status: 401,
      code: 'oauth2-token-introspection.inactive',
      headers: { 'www-authenticate': expect.stringMatching(/^Bearer error="invalid_token"/) },
    })
    expect(ask()).toMatchObject({ status: 401 })
    ports.clock.ms = 10_000
    await ask()
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['none', {}, 'missing'],
    ['another scheme', { authorization: 'Basic abc' }, 'missing'],
    ['nothing behind the word', { authorization: 'Bearer' }, 'malformed'],
    ['two words', { authorization: 'Bearer a b' }, 'malformed'],
    ['20 KB', { authorization: `Bearer ${'a'.repeat(20_000)}` }, 'malformed'],
    ['two headers', { authorization: ['Bearer abc', 'Bearer abc'] }, 'malformed'],
  ])('refuses %s for a token as 401 without asking', async (_what, headers, check) => {
    const { ask, asked } = prepared()
    const refusal = await ask('', new ExchangeInMemory({ headers }))
    expect(refusal).toMatchObject({ status: 401, code: `oauth2-token-introspection.${check}` })
    expect(asked).toEqual([])
  })

  it('asks for all scopes or for one of them', async () => {
    const scopes = 'read, admin'
    expect(await prepared({ scopes }).ask()).toMatchObject({
      status: 403,
      code: 'oauth2-token-introspection.insufficient_scope',
      headers: { 'www-authenticate': expect.stringContaining('scope="read admin"') },
    })
    expect(await prepared({ scopes, scopeValidationCriteria: 'OR' }).ask()).toBeUndefined()
    expect(await prepared({ scopes: ['read', 'write'] }).ask()).toBeUndefined()
  })

  it('refuses clients without a contract unless told otherwise', async () => {
    const stranger = () => ({ ...good, client_id: 'stranger', uid: 'shop' })
    expect(await prepared({}, stranger).ask()).toMatchObject({
      status: 401,
      code: 'oauth2-token-introspection.client',
    })
    expect(await prepared({ skipClientIdValidation: true }, stranger).ask()).toBeUndefined()
    expect(await prepared({ consumerBy: 'uid' }, stranger).ask()).toBeUndefined()
  })

  it.each([
    ['is away', () => Promise.reject(new Error('away'))],
    ['answers 500', () => ({ status: 500, headers: {}, body: '{"active":true}' })],
    ['refuses the gateway', () => ({ status: 401, headers: {}, body: '{"active":true}' })],
    ['answers with a page', () => ({ status: 200, headers: {}, body: '<html>' })],
    ['says nothing about it', () => ({ client_id: 'shop' })],
    ['says it in a text', () => ({ active: 'true' })],
    ['answers null', () => null],
  ])('answers 503 when the issuer %s, and asks again the next time', async (_what, answer) => {
    const { ask, asked, ports } = prepared({}, answer)
    expect(await ask()).toMatchObject({
      status: 503,
      code: 'oauth2-token-introspection.unavailable',
      headers: { 'retry-after': '5' },
    })
    await ask()
    expect(asked).toHaveLength(2)
    expect(JSON.stringify(ports.logged)).toMatch(/introspection_unavailable(?!.*planted)/)
  })

  it('leaves an issuer alone that fails time and again, and has one request try for all', async () => {
    let away = true
    const { ask, asked, ports } = prepared({}, () => (away ? Promise.reject(new Error('away')) : good))
    for (let i = 0; i < 100; i++) expect(await ask(`t${i}`)).toMatchObject({ status: 503 })
    expect(asked).toHaveLength(5)
    expect(ports.logged).toHaveLength(2)
    ports.clock.ms += 1_000
    const together = await Promise.all(Array.from({ length: 10 }, async (_, i) => ask(`u${i}`)))
    expect(together.every((refusal) => refusal?.status === 503)).toBe(true)
    expect(asked).toHaveLength(6)
    away = false
    ports.clock.ms += 2_000
    expect(await ask('v')).toBeUndefined()
    expect(await ask('w')).toBeUndefined()
  })

  it('takes many failures at once for no more than a few', async () => {
    let away = true
    const { ask, ports } = prepared({}, () => (away ? Promise.reject(new Error('away')) : good))
    await Promise.all(Array.from({ length: 100 }, async (_, i) => ask(`t${i}`)))
    away = false
    ports.clock.ms += 1_000
    expect(await ask('later')).toBeUndefined()
  })

  it('tells the upstream what is known, and nothing that the caller says', async () => {
    const { ask } = prepared({ exposeHeaders: true })
    const exchange = bearing('abc', {
      'x-agw-sub': 'forged',
      'x-agw-username': ['forged', 'twice'],
      'x-agw-more': '1',
    })
    await ask('', exchange)
    expect(Object.fromEntries(exchange.requestHeaders)).toMatchObject({
      'x-agw-sub': ['jane'],
      'x-agw-client-id': ['shop'],
    })
    expect(exchange.header('x-agw-username')).toBeUndefined()
    expect(exchange.header('x-agw-more')).toBeUndefined()
  })

  it('judges a new token of an open socket by the same rules', async () => {
    const { ask } = prepared({ scopes: ['read'] }, ({ body }) =>
      body?.includes('weak') === true
        ? { ...good, scope: '' }
        : body?.includes('bad') === true
          ? { active: false }
          : good,
    )
    const exchange = bearing('abc', {}, true)
    await ask('', exchange)
    expect(await exchange.renewIdentity?.('next')).toMatchObject({ sub: 'jane' })
    for (const token of ['weak', 'bad', '']) expect(await exchange.renewIdentity?.(token)).toBeUndefined()
  })

  it.each([
    ['no address', {}, 'introspectionURL'],
    ['a file', { introspectionURL: 'file:///x' }, 'introspectionURL'],
    ['cloud credentials', { introspectionURL: 'http://169.254.169.254/' }, 'introspectionURL'],
    [
      'a header that ends early',
      { introspectionURL: 'https://a.example/', authorizationValue: 'a\r\nb: c' },
      'authorizationValue',
    ],
    ['a scope with a quote', { introspectionURL: 'https://a.example/', scopes: ['"'] }, 'scopes/0'],
    [
      'a negative time',
      { introspectionURL: 'https://a.example/', validatedTokenTTL: -1 },
      'validatedTokenTTL',
    ],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = oauth2TokenIntrospection.config.safeParse(config).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})

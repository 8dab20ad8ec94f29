import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { cors } from './policy.ts'

const shop = 'https://shop.example'
const shopOnly = {
  publicResource: false,
  originGroups: [
    {
      origins: [shop, 'http://localhost:3000'],
      accessControlMaxAge: 60,
      allowedMethods: [{ methodName: 'GET' }, { methodName: 'DELETE', isAllowed: false }],
      headers: ['X-Api-Key'],
      exposedHeaders: ['X-Total'],
    },
  ],
}

function prepared(config: Record<string, unknown>) {
  return cors.prepare(cors.config.parse(config), portsInMemory())
}

function preflightFrom(origin: string, headers: Record<string, string> = {}) {
  return new ExchangeInMemory({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', ...headers },
  })
}

function answered(config: Record<string, unknown>, origin: string | undefined) {
  const exchange = new ExchangeInMemory({
    headers: origin === undefined ? {} : { origin },
    responseHeaders: {
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
      vary: 'Accept',
    },
  })
  const policy = prepared(config)
  expect(policy.onRequest?.(exchange)).toBeUndefined()
  policy.onResponse?.(exchange)
  return Object.fromEntries(exchange.responseHeaders)
}

function faultPaths(config: Record<string, unknown>): string[] {
  return cors.config.safeParse(config).error?.issues.map((issue) => issue.path.join('/')) ?? []
}

describe('cors', () => {
  it('answers the preflight of a listed origin itself, with exactly what is allowed', () => {
    expect(prepared(shopOnly).onRequest?.(preflightFrom(shop))).toEqual({
      status: 204,
      code: 'cors.preflight',
      detail: '',
      headers: {
        'access-control-allow-origin': shop,
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'X-Api-Key',
        'access-control-max-age': '60',
        vary: 'Origin',
      },
    })
  })

  it.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'http://shop.example',
    'null',
    'https://shop.example:8443',
  ])('tells the origin %s nothing, in preflights and answers alike', (origin) => {
    expect(prepared(shopOnly).onRequest?.(preflightFrom(origin))).toMatchObject({
      status: 204,
      headers: { vary: 'Origin' },
    })
    expect(answered(shopOnly, origin)).toEqual({ vary: ['Accept', 'Origin'] })
  })

  it('decorates answers for a listed origin and overrules what the upstream says', () => {
    expect(answered(shopOnly, shop)).toEqual({
      'access-control-allow-origin': [shop],
      'access-control-expose-headers': ['X-Total'],
      vary: ['Accept', 'Origin'],
    })
  })

  it('says Vary: Origin even to callers without an origin, or caches would mix answers up', () => {
    expect(answered(shopOnly, undefined)).toEqual({ vary: ['Accept', 'Origin'] })
  })

  it('names the origin when credentials are supported, never *', () => {
    const withCredentials = { ...shopOnly, supportCredentials: true }
    expect(answered(withCredentials, shop)).toMatchObject({
      'access-control-allow-origin': [shop],
      'access-control-allow-credentials': ['true'],
    })
    expect(prepared(withCredentials).onRequest?.(preflightFrom(shop))).toMatchObject({
      headers: { 'access-control-allow-origin': shop, 'access-control-allow-credentials': 'true' },
    })
  })

  it('opens a public resource to every origin without credentials', () => {
    expect(answered({}, 'https://any.example')).toEqual({
      'access-control-allow-origin': ['*'],
      'access-control-expose-headers': ['*'],
      vary: ['Accept'],
    })
    const preflight = preflightFrom('https://any.example', {
      'access-control-request-headers': 'authorization, X-Trace',
    })
    expect(prepared({}).onRequest?.(preflight)).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'authorization, X-Trace',
        vary: 'Access-Control-Request-Headers',
      },
    })
  })

  it('takes pages of every other origin in a group that says so, and named ones by their own', () => {
    const given = {
      publicResource: false,
      originGroups: [
        {
          origins: ['*'],
          allowedMethods: [{ methodName: 'GET' }, { methodName: 'CONNECT', isAllowed: false }],
        },
        { origins: [shop], allowedMethods: [{ methodName: 'PUT' }] },
      ],
    }
    const methodsFor = (origin: string) => prepared(given).onRequest?.(preflightFrom(origin))?.valueOf()
    expect(methodsFor('https://any.example')).toHaveProperty('headers.access-control-allow-methods', 'GET')
    expect(methodsFor(shop)).toHaveProperty('headers.access-control-allow-methods', 'PUT')
    expect(answered(given, 'https://any.example')).toMatchObject({
      'access-control-allow-origin': ['https://any.example'],
    })
    const socket = new ExchangeInMemory({ headers: { origin: 'https://any.example' }, upgrades: true })
    prepared(given).onRequest?.(socket)
    expect(socket.isOriginAllowed).toBe(true)
  })

  it('does not repeat asked-for names that are none', () => {
    const preflight = preflightFrom(shop, { 'access-control-request-headers': 'a b, <x>' })
    expect(prepared({}).onRequest?.(preflight)?.valueOf()).not.toHaveProperty(
      'headers.access-control-allow-headers',
    )
  })

  it('leaves an OPTIONS request that is no preflight to the upstream', () => {
    const bare = new ExchangeInMemory({ method: 'OPTIONS', headers: { origin: shop } })
    expect(prepared(shopOnly).onRequest?.(bare)).toBeUndefined()
  })

  it('leaves its own answer to a preflight as it is', () => {
    const exchange = preflightFrom(shop)
    prepared(shopOnly).onResponse?.(exchange)
    expect(exchange.responseHeaders.size).toBe(0)
  })

  const cookie = { cookie: 'session=1' }
  it.each([
    ['any page, without credentials', {}, 'https://any.example', {}, true],
    ['any page, but not with its cookies', {}, 'https://any.example', cookie, false],
    ['pages of listed origins', shopOnly, shop, {}, true],
    ['listed origins, but not with cookies', shopOnly, shop, cookie, false],
    [
      'listed origins with cookies where it says so',
      { ...shopOnly, supportCredentials: true },
      shop,
      cookie,
      true,
    ],
    ['no other page', { ...shopOnly, supportCredentials: true }, 'https://any.example', {}, false],
  ])('lets a WebSocket in: %s', (_, config, origin, headers, isAllowed) => {
    const exchange = new ExchangeInMemory({ upgrades: true, headers: { origin, ...headers } })
    expect(prepared(config).onRequest?.(exchange)).toBeUndefined()
    expect(exchange.isOriginAllowed).toBe(isAllowed)
  })

  it('runs before every other policy', () => {
    expect(cors.first).toBe(true)
  })

  it.each([
    [{ publicResource: true, supportCredentials: true }, 'supportCredentials'],
    [{ publicResource: true, originGroups: shopOnly.originGroups }, 'originGroups'],
    [{ publicResource: false }, 'originGroups'],
    [
      { publicResource: false, supportCredentials: true, originGroups: [{ origins: ['*'] }] },
      'originGroups/0/origins',
    ],
    [
      {
        publicResource: false,
        originGroups: [{ origins: [shop], allowedMethods: [{ methodName: 'TRACE' }] }],
      },
      'originGroups/0/allowedMethods/0/isAllowed',
    ],
    [{ publicResource: false, originGroups: [{ origins: ['null'] }] }, 'originGroups/0/origins/0'],
    [{ publicResource: false, originGroups: [{ origins: [`${shop}/`] }] }, 'originGroups/0/origins/0'],
    [{ publicResource: false, originGroups: [{ origins: ['shop.example'] }] }, 'originGroups/0/origins/0'],
    [
      { publicResource: false, originGroups: [{ origins: [shop] }, { origins: [shop] }] },
      'originGroups/1/origins/0',
    ],
    [
      { publicResource: false, originGroups: [{ origins: [shop], headers: ['a b'] }] },
      'originGroups/0/headers/0',
    ],
  ])('refuses %j at its field', (given, path) => {
    expect(faultPaths(given)).toEqual([path])
  })

  it('fills in its defaults, which then stay as they are', () => {
    const defaults = cors.config.parse({})
    expect(defaults).toEqual({ publicResource: true, supportCredentials: false, originGroups: [] })
    expect(cors.config.parse(defaults)).toEqual(defaults)
    const group = cors.config.parse(shopOnly)
    expect(cors.config.parse(group)).toEqual(group)
    expect(cors.summarise(defaults)).toBe('Pages of every origin')
    expect(cors.summarise(group)).toBe(`Pages of ${shop}, http://localhost:3000`)
  })
})

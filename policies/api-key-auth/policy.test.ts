import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { apiKeyAuth } from './policy.ts'

const shop = { id: 'client-1', name: 'Shop' }
const clients = { 'hash:secret-1': shop }

function prepared(config: Record<string, unknown> = {}, ports = portsInMemory(clients)) {
  return apiKeyAuth.prepare(apiKeyAuth.config.parse(config), ports)
}

function faultPaths(config: Record<string, unknown>): string[] {
  return apiKeyAuth.config.safeParse(config).error?.issues.map((issue) => issue.path.join('/')) ?? []
}

describe('api-key-auth', () => {
  it('lets a known key through, names its client and hides the key from the upstream', () => {
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': 'secret-1', accept: '*/*' } })
    expect(prepared().onRequest?.(exchange)).toBeUndefined()
    expect(exchange.client).toEqual(shop)
    expect([...exchange.requestHeaders.keys()]).toEqual(['accept'])
  })

  it('refuses a request without a key as 401 with a challenge', () => {
    expect(prepared().onRequest?.(new ExchangeInMemory({}))).toMatchObject({
      status: 401,
      code: 'api-key-auth.missing',
      headers: { 'www-authenticate': 'ApiKey realm="api", in="header", name="x-api-key"' },
    })
  })

  it('refuses an unknown key as 401, sets no client and does not repeat the key', () => {
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': 'secret-2' } })
    const refusal = prepared().onRequest?.(exchange)
    expect(refusal).toMatchObject({ status: 401, code: 'api-key-auth.unknown' })
    expect(JSON.stringify(refusal)).not.toContain('secret-2')
    expect(exchange.client).toBeUndefined()
  })

  it('refuses several keys under one name, even when all are known', () => {
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': ['secret-1', 'secret-1'] } })
    expect(prepared().onRequest?.(exchange)).toMatchObject({ status: 400, code: 'api-key-auth.ambiguous' })
    const inQuery = new ExchangeInMemory({ query: '?key=secret-1&k%65y=secret-1' })
    expect(prepared({ in: 'query', key: 'key' }).onRequest?.(inQuery)).toMatchObject({ status: 400 })
    const inCookie = new ExchangeInMemory({ headers: { cookie: 'key=secret-1; key=secret-1' } })
    expect(prepared({ in: 'cookie', key: 'key' }).onRequest?.(inCookie)).toMatchObject({ status: 400 })
  })

  it('takes a key out of the query however its name is spelt and leaves the rest byte for byte', () => {
    const exchange = new ExchangeInMemory({ query: '?a=%20b&%6bey=secret-1&&c' })
    expect(prepared({ in: 'query', key: 'key' }).onRequest?.(exchange)).toBeUndefined()
    expect(exchange.query).toBe('?a=%20b&&c')
    const alone = new ExchangeInMemory({ query: '?key=secret-1' })
    prepared({ in: 'query', key: 'key' }).onRequest?.(alone)
    expect(alone.query).toBe('')
  })

  it('takes a key out of the cookies and drops the header when nothing is left', () => {
    const policy = prepared({ in: 'cookie', key: 'key' })
    const exchange = new ExchangeInMemory({ headers: { cookie: 'a=1; key=secret-1; b=2' } })
    expect(policy.onRequest?.(exchange)).toBeUndefined()
    expect(exchange.header('cookie')).toBe('a=1; b=2')
    const alone = new ExchangeInMemory({ headers: { cookie: 'key=secret-1' } })
    policy.onRequest?.(alone)
    expect(alone.header('cookie')).toBeUndefined()
  })

  it('leaves the key where it is when told to', () => {
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': 'secret-1' } })
    prepared({ hideCredentials: false }).onRequest?.(exchange)
    expect(exchange.header('x-api-key')).toBe('secret-1')
  })

  it('asks for the prefix, in any case, and treats a key without it as missing', () => {
    const policy = prepared({ key: 'authorization', prefix: 'ApiKey' })
    const good = new ExchangeInMemory({ headers: { authorization: 'apikey secret-1' } })
    expect(policy.onRequest?.(good)).toBeUndefined()
    const bare = new ExchangeInMemory({ headers: { authorization: 'secret-1' } })
    expect(policy.onRequest?.(bare)).toMatchObject({ status: 401, code: 'api-key-auth.missing' })
  })

  it('hashes a known key once and an unknown one each time, so that strangers cannot fill the memory', () => {
    let hashed = 0
    const ports = portsInMemory(clients)
    const counting = { ...ports, sha256: (text: string) => `hash:${text}${(hashed++, '')}` }
    const policy = apiKeyAuth.prepare(apiKeyAuth.config.parse({}), counting)
    for (let i = 0; i < 3; i++) {
      policy.onRequest?.(new ExchangeInMemory({ headers: { 'x-api-key': 'secret-1' } }))
      policy.onRequest?.(new ExchangeInMemory({ headers: { 'x-api-key': 'stranger' } }))
    }
    expect(hashed).toBe(4)
  })

  it('refuses an over-long key without hashing it', () => {
    const ports = {
      ...portsInMemory(clients),
      sha256: () => {
        throw new Error('hashed')
      },
    }
    const policy = apiKeyAuth.prepare(apiKeyAuth.config.parse({}), ports)
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': 'k'.repeat(5_000) } })
    expect(policy.onRequest?.(exchange)).toMatchObject({ code: 'api-key-auth.unknown' })
  })

  it('fills in its defaults, which then stay as they are', () => {
    const defaults = apiKeyAuth.config.parse({})
    expect(defaults).toEqual({ in: 'header', key: 'x-api-key', prefix: '', hideCredentials: true })
    expect(apiKeyAuth.config.parse(defaults)).toEqual(defaults)
    expect(apiKeyAuth.summarise(defaults)).toBe('Key in the header x-api-key')
  })

  it('refuses names that no request can carry or that belong to the gateway', () => {
    expect(faultPaths({ key: 'x api key' })).toEqual(['key'])
    expect(faultPaths({ key: 'Host' })).toEqual(['key'])
    expect(faultPaths({ key: 'x\r\ny' })).toEqual(['key'])
    expect(faultPaths({ in: 'body' })).toEqual(['in'])
    expect(faultPaths({ prefix: 'a b' })).toEqual(['prefix'])
    expect(apiKeyAuth.config.safeParse({ hidden: true }).success).toBe(false)
  })
})

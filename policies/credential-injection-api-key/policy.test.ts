import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { credentialInjectionApiKey } from './policy.ts'

describe('credential-injection-api-key', () => {
  it('tells the upstream the key, in the place of whatever the caller sent there', () => {
    const config = credentialInjectionApiKey.config.parse({ key: 'k 1', headers: ['X-Api-Key', 'x-other'] })
    const exchange = new ExchangeInMemory({ headers: { 'x-api-key': ['theirs', 'twice'] } })
    expect(credentialInjectionApiKey.prepare(config, portsInMemory()).onRequest?.(exchange)).toBeUndefined()
    expect(Object.fromEntries(exchange.requestHeaders)).toEqual({ 'x-api-key': ['k 1'], 'x-other': ['k 1'] })
  })

  it.each([
    ['no key', { key: '' }, 'key'],
    ['a key that ends its line', { key: 'a\r\nb: c' }, 'key'],
    ['no header', { key: 'a', headers: [] }, 'headers'],
    ['the Host header', { key: 'a', headers: ['host'] }, 'headers/0'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = credentialInjectionApiKey.config.safeParse(config).error?.issues ?? []
    expect(issues[0]?.path.join('/')).toBe(path)
  })
})

import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { credentialInjectionBasicAuth } from './policy.ts'

function sent(config: Record<string, unknown>, headers: Record<string, string | string[]> = {}) {
  const parsed = credentialInjectionBasicAuth.config.parse({ username: 'jane', password: 'päss', ...config })
  const exchange = new ExchangeInMemory({ headers })
  expect(credentialInjectionBasicAuth.prepare(parsed, portsInMemory()).onRequest?.(exchange)).toBeUndefined()
  return Object.fromEntries(exchange.requestHeaders)
}

const value = `Basic ${btoa('jane:p\xc3\xa4ss')}`

describe('credential-injection-basic-auth', () => {
  it('tells the upstream name and password in UTF-8', () => {
    expect(sent({})).toEqual({ authorization: [value] })
    expect(sent({ customHeader: 'X-Legacy' }, { authorization: 'mine' })).toEqual({
      authorization: ['mine'],
      'x-legacy': [value],
    })
  })

  it('takes the place of what the caller sent unless that is to stay', () => {
    expect(sent({ overwrite: false }, { authorization: 'mine' })).toEqual({ authorization: ['mine'] })
    expect(sent({}, { authorization: ['mine', 'twice'] })).toEqual({ authorization: [value] })
  })

  it.each([
    ['no name', { username: '' }, 'username'],
    ['a colon in the name', { username: 'a:b' }, 'username'],
    ['no password', { password: '' }, 'password'],
    ['a line break in the password', { password: 'a\nb' }, 'password'],
    ['a header of the connection', { customHeader: 'Connection' }, 'customHeader'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const given = { username: 'jane', password: 'x', ...config }
    const issues = credentialInjectionBasicAuth.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})

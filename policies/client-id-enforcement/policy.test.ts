import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { clientIdEnforcement } from './policy.ts'

const shop = { id: 'shop', name: 'Shop' }
const till = { id: 'till', name: 'Till' }
const byHeaders = {
  credentialsOrigin: 'expression',
  clientIdExpression: "#[attributes.headers['client-id']]",
  clientSecretExpression: "#[attributes.headers['client-secret']]",
}

function ask(config: Record<string, unknown>, headers: Record<string, string | string[]>, query = '') {
  const ports = portsInMemory(
    { 'hash:s1': shop, 'hash:s2': till, 'hash:p:q': shop },
    { clientsById: { shop, till } },
  )
  const policy = clientIdEnforcement.prepare(clientIdEnforcement.config.parse(config), ports)
  const exchange = new ExchangeInMemory({ headers, query })
  const refusals = [policy.onRequest?.(exchange), policy.onRequest?.(exchange)]
  expect(refusals[1]).toEqual(refusals[0])
  return { refusal: refusals[0], client: exchange.client }
}

const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` })

describe('client-id-enforcement', () => {
  it('lets a client through that shows its id and its secret, and says who it is', () => {
    expect(ask({}, basic('shop:s1'))).toEqual({ refusal: undefined, client: shop })
    expect(ask({}, basic('shop:p:q'))).toEqual({ refusal: undefined, client: shop })
    expect(ask(byHeaders, { 'client-id': 'till', 'client-secret': 's2' })).toEqual({
      refusal: undefined,
      client: till,
    })
  })

  it.each([
    ['a wrong secret', basic('shop:s3')],
    ['the secret of another client', basic('shop:s2')],
    ['a wrong id', basic('stranger:s1')],
    ['no id', basic(':s1')],
    ['no secret', basic('shop:')],
    ['a very long secret', basic(`shop:${'s'.repeat(2_000)}`)],
  ])('refuses %s as 401, all alike', (_what, headers) => {
    const { refusal, client } = ask({}, headers)
    expect(refusal).toEqual({
      status: 401,
      code: 'client-id-enforcement.unknown',
      detail: 'The client id and secret are not known here.',
      headers: { 'www-authenticate': 'Basic realm="api", charset="UTF-8"' },
    })
    expect(client).toBeUndefined()
  })

  it('refuses a request without credentials', () => {
    for (const headers of [{}, { authorization: 'Bearer x' }])
      expect(ask({}, headers).refusal).toMatchObject({ status: 401, code: 'client-id-enforcement.missing' })
    for (const headers of [{ 'client-id': 'shop' }, { 'client-secret': 's1' }])
      expect(ask(byHeaders, headers as Record<string, string>).refusal).toMatchObject({
        code: 'client-id-enforcement.missing',
      })
  })

  it('refuses credentials of which there are several or that cannot be read', () => {
    const line = basic('shop:s1').authorization
    for (const authorization of [
      [line, line],
      'Basic',
      'Basic %%%',
      `Basic ${btoa('shop')}`,
      `Basic ${btoa('\xff:x')}`,
    ])
      expect(ask({}, { authorization }).refusal).toMatchObject({
        status: 401,
        code: 'client-id-enforcement.ambiguous',
      })
    const twice = { 'client-id': ['shop', 'till'], 'client-secret': 's1' }
    expect(ask(byHeaders, twice).refusal).toMatchObject({ code: 'client-id-enforcement.ambiguous' })
  })

  it('believes an id alone only when told so, and says it', () => {
    const config = {
      credentialsOrigin: 'expression',
      clientIdExpression: "#[attributes.queryParams['client']]",
    }
    expect(ask(config, {}, '?client=till').client).toEqual(till)
    expect(ask(config, {}, '?client=stranger').refusal).toMatchObject({
      code: 'client-id-enforcement.unknown',
    })
    expect(ask(config, {}, '?client=till&client=shop').refusal).toMatchObject({
      code: 'client-id-enforcement.ambiguous',
    })
    expect(clientIdEnforcement.summarise(clientIdEnforcement.config.parse(config))).toContain(
      'without a secret',
    )
  })

  it.each([
    ['no expression', { credentialsOrigin: 'expression' }, 'clientIdExpression'],
    [
      'an expression that it does not know',
      { ...byHeaders, clientSecretExpression: '#[payload]' },
      'clientSecretExpression',
    ],
    ['another origin', { credentialsOrigin: 'body' }, 'credentialsOrigin'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = clientIdEnforcement.config.safeParse(config).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})

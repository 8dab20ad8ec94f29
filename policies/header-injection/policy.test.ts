import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { headerInjection } from './policy.ts'

function prepared(config: Record<string, unknown>) {
  return headerInjection.prepare(headerInjection.config.parse(config), portsInMemory())
}

function faultPaths(config: Record<string, unknown>): string[] {
  return headerInjection.config.safeParse(config).error?.issues.map((issue) => issue.path.join('/')) ?? []
}

describe('header-injection', () => {
  it('replaces what the caller and the upstream sent under the same names, in any case', () => {
    const policy = prepared({
      inboundHeaders: [{ key: 'X-Environment', value: 'production' }],
      outboundHeaders: [{ key: 'Server', value: 'hexgate' }],
    })
    const exchange = new ExchangeInMemory({
      headers: { 'x-environment': ['test', 'forged'] },
      responseHeaders: { server: 'nginx' },
    })
    expect(policy.onRequest?.(exchange)).toBeUndefined()
    policy.onResponse?.(exchange)
    expect(exchange.headerValues('x-environment')).toEqual(['production'])
    expect(exchange.responseHeaders.get('server')).toEqual(['hexgate'])
  })

  it('reads a value from the request by an expression', () => {
    const policy = prepared({
      inboundHeaders: [
        { key: 'x-client', value: '#[authentication.clientId]' },
        { key: 'x-address', value: '#[attributes.remoteAddress]' },
        { key: 'x-term', value: "#[attributes.queryParams['q']]" },
        { key: 'x-place', value: "#[attributes.method ++ ' ' ++ attributes.requestPath]" },
        { key: 'x-quoted', value: `#["default-src 'none'"]` },
      ],
    })
    const exchange = new ExchangeInMemory({
      query: '?q=blue%20sky',
      client: { id: 'client-1', name: 'Shop' },
    })
    policy.onRequest?.(exchange)
    expect(exchange.header('x-client')).toBe('client-1')
    expect(exchange.header('x-address')).toBe('192.0.2.1')
    expect(exchange.header('x-term')).toBe('blue sky')
    expect(exchange.header('x-place')).toBe('GET /orders')
    expect(exchange.header('x-quoted')).toBe("default-src 'none'")
  })

  it('clears the header when the expression finds nothing, so that a caller cannot forge it', () => {
    const policy = prepared({ inboundHeaders: [{ key: 'x-client', value: '#[authentication.clientId]' }] })
    const exchange = new ExchangeInMemory({ headers: { 'x-client': 'forged' } })
    policy.onRequest?.(exchange)
    expect(exchange.header('x-client')).toBeUndefined()
  })

  it.each(['?q=a%0d%0aset-cookie:x', '?q=%00', '?q=', '?q=%C3%A9'])(
    'never writes %s into a header',
    (query) => {
      const policy = prepared({
        inboundHeaders: [{ key: 'x-q', value: "#[attributes.queryParams['q']]" }],
        outboundHeaders: [{ key: 'x-q', value: "#[attributes.queryParams['q']]" }],
      })
      const exchange = new ExchangeInMemory({ query })
      policy.onRequest?.(exchange)
      policy.onResponse?.(exchange)
      expect(exchange.header('x-q')).toBeUndefined()
      expect(exchange.responseHeader('x-q')).toBeUndefined()
    },
  )

  it('adds its cookie to those of the upstream', () => {
    const policy = prepared({ outboundHeaders: [{ key: 'Set-Cookie', value: 'b=2' }] })
    const exchange = new ExchangeInMemory({ responseHeaders: { 'set-cookie': 'a=1' } })
    policy.onResponse?.(exchange)
    expect(exchange.responseHeaders.get('set-cookie')).toEqual(['a=1', 'b=2'])
  })

  it.each([
    'Connection',
    'transfer-encoding',
    'Content-Length',
    'Host',
    'te',
    'upgrade',
    'Expect',
    'x-forwarded-for',
    'Forwarded',
    'x-request-id',
    'a b',
    'a:b',
    'a\r\nb',
    'é',
    '',
  ])('refuses the header name %j at its field, in both directions', (key) => {
    expect(faultPaths({ inboundHeaders: [{ key, value: 'x' }] })).toContain('inboundHeaders/0/key')
    expect(faultPaths({ outboundHeaders: [{ key, value: 'x' }] })).toContain('outboundHeaders/0/key')
  })

  it.each(['', ' x', 'x ', 'a\r\nb', 'a\u0000b', 'é', '#[payload]', '#[attributes.remoteAddress'])(
    'refuses the value %j at its field',
    (value) => {
      expect(faultPaths({ inboundHeaders: [{ key: 'x-a', value }] })).toContain('inboundHeaders/0/value')
    },
  )

  it('refuses the same name twice', () => {
    const twice = [
      { key: 'x-a', value: '1' },
      { key: 'X-A', value: '2' },
    ]
    expect(faultPaths({ inboundHeaders: twice })).toEqual(['inboundHeaders/1/key'])
  })

  it('fills in its defaults, which then stay as they are', () => {
    const defaults = headerInjection.config.parse({})
    expect(defaults).toEqual({ inboundHeaders: [], outboundHeaders: [] })
    expect(headerInjection.config.parse(defaults)).toEqual(defaults)
    expect(headerInjection.summarise(defaults)).toBe('No headers yet')
    const both = {
      inboundHeaders: [{ key: 'x-a', value: '1' }],
      outboundHeaders: [{ key: 'x-b', value: '2' }],
    }
    expect(headerInjection.summarise(both)).toBe('x-a to the upstream; x-b to the caller')
  })
})

import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { correlationId } from './policy.ts'

const name = 'x-correlation-id'
const prepared = (config: object = {}) =>
  correlationId.prepare(correlationId.config.parse(config), portsInMemory())

describe('correlation-id', () => {
  it('keeps the id that the caller sends, and sends it back', () => {
    const exchange = new ExchangeInMemory({ headers: { [name]: 'order-17:a' } })
    const policy = prepared()
    expect(policy.onRequest?.(exchange)).toBeUndefined()
    policy.onResponse?.(exchange)
    expect([exchange.header(name), exchange.responseHeader(name)]).toEqual(['order-17:a', 'order-17:a'])
  })

  it.each([
    ['none', []],
    ['an empty one', ['']],
    ['two', ['a', 'b']],
    ['one with blanks', ['a b']],
    ['one that is too long', ['x'.repeat(129)]],
    ['one that breaks a log', ['a"\\n']],
  ])('makes one where the caller sends %s', (_name, values) => {
    const exchange = new ExchangeInMemory({ headers: { [name]: values } })
    prepared().onRequest?.(exchange)
    expect(exchange.headerValues(name)).toEqual([
      expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
    ])
  })

  it('takes the id of the request where that is wanted, under the name that is wanted', () => {
    const exchange = new ExchangeInMemory({})
    const policy = prepared({ headerName: 'Trace-Me', generator: 'request-id', echoDownstream: false })
    policy.onRequest?.(exchange)
    policy.onResponse?.(exchange)
    expect([exchange.header('trace-me'), exchange.responseHeader('trace-me')]).toEqual(['req-1', undefined])
  })

  it.each([{ headerName: 'x-request-id' }, { headerName: 'a b' }, { generator: 'random' }])(
    'does not take %j',
    (config) => expect(correlationId.config.safeParse(config).success).toBe(false),
  )

  it('says what it does', () =>
    expect(correlationId.summarise(correlationId.config.parse({}))).toBe(
      'x-correlation-id, a UUID where the caller sends none, sent back',
    ))
})

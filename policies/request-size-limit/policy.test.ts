import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { requestSizeLimit } from './policy.ts'

function ask(config: Record<string, unknown>, exchange: ExchangeInMemory) {
  const prepared = requestSizeLimit.prepare(requestSizeLimit.config.parse(config), portsInMemory())
  return prepared.onRequest?.(exchange)
}

describe('request-size-limit', () => {
  it('refuses a body that announces to be too long with 413, and one byte less passes', () => {
    const ofLength = (length: number) =>
      new ExchangeInMemory({ headers: { 'content-length': String(length) } })
    expect(ask({ maxBodyBytes: 10 }, ofLength(11))).toMatchObject({
      status: 413,
      code: 'request-size-limit.body',
    })
    expect(ask({ maxBodyBytes: 10 }, ofLength(10))).toBeUndefined()
  })

  it('limits a body of unknown length while it comes', () => {
    const exchange = new ExchangeInMemory({ headers: { 'transfer-encoding': 'chunked' } })
    expect(ask({ maxBodyBytes: 10 }, exchange)).toBeUndefined()
    expect(exchange.bodyBytesMax).toBe(10)
  })

  it('refuses headers that are too long together with 431', () => {
    const exchange = new ExchangeInMemory({ headers: { a: ['12', '345'], bc: '6' } })
    const size = 1 + 2 + 4 + (1 + 3 + 4) + (2 + 1 + 4)
    expect(ask({ maxHeaderBytes: size }, exchange)).toBeUndefined()
    expect(ask({ maxHeaderBytes: size - 1 }, exchange)).toMatchObject({
      status: 431,
      code: 'request-size-limit.headers',
    })
  })

  it('refuses an address that is too long with 414, its query counted', () => {
    const exchange = new ExchangeInMemory({ path: '/orders', query: '?a=1' })
    expect(ask({ maxUriLength: 11 }, exchange)).toBeUndefined()
    expect(ask({ maxUriLength: 10 }, exchange)).toMatchObject({ status: 414, code: 'request-size-limit.uri' })
  })

  it('limits nothing where 0 says so', () => {
    const exchange = new ExchangeInMemory({ headers: { 'content-length': '99999999999' } })
    expect(ask({ maxBodyBytes: 0 }, exchange)).toBeUndefined()
    expect(exchange.bodyBytesMax).toBe(Infinity)
  })

  it.each([{ maxBodyBytes: -1 }, { maxBodyBytes: 1.5 }, { maxUriLength: '10' }, { maxBody: 1 }])(
    'does not take %j',
    (config) => expect(requestSizeLimit.config.safeParse(config).success).toBe(false),
  )

  it('says what it limits', () => {
    const summary = (config: object) => requestSizeLimit.summarise(requestSizeLimit.config.parse(config))
    expect(summary({ maxUriLength: 5 })).toBe('At most body 1048576 bytes, address 5 characters')
    expect(summary({ maxBodyBytes: 0 })).toBe('No limit')
  })
})

import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { headerRemoval } from './policy.ts'

describe('header-removal', () => {
  it('takes off what is named, however it is spelt, and leaves the rest', () => {
    const config = headerRemoval.config.parse({
      inboundHeaders: ['X-User', 'x-user', 'x-absent'],
      outboundHeaders: ['Server'],
    })
    const prepared = headerRemoval.prepare(config, portsInMemory())
    const exchange = new ExchangeInMemory({
      headers: { 'x-user': ['root', 'admin'], accept: '*/*' },
      responseHeaders: { server: 'secret/1.0', 'content-type': 'text/plain' },
    })
    expect(prepared.onRequest?.(exchange)).toBeUndefined()
    prepared.onResponse?.(exchange)
    expect(exchange.headerNames()).toEqual(['accept'])
    expect(exchange.responseHeaderNames()).toEqual(['content-type'])
  })

  it.each(['host', 'Content-Length', 'transfer-encoding', 'connection', 'X-Forwarded-For', 'x-request-id'])(
    'does not take %s, which is not its own to remove',
    (name) => {
      expect(headerRemoval.config.safeParse({ inboundHeaders: [name] }).success).toBe(false)
      expect(headerRemoval.config.safeParse({ outboundHeaders: [name] }).success).toBe(false)
    },
  )

  it.each(['', 'a b', 'a:', 'ä'])('does not take %j, which is no name', (name) =>
    expect(headerRemoval.config.safeParse({ inboundHeaders: [name] }).success).toBe(false),
  )

  it('says what it takes off', () => {
    const summary = (config: object) => headerRemoval.summarise(headerRemoval.config.parse(config))
    expect(summary({ inboundHeaders: ['a', 'b'], outboundHeaders: ['c'] })).toBe(
      'a, b from requests; c from answers',
    )
    expect(summary({})).toBe('No headers yet')
  })
})

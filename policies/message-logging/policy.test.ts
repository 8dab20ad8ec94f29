import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { maskedQuery } from './masked.ts'
import { messageLogging } from './policy.ts'

const configOf = (...items: object[]) => ({
  loggingConfiguration: items.map((itemData, index) => ({ itemName: `Item ${index}`, itemData })),
})

function log(exchange: ExchangeInMemory, ...items: object[]) {
  const ports = portsInMemory()
  const prepared = messageLogging.prepare(messageLogging.config.parse(configOf(...items)), ports)
  expect(prepared.onRequest?.(exchange)).toBeUndefined()
  prepared.onResponse?.(exchange)
  return ports.logged
}

const messageOf = (exchange: ExchangeInMemory, message: string, more: object = {}) =>
  log(exchange, { message, ...more })[0]?.fields?.['message']

describe('message-logging', () => {
  it('writes a message with its level, category and request, before the upstream where nothing else is said', () => {
    const exchange = new ExchangeInMemory({ method: 'POST', path: '/orders/1' })
    const message = "#[attributes.method ++ ' ' ++ attributes.requestPath]"
    expect(log(exchange, { message, level: 'WARN', category: 'audit' })).toEqual([
      {
        level: 'warn',
        code: 'message',
        fields: {
          item: 'Item 0',
          category: 'audit',
          section: 'request',
          requestId: 'req-1',
          message: 'POST /orders/1',
        },
      },
    ])
  })

  it('writes behind the upstream with the status and headers of the answer', () => {
    const exchange = new ExchangeInMemory({
      status: 503,
      headers: { 'x-a': 'request' },
      responseHeaders: { 'x-a': 'answer' },
    })
    const message = "#[attributes.statusCode ++ ' ' ++ attributes.headers['x-a']]"
    const items = { message, firstSection: false, secondSection: true }
    expect(messageOf(exchange, message, items)).toBe('503 answer')
  })

  it('writes in both moments where both are chosen', () => {
    const logged = log(new ExchangeInMemory({}), { message: 'here', secondSection: true, level: 'DEBUG' })
    expect(logged.map(({ fields }) => fields?.['section'])).toEqual(['request', 'response'])
  })

  it('writes only what its condition lets through', () => {
    const items = [
      { message: 'post', conditional: "#[attributes.method == 'POST']" },
      { message: 'get', conditional: "#[attributes.method == 'GET']" },
      {
        message: 'failed',
        conditional: '#[attributes.statusCode >= 500]',
        firstSection: false,
        secondSection: true,
      },
    ]
    const written = (given: object) =>
      log(new ExchangeInMemory(given), ...items).map(({ fields }) => fields?.['message'])
    expect(written({ method: 'GET', status: 200 })).toEqual(['get'])
    expect(written({ method: 'POST', status: 502 })).toEqual(['post', 'failed'])
  })

  it.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'x-api-key',
    'X-Auth-Token',
    'client-secret',
    'apikey',
  ])('never shows the value of %s, and may still decide by it', (name) => {
    const headers = { [name.toLowerCase()]: 'hunter2' }
    const formula = `attributes.headers['${name}']`
    const exchange = new ExchangeInMemory({ headers })
    expect(messageOf(exchange, `#['a ' ++ ${formula}]`, { conditional: `#[${formula} == 'hunter2']` })).toBe(
      'a ***',
    )
  })

  it('never shows cookies that an answer sets, nor secrets of a query', () => {
    const second = { firstSection: false, secondSection: true }
    const exchange = new ExchangeInMemory({
      query: '?a=1&api_key=hunter2',
      responseHeaders: { 'set-cookie': 'sid=hunter2' },
    })
    expect(messageOf(exchange, "#[attributes.headers['set-cookie']]", second)).toBe('***')
    expect(messageOf(exchange, '#[attributes.requestUri]')).toBe('/orders?a=1&api_key=***')
    expect(messageOf(exchange, "#[attributes.queryParams['api_key']]")).toBe('***')
  })

  it('masks in what is shown whole, and in what is made of it', () => {
    const exchange = new ExchangeInMemory({
      query: '?page=2&token=hunter2',
      headers: { accept: '*/*', authorization: 'Basic hunter2' },
      responseHeaders: { 'set-cookie': 'hunter2', vary: 'Accept' },
    })
    const of = (message: string, more = {}) => String(messageOf(exchange, message, more))
    expect(of('#[attributes.headers]')).toBe('{"accept":"*/*","authorization":"***"}')
    expect(of('#[attributes.headers -- "Authorization"]')).toBe('{"accept":"*/*"}')
    const answer = { firstSection: false, secondSection: true }
    expect(of('#[attributes.headers]', answer)).toBe('{"set-cookie":"***","vary":"Accept"}')
    for (const message of [
      '#[attributes]',
      '#[dw::core::Binaries::toBase64(attributes.headers.authorization)]',
      '#[upper(attributes.queryParams.token)]',
      '#[attributes.queryParams]',
    ])
      for (const text of [of(message), of(message, answer)]) {
        expect(text).not.toMatch(/hunter2/i)
        expect(text).not.toContain('aHVudGVyM')
      }
  })

  it.each([
    ['?access_token=x&page=2', '?access_token=***&page=2'],
    ['?clientSecret=x', '?clientSecret=***'],
    ['?%61pi_key=x', '?%61pi_key=***'],
    ['?token', '?token=***'],
    ['?keyboard=x&monkey=y&tokens=3', '?keyboard=x&monkey=y&tokens=3'],
    ['?%zz=x', '?%zz=x'],
    ['', ''],
  ])('masks the query %s', (query, masked) => expect(maskedQuery(query)).toBe(masked))

  it('shows what is plain, and cuts what is very long', () => {
    const exchange = new ExchangeInMemory({ headers: { 'user-agent': 'x'.repeat(10_000), accept: '*/*' } })
    expect(messageOf(exchange, "#[attributes.headers['accept']]")).toBe('*/*')
    expect(messageOf(exchange, "#[attributes.headers['user-agent']]")).toHaveLength(8_193)
    expect(messageOf(exchange, "#[attributes.headers['absent']]")).toBe('')
  })

  it.each([
    ['no moment', { message: 'a', firstSection: false }],
    ['a formula that is not offered', { message: '#[payload]' }],
    ['a condition that is not offered', { message: 'a', conditional: 'true' }],
    ['the status before it is known', { message: '#[attributes.statusCode]' }],
    [
      'the status where one of the moments is too early',
      { message: '#[attributes.statusCode]', secondSection: true },
    ],
    ['an unknown level', { message: 'a', level: 'TRACE' }],
    ['an empty message', { message: '' }],
    ['an unknown key', { message: 'a', masking: false }],
  ])('does not take %s', (_name, item) =>
    expect(messageLogging.config.safeParse(configOf(item)).success).toBe(false),
  )

  it('says what it writes', () =>
    expect(
      messageLogging.summarise(messageLogging.config.parse(configOf({ message: 'a' }, { message: 'b' }))),
    ).toBe('Writes Item 0, Item 1'))
})

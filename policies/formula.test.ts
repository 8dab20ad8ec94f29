import { describe, expect, it } from 'vitest'
import { ExchangeInMemory } from './exchange-in-memory.ts'
import { compileFormula, formulaFault } from './formula.ts'

const exchange = new ExchangeInMemory({
  method: 'HEAD',
  path: '/orders/7',
  query: '?a=1&b=2',
  status: 203,
  headers: { 'accept-language': 'de', 'x-n': '5' },
  client: { id: 'ann', name: 'Ann' },
})

describe('a formula', () => {
  it.each([
    ["#[attributes.method == 'GET' or attributes.method == 'HEAD']", true],
    ["#[attributes.method == 'GET' and true]", false],
    ["#[not (attributes.method == 'GET')]", true],
    ["#[!(attributes.method != 'HEAD')]", true],
    ['#[[200, 203, 204] contains attributes.statusCode]', true],
    ['#[[] contains attributes.statusCode]', false],
    ['#[attributes.statusCode >= 200 and attributes.statusCode < 300]', true],
    ["#[attributes.requestPath contains 'orders']", true],
    ["#[attributes.requestPath ++ '|' ++ attributes.queryString]", '/orders/7|a=1&b=2'],
    ['#[attributes.requestUri]', '/orders/7?a=1&b=2'],
    ["#[attributes.headers['Accept-Language'] ++ attributes.headers['missing']]", 'de'],
    ["#[attributes.queryParams['b']]", '2'],
    ['#[authentication.clientId ++ "@" ++ attributes.host]', 'ann@api.example'],
    ["#[attributes.headers['missing'] == null]", true],
    ["#[attributes.headers['x-n'] > 3]", false],
    ['#[attributes.scheme]', 'http'],
    ["#[ 'a' == 'a' or 'b' == 'c' and 'd' == 'e' ]", true],
  ])('%s comes to %j', (text, value) => {
    expect(compileFormula(text, true)(exchange)).toBe(value)
  })

  it('can be asked what it would be for another method', () => {
    expect(compileFormula("#[attributes.method ++ ' ' ++ attributes.requestPath]")(exchange, 'GET')).toBe(
      'GET /orders/7',
    )
  })

  it.each([
    ['attributes.method', 'not of the form'],
    ['#[]', 'something is missing'],
    ['#[attributes.method ==]', 'something is missing'],
    ["#[attributes.method == 'GET'", 'not of the form'],
    ["#[(attributes.method == 'GET']", ') is missing'],
    ["#[attributes.method 'GET']", 'one too many'],
    ['#[payload.x]', 'cannot be read from .x'],
    ['#[payload]', 'payload is not known here'],
    ['#[attributes.unheard]', 'is not one of'],
    ['#[attributes.statusCode == 200]', 'not known before the answer'],
    ['#[{}]', 'cannot be read from {}'],
    ["#['a\\'b']", 'cannot be read'],
    [`#['${'x'.repeat(2_000)}']`, 'longer than'],
    [`#[${'('.repeat(900)}]`, 'missing'],
  ])('is refused with a reason: %s', (text, reason) => {
    expect(formulaFault(text)).toContain(reason)
  })
})

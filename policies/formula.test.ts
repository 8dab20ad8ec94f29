import { describe, expect, it } from 'vitest'
import { ExchangeInMemory } from './exchange-in-memory.ts'
import { compileFormula, formulaFault } from './formula.ts'

const exchange = new ExchangeInMemory({
  method: 'HEAD',
  path: '/orders/7',
  query: '?a=1&b=2',
  status: 203,
  headers: { 'accept-language': 'de', 'x-n': '5' },
  client: { id: 'ann', name: 'Ann', tier: { name: 'gold', limits: [] } },
  claims: { sub: 'ann', exp: 7, scope: ['read', 'write'], realm: { tenant: 'a' }, note: null },
})

describe('a formula', () => {
  it('makes another id each time it is asked', () => {
    const formula = compileFormula('#[uuid()]')
    expect(formula(exchange)).toMatch(/^[0-9a-f-]{36}$/)
    expect(formula(exchange)).not.toBe(formula(exchange))
  })

  it('knows all attributes together, the status of the answer among them', () => {
    expect(compileFormula('#[attributes]', true)(exchange)).toMatchObject({
      method: 'HEAD',
      requestPath: '/orders/7',
      version: 'HTTP/1.1',
      statusCode: 203,
      queryParams: { a: '1', b: '2' },
      headers: { 'x-n': '5' },
    })
    expect(compileFormula('#[attributes]')(exchange)).not.toHaveProperty('statusCode')
  })

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
    ["#[attributes.headers.'accept-language' != null]", true],
    ["#[attributes.headers.authorization default 'none']", 'none'],
    ["#[(attributes.headers.missing default 'x') ++ '!']", 'x!'],
    ['#[authentication.properties.claims.exp > 6]', true],
    ["#[vars.claimSet.sub == 'ann']", true],
    ["#[authentication.properties.claims.scope contains 'read']", true],
    ['#[vars.claimSet.scope[-1]]', 'write'],
    ["#[vars.claimSet['realm'].tenant]", 'a'],
    ['#[vars.claimSet.note == null]', true],
    ['#[authentication.properties.slaId]', 'gold'],
    ["#[if (attributes.method == 'HEAD') 'head' else 'other']", 'head'],
    ['#[if (false) 1 else if (true) 2 else 3]', 2],
    ["#[upper(lower('aB') ++ trim(' c '))]", 'ABC'],
    ['#[lower(attributes.headers.missing)]', undefined],
    ["#[splitBy('a,b,c', ',')[1]]", 'b'],
    ["#[('a b' splitBy ' ') contains 'b']", true],
    ["#[contains('abc', 'b')]", true],
    ['#[sizeOf([1, 2]) == 2]', true],
    ["#[dw::core::Strings::substringAfter('Basic abc', 'Basic ')]", 'abc'],
    ["#[dw::core::Strings::substringBefore('a=b=c', '=')]", 'a'],
    ["#[dw::core::Strings::substringAfterLast('a=b=c', '=')]", 'c'],
    ["#[dw::core::Strings::substringBeforeLast('a=b=c', '=')]", 'a=b'],
    ["#[splitBy(dw::core::Binaries::fromBase64('dXNlcjpww6Rzcw=='), ':')[1]]", 'päss'],
    ["#[dw::core::Binaries::toBase64('üser')]", 'w7xzZXI='],
    ["#[dw::core::Binaries::fromBase64('%')]", undefined],
    ["#['abc'[0]]", 'a'],
    ['#[[1, 2] ++ [3]]', [1, 2, 3]],
    ['#[[1, 2] -- [2]]', [1]],
    ["#[attributes.queryParams -- 'A']", { b: '2' }],
    ["#[attributes.headers -- ['X-N']]", { 'accept-language': 'de' }],
    ['#["default-src \'none\'"]', "default-src 'none'"],
  ])('%s comes to %j', (text, value) => {
    expect(compileFormula(text, true)(exchange)).toEqual(value)
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
    ['#[payload.x]', 'payload is not known here'],
    ['#[payload]', 'payload is not known here'],
    ['#[attributes.unheard]', 'attributes.unheard is not known here, only method,'],
    ["#[attributes.headers['a b']]", 'a b is not a header name'],
    ["#[attributes.headers.a ++ 'b' default 'c']", 'put parentheses'],
    ["#[attributes.headers.a default 'b' == 'c']", 'put parentheses'],
    ['#[lower()]', 'lower takes 1 values, not 0'],
    ["#[lower 'a']", '( is missing'],
    ["#[dw::core::Strings::capitalize('a')]", 'is not known here'],
    ["#[lower::lower('a')]", 'is not known here'],
    ['#[if (true) 1]', 'else is missing'],
    ["#[toString::constructor('a')]", 'is not known here'],
    ['#[or]', 'or is not expected there'],
    ["#['a' splitBy ' ' contains 'b']", 'one too many'],
    ["#[sizeOf('abc') + 1]", 'cannot be read from  + 1'],
    ['#[attributes.statusCode == 200]', 'not known before the answer'],
    ['#[{}]', 'cannot be read from {}'],
    ["#['a\\'b']", 'cannot be read'],
    [`#['${'x'.repeat(2_000)}']`, 'longer than'],
    [`#[${'('.repeat(900)}]`, 'nested deeper'],
    [`#[${'['.repeat(900)}]`, 'nested deeper'],
    [`#[${'if ('.repeat(200)}]`, 'nested deeper'],
    [`#[${'not '.repeat(240)}]`, 'something is missing'],
  ])('is refused with a reason: %s', (text, reason) => {
    expect(formulaFault(text)).toContain(reason)
  })
})

import { describe, expect, it } from 'vitest'
import { ExchangeInMemory } from './exchange-in-memory.ts'
import { compileExpression, compileValues, expressionFault } from './expression.ts'
import { queryValues, withoutParameter } from './query.ts'

const exchange = new ExchangeInMemory({
  query: '?q=a+b&q=c&%71=d&bad=%zz',
  headers: { 'x-tenant': ['one', 'two'] },
  client: { id: 'client-1', name: 'Shop' },
  claims: { sub: 'jane', level: 3, realm: { tenant: 'a' }, 'https://x.example/kind': 'b', roles: ['c'] },
})

describe('compileExpression', () => {
  it.each([
    ["#[attributes.headers['X-Tenant']]", 'one'],
    ['#[attributes.headers["x-tenant"]]', 'one'],
    ['#[ attributes.remoteAddress ]', '192.0.2.1'],
    ["#[attributes.queryParams['q']]", 'a b'],
    ["#[attributes.queryParams['bad']]", '%zz'],
    ["#[attributes.queryParams['none']]", undefined],
    ['#[authentication.clientId]', 'client-1'],
    ['#[authentication.claims.sub]', 'jane'],
    ["#[authentication.claims['level']]", '3'],
    ['#[authentication.claims["realm.tenant"]]', 'a'],
    ["#[authentication.claims['https://x.example/kind']]", 'b'],
    ['#[authentication.claims.roles]', undefined],
    ['#[authentication.claims.toString]', undefined],
    ['#[authentication.claims.realm.tenant]', 'a'],
    ['#[authentication.properties.claims.sub]', 'jane'],
    ['#[vars.claimSet.sub]', 'jane'],
    ['#[authentication.clientName]', 'Shop'],
    ['#[authentication.principal]', 'Shop'],
    ['#[attributes.method]', 'GET'],
    ['#[attributes.headers.x]', undefined],
    ["#[attributes.headers.'x-tenant']", 'one'],
    ["#[attributes.queryParams.'q']", 'a b'],
    ['#[attributes.queryParams.q]', 'a b'],
  ])('%s reads %s', (text, value) => {
    expect(compileExpression(text)(exchange)).toBe(value)
  })

  it.each([
    'attributes.remoteAddress',
    '#[]',
    "#[attributes.headers['a'] ++ 'b']",
    "#[attributes.headers['a b']]",
    '#[attributes.headers[\'a"]]',
    "#[upper(attributes.headers['a'])]",
    '#[payload.id]',
    '#[authentication.claims]',
    '#[attributes.headers]',
    '#[attributes]',
    '#[authentication.claims.a b]',
    '#[authentication.claims.roles[0]]',
    "#[vars['__proto__']]",
    '#[vars.orgId]',
    '#[attributes.statusCode]',
    '#[attributes.remoteAddress',
  ])('%s is refused with a reason', (text) => {
    expect(expressionFault(text)).toMatch(/[a-z]{3}/)
  })

  it('says of something else what it is for', () => {
    expect(expressionFault("#[attributes.headers['a'] ++ 'b']")).toContain('must name one value')
    expect(expressionFault('#[payload.id]')).toContain('must name one value')
    expect(expressionFault("#[vars['__proto__']]")).toBe('vars.__proto__ is not known here, only claimSet')
  })
})

describe('compileValues', () => {
  it.each([
    ["#[attributes.headers['X-Tenant']]", ['one', 'two']],
    ["#[attributes.queryParams['q']]", ['a b', 'c', 'd']],
    ['#[authentication.claims.sub]', ['jane']],
    ["#[attributes.headers['none']]", []],
  ])('%s reads every value', (text, values) => {
    expect(compileValues(text)(exchange)).toEqual(values)
  })
})

describe('query', () => {
  it('finds a parameter however its name is spelt', () => {
    expect(queryValues('?q=a+b&q=c&%71=d', 'q')).toEqual(['a b', 'c', 'd'])
    expect(queryValues('', 'q')).toEqual([])
    expect(queryValues('?q', 'q')).toEqual([''])
  })

  it('cuts every spelling of a parameter and nothing else', () => {
    expect(withoutParameter('?a=1&%71=2&q&b=%20', 'q')).toBe('?a=1&b=%20')
    expect(withoutParameter('?q=1', 'q')).toBe('')
    expect(withoutParameter('?', 'q')).toBe('?')
  })
})

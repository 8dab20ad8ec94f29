import { describe, expect, it } from 'vitest'
import type { Claims } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { claimsAuthorization } from './policy.ts'

function decide(config: Record<string, unknown>, claims?: Claims, resourcePath = '/orders', method = 'GET') {
  const policy = claimsAuthorization.prepare(claimsAuthorization.config.parse(config), portsInMemory())
  const exchange = new ExchangeInMemory({ method, resourcePath, ...(claims === undefined ? {} : { claims }) })
  const refusal = policy.onRequest?.(exchange)
  if (refusal instanceof Promise) throw new Error('it has nothing to wait for')
  return refusal
}

const rule = (more: Record<string, unknown>) => ({ rules: [{ path: '/**', ...more }] })

describe('claims-authorization', () => {
  it('refuses whoever nothing is known of, even where everything is allowed', () => {
    expect(decide({ defaultAction: 'allow' })).toMatchObject({
      status: 401,
      code: 'claims-authorization.no_claims',
      headers: { 'www-authenticate': 'Bearer' },
    })
  })

  it('refuses what no rule is for unless told otherwise', () => {
    const config = { rules: [{ path: '/orders', methods: ['GET'] }] }
    expect(decide(config, {})).toBeUndefined()
    for (const [path, method] of [
      ['/orders', 'POST'],
      ['/order', 'GET'],
      ['/orders/', 'GET'],
      ['/ORDERS', 'GET'],
    ] as const)
      expect(decide(config, {}, path, method)).toMatchObject({
        status: 403,
        code: 'claims-authorization.no_rule',
      })
    expect(decide({ ...config, defaultAction: 'allow' }, {}, '/other')).toBeUndefined()
  })

  it('lets the first rule that fits decide', () => {
    const config = { rules: [{ path: '/orders/{id}', allOf: { roles: ['admin'] } }, { path: '/**' }] }
    expect(decide(config, {}, '/orders/1')).toMatchObject({
      status: 403,
      code: 'claims-authorization.denied',
    })
    expect(decide(config, { roles: ['admin'] }, '/orders/1')).toBeUndefined()
    expect(decide(config, {}, '/orders')).toBeUndefined()
  })

  it.each([
    ['all roles', { allOf: { roles: ['a', 'b'] } }, { roles: ['a', 'b'] }, { roles: ['a'] }],
    ['any role', { anyOf: { roles: ['a', 'b'] } }, { roles: 'b' }, { roles: ['c'] }],
    ['an agency', { allOf: { agency: ['fire', 'police'] } }, { agency: 'fire' }, { agency: 'water' }],
    ['equals', { allOf: { claim: 'a.b', value: '1' } }, { a: { b: 1 } }, { a: { b: 11 } }],
    ['notEquals', { allOf: { claim: 'a', op: 'notEquals', value: 'x' } }, { a: 'y' }, {}],
    ['in', { allOf: { claim: 'a', op: 'in', value: 'x, y' } }, { a: 'y' }, { a: 'x, y' }],
    ['contains', { allOf: { claim: 'a', op: 'contains', value: 'x' } }, { a: ['w', 'x'] }, { a: 'wx' }],
    ['exists', { allOf: { claim: 'a', op: 'exists' } }, { a: false }, { a: null }],
    ['greaterThan', { allOf: { claim: 'a', op: 'greaterThan', value: '2' } }, { a: 3 }, { a: '' }],
    ['lessThan', { allOf: { claim: 'a', op: 'lessThan', value: '2' } }, { a: '1' }, { a: 'one' }],
    ['what no object inherits', { allOf: { claim: 'toString', op: 'exists' } }, { toString: 'x' }, {}],
    [
      'both lists',
      { allOf: { roles: ['a'] }, anyOf: [{ agency: ['x'] }, { roles: ['b'] }] },
      { roles: ['a', 'b'] },
      { roles: ['b'] },
    ],
  ] as const)('asks for %s', (_what, conditions, good, bad) => {
    expect(decide(rule(conditions), good)).toBeUndefined()
    expect(decide(rule(conditions), bad)).toMatchObject({ status: 403, code: 'claims-authorization.denied' })
  })

  it('says which scopes are missing where scopes are all that is missing', () => {
    const config = rule({ allOf: [{ scopes: ['orders.read', 'orders.write'] }, { roles: ['a'] }] })
    expect(decide(config, { scope: 'orders.write x orders.read', roles: ['a'] })).toBeUndefined()
    expect(decide(config, { scp: ['orders.read', 'orders.write'], roles: ['a'] })).toBeUndefined()
    expect(decide(config, { scope: 'orders.read', roles: ['a'] })).toMatchObject({
      status: 403,
      code: 'claims-authorization.insufficient_scope',
      headers: {
        'www-authenticate': expect.stringMatching(
          /^Bearer error="insufficient_scope", .*, scope="orders.read orders.write"$/,
        ),
      },
    })
    expect(decide(config, { scope: 'orders.read' })).toMatchObject({ code: 'claims-authorization.denied' })
  })

  it('holds parameters of the path to claims, decoded and exact', () => {
    const config = {
      rules: [{ path: '/agencies/{agency}/orders' }, { path: '/**' }],
      pathParamMatch: [{ param: 'agency', claim: 'agency_id' }],
    }
    const at = (agency: string) => decide(config, { agency_id: 'fire 1' }, `/agencies/${agency}/orders`)
    expect(at('fire%201')).toBeUndefined()
    for (const other of ['fire', 'fire%2520%31', 'Fire%201'])
      expect(at(other)).toMatchObject({ status: 403, code: 'claims-authorization.path_parameter' })
    expect(decide(config, {}, '/agencies/undefined/orders')).toMatchObject({ status: 403 })
    expect(decide(config, { agency_id: ['a', 'b'] }, '/agencies/b/orders')).toBeUndefined()
  })

  it('says which agency claims speak for, by the claim that it is told', () => {
    const prepared = (more: object) =>
      claimsAuthorization.prepare(claimsAuthorization.config.parse({ ...rule({}), ...more }), portsInMemory())
    expect(prepared({}).agencyOf?.({ agency: 'fire' })).toBe('fire')
    const named = prepared({ agencyClaim: 'org.units' })
    expect(named.agencyOf?.({ org: { units: ['fire', 'police'] }, agency: 'water' })).toBe('fire, police')
    expect(named.agencyOf?.({ agency: 'water' })).toBeUndefined()
  })

  it('allows an open socket to be renewed only by what it would allow itself', async () => {
    const config = claimsAuthorization.config.parse(rule({ allOf: { roles: ['a'] } }))
    const exchange = new ExchangeInMemory({ upgrades: true, claims: { roles: ['a'] } })
    exchange.renewIdentity = async (token) => ({ roles: [token] })
    expect(claimsAuthorization.prepare(config, portsInMemory()).onRequest?.(exchange)).toBeUndefined()
    expect(await exchange.renewIdentity('a')).toEqual({ roles: ['a'] })
    expect(await exchange.renewIdentity('b')).toBeUndefined()
  })

  it.each([
    ['a path without its slash', rule({ path: 'orders' }), 'rules/0/path'],
    ['a path with a rest inside', rule({ path: '/**/a' }), 'rules/0/path'],
    ['a path with half a parameter', rule({ path: '/a{b}' }), 'rules/0/path'],
    ['a parameter twice', rule({ path: '/{a}/{a}' }), 'rules/0/path'],
    ['a method in small letters', rule({ methods: ['get'] }), 'rules/0/methods/0'],
    ['a condition that says nothing', rule({ allOf: {} }), 'rules/0/allOf/0/claim'],
    ['a claim without a value', rule({ anyOf: { claim: 'a' } }), 'rules/0/anyOf/0/value'],
    ['a value without a claim', rule({ anyOf: { roles: ['a'], value: 'b' } }), 'rules/0/anyOf/0/claim'],
    [
      'a number that is none',
      rule({ allOf: { claim: 'a', op: 'lessThan', value: 'b' } }),
      'rules/0/allOf/0/value',
    ],
    ['a scope that no challenge can name', rule({ allOf: { scopes: ['a"b'] } }), 'rules/0/allOf/0/scopes/0'],
    [
      'a parameter that no path has',
      { pathParamMatch: [{ param: 'a', claim: 'b' }] },
      'pathParamMatch/0/param',
    ],
    ['another action', { defaultAction: 'maybe' }, 'defaultAction'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = claimsAuthorization.config.safeParse(config).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })

  it('keeps its configuration as it is once its defaults are filled in', () => {
    const config = claimsAuthorization.config.parse(
      rule({ allOf: { claim: 'a', value: '1', roles: 'x, y' } }),
    )
    expect(claimsAuthorization.config.parse(config)).toEqual(config)
    expect(claimsAuthorization.summarise(config)).toBe('1 rule, nothing else is allowed')
  })
})

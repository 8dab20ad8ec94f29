import { describe, expect, it } from 'vitest'
import type { PolicyRule } from '#domain/policy-rule.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { route } from './policy.ts'

type Config = Parameters<typeof route.prepare>[0]

/** What becomes of a path at the destination `stock`. */
function routed(path: string, config: Omit<Config, 'destinationRef'> = {}, rules: PolicyRule[] = []) {
  const ports = portsInMemory({}, { destinations: ['stock'], rules })
  const prepared = route.prepare({ destinationRef: { name: 'stock' }, ...config }, ports)
  const exchange = new ExchangeInMemory({ path, resourcePath: path })
  const refusal = prepared.onRequest?.(exchange)
  return { refusal, destination: exchange.destination?.name, path: exchange.destinationPath }
}

const rule = (path: string): PolicyRule[] => [{ path }]

describe('route', () => {
  it('sends a request to its destination and leaves the path alone', () => {
    expect(routed('/a/b')).toEqual({ refusal: undefined, destination: 'stock', path: undefined })
    expect(routed('/a/b', {}, rule('/a/.*')).path).toBeUndefined()
  })

  it.each([
    ['/products/7', '/products(/.*)', '/api', '/api/7'],
    ['/products/7', '/products(/.*)', undefined, '/7'],
    ['/products/7', '/products(/.*)', '/', '/7'],
    ['/products', '/products(/.*)?', '/api', '/api'],
    ['/products', '/products(/.*)?', undefined, '/'],
    ['/products/', '/products(/.*)?', '/api/', '/api/'],
    ['/products/7', '/products/(.*)', '/api', '/api/7'],
    ['/eu/orders/7', '/(?:eu|us)(/orders/[0-9]+)', '/v2', '/v2/orders/7'],
    ['/a/x/b/y', '/a(/.*)/b(/.*)', '/v2', '/v2/x/y'],
    ['/a/x/b/y', '/a/(.*)/b/(.*)', '/v2', '/v2/xy'],
    ['/a/b', '/a(/(?:x|b))|/c(/.*)', '/v2', '/v2/b'],
    ['/c/d', '/a(/.*)|/c(/.*)', '/v2', '/v2/d'],
    ['/a/b/c', '(/a(/b))/c', '/v2', '/v2/a/b/b'],
    ['/a/b', '/a(/b)?(/c)?', '/v2', '/v2/b'],
    ['/products/7', '/products/.*', '/api', '/api/products/7'],
    ['/a%2Fb/c', '(/.*)', '/api', '/api/a%2Fb/c'],
  ])('%s under %s at %s becomes %s', (path, pattern, destinationPath, rewritten) => {
    const config = destinationPath === undefined ? {} : { destinationPath }
    expect(routed(path, config, rule(pattern)).path).toBe(rewritten)
  })

  it('takes the group of the rule that matched', () => {
    const rules = [{ path: '/a(/.*)', methods: 'POST' }, { path: '(/a/.*)' }]
    expect(routed('/a/b', { destinationPath: '/v' }, rules).path).toBe('/v/a/b')
  })

  it.each(['/x..', '/x../secret', '/x%2e%2e/secret', '/x.%2E/', '/x..;a/b'])(
    'refuses %s, whose part would lead out of the destination',
    (path) => {
      const { refusal, destination } = routed(path, { destinationPath: '/api' }, rule('/x(.*)'))
      expect(refusal).toMatchObject({ status: 400, code: 'route.path' })
      expect(destination).toBeUndefined()
    },
  )

  it('leaves a request that a route before it took', () => {
    const ports = portsInMemory({}, { destinations: ['a', 'b'] })
    const exchange = new ExchangeInMemory({})
    for (const name of ['a', 'b'])
      void route
        .prepare({ destinationRef: { name }, destinationPath: `/${name}` }, ports)
        .onRequest?.(exchange)
    expect([exchange.destination?.name, exchange.destinationPath?.slice(0, 3)]).toEqual(['a', '/a/'])
  })

  it('without a destination refuses what no route took, with 404', () => {
    const ports = portsInMemory({}, { destinations: ['a'] })
    const last = route.prepare({}, ports)
    const untaken = new ExchangeInMemory({})
    expect(last.onRequest?.(untaken)).toMatchObject({ status: 404, code: 'route.none' })
    const taken = new ExchangeInMemory({})
    taken.destination = { name: 'a' }
    expect(last.onRequest?.(taken)).toBeUndefined()
  })

  it('needs a destination that the API has, and a plain path', () => {
    expect(() => route.prepare({ destinationRef: { name: 'x' } }, portsInMemory())).toThrow(
      'the API has no destination x',
    )
    expect(route.config.safeParse({ destinationPath: 'api' }).success).toBe(false)
    expect(route.config.safeParse({ destinationPath: '/a?b' }).success).toBe(false)
    expect(route.config.safeParse({ destinationRef: { name: 'x', kind: 'Ingress' } }).success).toBe(false)
  })
})

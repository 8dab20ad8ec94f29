import { describe, expect, it } from 'vitest'
import { check } from './check.ts'
import {
  compile,
  type GatewayRows,
  hashesOf,
  hashOf,
  type InstanceRow,
  type PolicyRow,
  withInstance,
} from './compile.ts'
import { difference } from './difference.ts'

const listeners = [{ id: 'http', protocol: 'http', address: '127.0.0.1', port: 8081 }]
const gateway = { id: 'g', name: 'edge' }

function instance(id: string, more: Partial<InstanceRow> = {}): InstanceRow {
  return {
    id,
    host: '*',
    basePath: `/${id}`,
    upstreamUrl: `http://${id}.internal:8080`,
    stripBasePath: true,
    enabled: true,
    listenerIds: [],
    upstream: {},
    destinations: [],
    tiers: [],
    apiVersion: { id: `version-${id}`, label: '1.0.0', api: { name: id }, operations: [] },
    policies: [],
    flows: [],
    ...more,
  }
}

function policy(
  id: string,
  kind: string,
  order: number,
  config: unknown,
  more: Partial<PolicyRow> = {},
): PolicyRow {
  return {
    id,
    kind,
    policyVersion: '1.0.0',
    label: '',
    order,
    enabled: true,
    dryRun: false,
    rules: [],
    upstreams: [],
    config,
    ...more,
  }
}

const limit = (maximumRequests: number) => ({
  rateLimits: [{ maximumRequests, timePeriodInMilliseconds: 60_000 }],
})
const rows = (...instances: InstanceRow[]): GatewayRows => ({ listeners, instances, contexts: [] })
const itemsOf = (...instances: InstanceRow[]) => compile(rows(...instances)).items
const faultsOf = (...instances: InstanceRow[]) => {
  const { items, faults } = compile(rows(...instances))
  return [...faults, ...check(items, { loopback: false })]
}

const consumer = (id: string, ...hashes: string[]) => ({
  tier: null,
  consumer: {
    id,
    name: `consumer ${id}`,
    credentials: hashes.map((hash) => ({ hash: hash.repeat(64), revokedAt: null })),
  },
})

describe('compile', () => {
  it('gives the same hashes whatever the order of the rows', () => {
    const policies = [policy('p1', 'api-key-auth', 0, {}), policy('p2', 'rate-limiting', 1, limit(5))]
    const flows = [consumer('c1', 'a', 'b'), consumer('c2', 'c')]
    const one = itemsOf(instance('orders', { policies, flows }), instance('rates'))
    const two = itemsOf(
      instance('rates'),
      instance('orders', {
        policies: policies.toReversed(),
        flows: [consumer('c2', 'c'), consumer('c1', 'b', 'a')],
      }),
    )
    expect(hashesOf(two)).toEqual(hashesOf(one))
    expect(hashOf(hashesOf(two))).toBe(hashOf(hashesOf(one)))
  })

  it('leaves out disabled instances and disabled policies, and closes the gap they leave', () => {
    const off = policy('p0', 'cors', 0, {}, { enabled: false })
    const kept = policy('p1', 'rate-limiting', 7, limit(5))
    const items = itemsOf(
      instance('orders', { policies: [off, kept] }),
      instance('rates', { enabled: false }),
    )
    expect([...items.keys()]).toEqual(['listener:http', 'api:orders', 'upstream:orders', 'contracts:orders'])
    expect(items.get('api:orders')).toMatchObject({ policies: [{ id: 'p1', order: 0 }] })
  })

  it('writes the defaults of a policy out', () => {
    const items = itemsOf(instance('orders', { policies: [policy('p1', 'api-key-auth', 0, {})] }))
    expect(items.get('api:orders')).toMatchObject({
      policies: [{ config: { in: 'header', key: 'x-api-key' } }],
    })
  })

  it('gives every instance a contract set, without revoked keys, and an empty one where nobody may call', () => {
    const flow = consumer('c1', 'a', 'b')
    const [first, second] = flow.consumer.credentials
    const revoked = { ...flow.consumer, credentials: [first, { ...second, revokedAt: new Date(0) }] }
    const items = itemsOf(
      instance('orders', { flows: [{ tier: null, consumer: revoked as never }] }),
      instance('rates'),
    )
    expect(items.get('contracts:orders')).toMatchObject({
      clients: [{ id: 'c1', keyHashes: ['a'.repeat(64)] }],
    })
    expect(items.get('api:orders')).toMatchObject({ contracts: 'contracts:orders' })
    expect(items.get('contracts:rates')).toMatchObject({ clients: [] })
    expect(items.get('api:rates')).toMatchObject({ contracts: 'contracts:rates' })
  })

  it('says how the endpoints of an upstream are chosen, and leaves out what is usual', () => {
    const upstream = {
      endpoints: [{ url: 'http://a.internal', weight: 1 }],
      balancing: 'consistent-hash',
      hashOn: { by: 'header', name: 'x-user' },
    }
    const items = itemsOf(instance('orders', { upstream }), instance('rates'))
    expect(items.get('upstream:orders')).toMatchObject({
      endpoints: [{ url: 'http://a.internal' }],
      balancing: 'consistent-hash',
      hashOn: { by: 'header', name: 'x-user' },
    })
    expect(items.get('upstream:rates')).not.toHaveProperty('balancing')
    expect(items.get('upstream:rates')).not.toHaveProperty('hashOn')
  })

  it('names the upstreams that a policy is for by their items, and none where it is for all', () => {
    const destinations = [{ name: 'bills', endpoints: [{ url: 'https://bills.internal' }] }]
    const items = itemsOf(
      instance('orders', {
        destinations,
        policies: [
          policy('p1', 'tls-outbound', 0, {}, { upstreams: ['main', 'bills'] }),
          policy('p2', 'connect-timeout', 1, {}),
        ],
      }),
    )
    expect(items.get('api:orders')).toMatchObject({
      policies: [{ upstreams: ['upstream:orders', 'upstream:orders:bills'] }, { kind: 'connect-timeout' }],
    })
    expect(JSON.stringify(items.get('api:orders')).match(/"upstreams"/g)).toHaveLength(1)
  })

  it('takes one instance from the draft and everything else from what runs', () => {
    const base = itemsOf(instance('orders'), instance('rates'))
    const draft = itemsOf(instance('orders', { host: 'a.example' }), instance('rates', { host: 'b.example' }))
    const merged = withInstance(hashesOf(base), draft, 'orders')
    expect(merged['api:orders']).toBe(hashesOf(draft)['api:orders'])
    expect(merged['api:rates']).toBe(hashesOf(base)['api:rates'])
  })
})

describe('check', () => {
  it('finds nothing to refuse in a sound configuration', () => {
    const policies = [policy('p1', 'api-key-auth', 0, {}), policy('p2', 'rate-limiting', 1, limit(5))]
    expect(faultsOf(instance('orders', { policies, flows: [consumer('c1', 'a')] }))).toEqual([])
  })

  it.each([
    ['an unknown policy', { policies: [policy('p1', 'from-the-future', 0, {})] }, '/policies/0/kind'],
    [
      'a policy configuration that does not fit, at its field',
      { policies: [policy('p1', 'rate-limiting', 0, limit(0))] },
      '/policies/0/config/rateLimits/0/maximumRequests',
    ],
    ['a member that a policy does not know', { policies: [policy('p1', 'cors', 0, { nope: 1 })] }, '/config'],
    ['an upstream that is no URL', { upstreamUrl: 'orders' }, '/items/upstream:orders/endpoints/0/url'],
    ['an upstream of another scheme', { upstreamUrl: 'ftp://a' }, '/items/upstream:orders/endpoints/0/url'],
    [
      'a metadata address',
      { upstreamUrl: 'http://169.254.169.254/x' },
      '/items/upstream:orders/endpoints/0/url',
    ],
    ['the own machine', { upstreamUrl: 'http://0x7f000001:80' }, '/items/upstream:orders/endpoints/0/url'],
    ['a base path with a query', { basePath: '/a?b' }, '/items/api:orders/basePath'],
    ['a base path with a slash at its end', { basePath: '/a/' }, '/items/api:orders/basePath'],
  ])('refuses %s', (_what, more, pointer) => {
    const faults = faultsOf(instance('orders', more))
    expect(faults.map((fault) => fault.pointer).join()).toContain(pointer)
  })

  it('refuses a policy for an upstream that is gone, and two that say the same of one', () => {
    const destinations = [{ name: 'bills', endpoints: [{ url: 'https://bills.internal' }] }]
    const upstreamUrl = 'https://orders.internal'
    const tls = (id: string, order: number, ...upstreams: string[]) =>
      policy(id, 'tls-outbound', order, {}, { upstreams })
    const ofChain = (...policies: PolicyRow[]) =>
      faultsOf(instance('orders', { upstreamUrl, destinations, policies }))
    expect(ofChain(tls('p1', 0, 'main'), tls('p2', 1, 'bills'))).toEqual([])
    expect(ofChain(tls('p1', 0, 'main', 'stock'))).toEqual([
      {
        pointer: '/items/api:orders/policies/0/upstreams/1',
        detail: 'the API has no upstream upstream:orders:stock',
      },
    ])
    expect(ofChain(tls('p1', 0, 'bills'), tls('p2', 1))).toEqual([
      {
        pointer: '/items/api:orders/policies/1/config',
        detail: 'another policy of the chain already sets tls for bills',
      },
    ])
  })

  it('refuses two APIs at the same host and base path, by name', () => {
    const faults = faultsOf(instance('orders'), instance('rates', { basePath: '/orders' }))
    expect(faults).toEqual([
      {
        pointer: '/items/api:rates/basePath',
        detail: 'rates 1.0.0 and orders 1.0.0 both answer at /orders on the listener http',
      },
    ])
  })

  it('refuses a gateway without a listener, and two listeners at one port', () => {
    const none = compile({ listeners: [], instances: [], contexts: [] })
    expect(check(none.items, { loopback: true })).toHaveLength(1)
    const twice = compile({
      listeners: [...listeners, { ...listeners[0], id: 'again' }],
      instances: [],
      contexts: [],
    })
    expect(check(twice.items, { loopback: true })[0]?.pointer).toBe('/items/listener:again/port')
    expect(compile({ listeners: 'none', instances: [], contexts: [] }).faults).not.toEqual([])
  })
})

describe('difference', () => {
  const compare = (before: InstanceRow[], after: InstanceRow[]) =>
    difference(
      { revision: 1, items: itemsOf(...before) },
      { revision: null, items: itemsOf(...after) },
      gateway,
    )

  it('is empty between equal configurations', () => {
    expect(compare([instance('orders')], [instance('orders')])).toMatchObject({ count: 0, groups: [] })
  })

  it('says a changed limit in plain words, with its pointer, and shows it as text', () => {
    const at = (requests: number) =>
      instance('orders', { policies: [policy('p1', 'rate-limiting', 0, limit(requests))] })
    const { count, groups } = compare([at(100), instance('rates')], [at(50), instance('rates')])
    expect(count).toBe(1)
    expect(groups).toHaveLength(1)
    expect(groups[0]).toMatchObject({ kind: 'api', id: 'orders', title: 'orders 1.0.0' })
    expect(groups[0]?.changes[0]).toMatchObject({
      kind: 'changed',
      text: 'Rate limit: Requests: 100 → 50',
      pointer: '/items/api:orders/policies/0/config/rateLimits/0/maximumRequests',
      before: 100,
      after: 50,
    })
    const signed = groups[0]?.lines.filter(({ sign }) => sign === 'added' || sign === 'removed')
    expect(signed?.map(({ sign, text }) => `${sign} ${text.trim()}`)).toEqual([
      'removed - maximumRequests: 100',
      'added - maximumRequests: 50',
    ])
    expect(groups[0]?.lines.some(({ sign }) => sign === 'gap')).toBe(true)
  })

  it('says by name which upstreams a policy is for now', () => {
    const destinations = [{ name: 'bills', endpoints: [{ url: 'https://bills.internal' }] }]
    const aimedAt = (...upstreams: string[]) =>
      instance('orders', { destinations, policies: [policy('p1', 'tls-outbound', 0, {}, { upstreams })] })
    const texts = (before: InstanceRow, after: InstanceRow) =>
      compare([before], [after]).groups[0]?.changes.map(({ text }) => text)
    expect(texts(aimedAt(), aimedAt('main', 'bills'))).toEqual([
      'TLS to the upstream: upstreams: all → main, bills',
    ])
    expect(texts(aimedAt('main'), aimedAt('bills'))).toEqual(['TLS to the upstream: upstreams: main → bills'])
  })

  it('marks a removed identity policy as weakening, and does not call shifted neighbours changed', () => {
    const key = policy('p1', 'api-key-auth', 0, {})
    const rate = policy('p2', 'rate-limiting', 1, limit(5))
    const { groups } = compare(
      [instance('orders', { policies: [key, rate] })],
      [instance('orders', { policies: [rate] })],
    )
    expect(groups[0]?.changes).toMatchObject([{ kind: 'removed', weakens: true }])
  })

  it('says when only the order of policies changed', () => {
    const chain = (a: number, b: number) =>
      instance('orders', {
        policies: [policy('p1', 'api-key-auth', a, {}), policy('p2', 'rate-limiting', b, limit(5))],
      })
    const { groups } = compare([chain(0, 1)], [chain(1, 0)])
    expect(groups[0]?.changes.map(({ text }) => text)).toEqual([
      'Policies run in another order: Rate limit, API key',
    ])
  })

  it('shows no change of text for another order of members', () => {
    const draft = itemsOf(instance('orders', { policies: [policy('p1', 'rate-limiting', 0, limit(5))] }))
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, reversed(inner)]),
            )
          : value
    const items = new Map([...draft].map(([id, item]) => [id, reversed(item)]))
    const now = itemsOf(instance('orders', { policies: [policy('p1', 'rate-limiting', 0, limit(6))] }))
    const { groups } = difference(
      { revision: 1, items: items as never },
      { revision: null, items: now },
      gateway,
    )
    const changed = groups[0]?.lines.filter(({ sign }) => sign === 'added' || sign === 'removed')
    expect(changed).toHaveLength(2)
  })

  it('never shows a whole key hash', () => {
    const { groups } = compare([instance('orders')], [instance('orders', { flows: [consumer('c1', 'a')] })])
    expect(JSON.stringify(groups)).not.toContain('a'.repeat(13))
    expect(groups[0]?.changes.map(({ text }) => text)).toContain('consumer c1 may call')
  })

  it('tells of an API that comes and one that goes', () => {
    const { groups, count } = compare([instance('orders')], [instance('rates')])
    expect(count).toBe(2)
    expect(groups.flatMap((group) => group.changes.map(({ text }) => text))).toEqual([
      'orders 1.0.0 is taken away from /orders',
      'rates 1.0.0 is added at /rates, served by http://rates.internal:8080',
    ])
  })
})

it('names the operations of an API, whatever order its document has them in', () => {
  const operations = [
    { method: 'POST', path: '/orders', summary: 'Place one' },
    { method: 'GET', path: '/orders/{id}' },
    { method: 'GET', path: '/orders' },
  ]
  const withOperations = (list: unknown) => {
    const api = { id: 'v', label: '1.0.0', api: { name: 'orders' }, operations: list }
    return compile(rows(instance('orders', { apiVersion: api }))).items.get('api:orders')
  }
  expect(withOperations(operations)).toMatchObject({
    operations: [
      { method: 'GET', path: '/orders' },
      { method: 'POST', path: '/orders' },
      { method: 'GET', path: '/orders/{id}' },
    ],
  })
  expect(withOperations(operations.toReversed())).toEqual(withOperations(operations))
  expect(withOperations([])).not.toHaveProperty('operations')
})

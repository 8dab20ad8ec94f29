import { describe, expect, it } from 'vitest'
import type { ApiItem, Item } from '#contract/items.ts'
import { readFlex } from './read.ts'
import { writeFlex } from './write.ts'

const ports = {
  sha256: () => '0'.repeat(64),
  ownCertificate: () => ({ crt: '', key: '' }),
  environment: () => undefined,
  allowLoopback: false,
}

function read(...texts: string[]) {
  return readFlex(
    texts.map((text, index) => ({ file: `${index}.yaml`, text })),
    ports,
  )
}

function linesOf(...texts: string[]) {
  const result = read(...texts)
  return result.ok ? [] : result.faults.map((one) => `${one.file}:${one.line} ${one.pointer} ${one.detail}`)
}

function itemsOf(...texts: string[]): Item[] {
  const result = read(...texts)
  if (!result.ok) throw new Error(JSON.stringify(result.faults, undefined, 2))
  return result.items
}

function apiOf(items: readonly Item[]): ApiItem {
  const api = items.find((item) => item.kind === 'api')
  if (api === undefined) throw new Error('no API')
  return api
}

const v1alpha1 = 'apiVersion: gateway.mulesoft.com/v1alpha1'

function instance(services: string) {
  return `${v1alpha1}\nkind: ApiInstance\nmetadata: { name: shop }\nspec:\n  address: http://0.0.0.0:8081\n${services}`
}

const service = (name: string, spec: string, metadata = '') =>
  `${v1alpha1}\nkind: Service\nmetadata: { name: ${name}${metadata} }\nspec: ${spec}\n`

const binding = (name: string, kind: string, spec: string) =>
  `${v1alpha1}\nkind: PolicyBinding\nmetadata: { name: ${name} }\nspec: { targetRef: { name: shop }, policyRef: { name: ${kind} }, ${spec} }\n`

const two = instance(`  services:
    products:
      address: http://products.internal
      routes:
        - rules:
            - path: /products(/.*)
              methods: [GET, HEAD]
            - path: /featured(/.*)
          config:
            destinationPath: /api
    users:
      address: h2://users.internal:9000
      routes:
        - rules:
            - path: /users(/.*)
`)

const stable = service('stable', '{ address: "http://stable.internal/v1" }')
const canary = service('canary', '{ address: "http://canary.internal" }')
const weighted = binding(
  'canary-first',
  'route-weighted',
  'config: { routes: [{ weight: 80, destinationRef: { name: stable } }, { weight: 20, destinationRef: { name: canary }, destinationPath: /v1 }] }',
)

/** The same but for the ids of policies, which follow from where they stand. */
function withoutIds(items: readonly Item[]) {
  return items
    .map((item) =>
      item.kind === 'api' ? { ...item, policies: item.policies.map(({ id: _, ...rest }) => rest) } : item,
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function expectRoundTrip(items: readonly Item[]) {
  const written = writeFlex(items)
  expect(written).toMatchObject({ ok: true })
  expect(withoutIds(itemsOf(written.ok ? written.text : ''))).toEqual(withoutIds(items))
}

describe('several services', () => {
  it('become destinations, a route for each in the order of the text, and a refusal of the rest', () => {
    const items = itemsOf(two)
    expect(items).toMatchObject([
      { kind: 'listener' },
      {
        kind: 'upstream',
        id: 'upstream:default/shop/products',
        endpoints: [{ url: 'http://products.internal' }],
      },
      {
        kind: 'upstream',
        id: 'upstream:default/shop/users',
        endpoints: [{ url: 'http://users.internal:9000' }],
        protocol: 'http2',
      },
      {
        kind: 'api',
        upstream: 'upstream:default/shop/products',
        destinations: { products: 'upstream:default/shop/products', users: 'upstream:default/shop/users' },
        policies: [
          {
            kind: 'route',
            order: 1,
            config: { destinationRef: { name: 'products' }, destinationPath: '/api' },
            rules: [{ path: '/products(/.*)', methods: 'GET|HEAD' }, { path: '/featured(/.*)' }],
          },
          {
            kind: 'route',
            order: 2,
            config: { destinationRef: { name: 'users' } },
            rules: [{ path: '/users(/.*)' }],
          },
          { kind: 'route', order: 3, config: {} },
        ],
      },
    ])
    expectRoundTrip(items)
  })

  it('refuse nothing where one of them takes everything', () => {
    const rest = `${two}    rest:\n      address: http://rest.internal\n`
    expect(apiOf(itemsOf(rest)).policies.map(({ config }) => config)).toEqual([
      { destinationRef: { name: 'products' }, destinationPath: '/api' },
      { destinationRef: { name: 'users' } },
      { destinationRef: { name: 'rest' } },
    ])
  })

  it('are also needed for one service whose route has rules', () => {
    const one = instance(
      '  services: { up: { address: "http://b.internal", routes: [{ rules: [{ path: "/v1(/.*)" }] }] } }\n',
    )
    expect(apiOf(itemsOf(one)).policies).toHaveLength(2)
    expectRoundTrip(itemsOf(one))
  })

  it.each([
    [
      'rules that RE2 does not take',
      two.replace('/users(/.*)', '/users(?=/)'),
      /^0\.yaml:20 \/spec\/services\/users\/routes\/0\/rules\/0\/path is not a regular expression/,
    ],
    [
      'weights of routes',
      instance('  services: { up: { address: "http://b.c", routes: [{ weight: 5 }] } }\n'),
      /\/routes\/0\/weight weights are said by a route-weighted policy/,
    ],
    [
      'different TLS',
      two
        .replace('http://products.internal', 'https://products.internal')
        .replace('h2://users.internal:9000', 'https://users.internal\n      tls: { minVersion: "1.3" }'),
      /\/spec\/services\/users\/tls users and products are reached with different TLS/,
    ],
    [
      'TLS for some of them alone',
      two.replace('http://products.internal', 'https://products.internal\n      tls: { minVersion: "1.3" }'),
      /\/spec\/services\/users\/address users is reached without TLS and products with it/,
    ],
    [
      'an address that must not be reached',
      two.replace('products.internal', '169.254.169.254'),
      /\/spec\/services\/products\/address 169\.254\.169\.254 serves a cloud's credentials/,
    ],
  ])('are refused with %s', (_, text, line) => {
    expect(linesOf(text)[0]).toMatch(line)
  })
})

describe('an upstream with several addresses', () => {
  const spread = (spec: string) => instance(`  services: { up: { ${spec} } }\n`)
  const a = 'endpoints: [{ address: "http://a.internal", weight: 3 }, { address: "http://b.internal:81/v1" }]'

  it('has them with their weights, and what they are chosen by, in an instance and as a Service', () => {
    const hashed = `${a}, balancing: consistent-hash, hashOn: { by: claim, name: sub }`
    const expected = {
      endpoints: [{ url: 'http://a.internal', weight: 3 }, { url: 'http://b.internal:81/v1' }],
      balancing: 'consistent-hash',
      hashOn: { by: 'claim', name: 'sub' },
    }
    const plain = itemsOf(spread(hashed))
    expect(plain.find(({ kind }) => kind === 'upstream')).toMatchObject(expected)
    expectRoundTrip(plain)
    const bound = binding('to-up', 'route', 'config: { destinationRef: { name: up }, destinationPath: /x }')
    const routed = itemsOf(instance(''), service('up', `{ ${hashed} }`), bound)
    expect(routed.find(({ kind }) => kind === 'upstream')).toMatchObject({
      ...expected,
      endpoints: [{ url: 'http://a.internal/x', weight: 3 }, { url: 'http://b.internal:81/v1/x' }],
    })
    expectRoundTrip(routed)
    const named = itemsOf(
      spread('endpoints: [{ address: "h2://a.internal" }, { address: "h2://b.internal" }]'),
    )
    expect(named.find(({ kind }) => kind === 'upstream')).toMatchObject({ protocol: 'http2' })
    expectRoundTrip(named)
  })

  it.each([
    ['no address', 'balancing: round-robin', '/spec/services/up/address must say where it is'],
    ['one beside them', `address: "http://c.internal", ${a}`, '/spec/services/up/address excludes endpoints: say one of the two'],
    ['one that must not be reached', a.replace('b.internal', '169.254.169.254'), "/spec/services/up/endpoints/1/address 169.254.169.254 serves a cloud's credentials"],
    ['different schemes', a.replace('http://b', 'https://b'), '/spec/services/up/endpoints/1/address https://b.internal:81/v1 and http://a.internal are spoken to differently'],
    ['a hash of nothing', `${a}, balancing: consistent-hash, hashOn: { by: cookie }`, '/spec/services/up/hashOn/name must say which cookie'],
    ['a hash that nobody goes by', `${a}, hashOn: { by: address }`, '/spec/services/up/hashOn has a meaning with the balancing consistent-hash alone'],
    ['a weight below 0', a.replace('3', '-3'), '/spec/services/up/endpoints/0/weight'],
  ])('is refused with %s', (_, spec, fault) => {
    expect(linesOf(spread(spec)).join('\n')).toContain(fault)
  }) // biome-ignore format: a table
})

describe('route policies', () => {
  it('share requests out among Services by weight', () => {
    const items = itemsOf(instance(''), stable, canary, weighted)
    expect(apiOf(items)).toMatchObject({
      upstream: 'upstream:default/shop/stable',
      destinations: { stable: 'upstream:default/shop/stable', canary: 'upstream:default/shop/canary' },
      policies: [{ kind: 'route-weighted', config: { routes: [{ weight: 80 }, { weight: 20 }] } }],
    })
    expectRoundTrip(items)
  })

  it('choose among the services of the instance itself', () => {
    const own = instance(
      '  services: { a: { address: "http://a.internal" }, b: { address: "http://b.internal" } }\n',
    )
    const routed = binding(
      'b-first',
      'route',
      'rules: [{ path: "/b(/.*)" }], config: { destinationRef: { name: b } }',
    )
    const items = itemsOf(own, routed)
    expect(apiOf(items).policies.map(({ config, rules }) => [config, rules?.length])).toEqual([
      [{ destinationRef: { name: 'b' } }, 1],
      [{}, undefined],
    ])
    expectRoundTrip(items)
    const both = own.replace('"http://a.internal"', '"http://a.internal", routes: []')
    expect(linesOf(both, routed)).toEqual([
      '0.yaml:6 /spec/services/a/routes routes of services and route policies exclude each other',
    ])
  })

  it.each([
    [
      'a Service that is missing',
      [stable, weighted],
      /config\/routes\/1\/destinationRef\/name there is no Service default\/canary$/,
    ],
    [
      'a weight that is no number',
      [stable, canary, weighted.replace('80', 'most')],
      /^3\.yaml:4 \/spec\/config\/routes\/0\/weight /,
    ],
    ['no destination at all', [binding('nowhere', 'route', 'config: {}')], /\/spec names no upstream/],
  ])('are refused with %s', (_, texts, line) => {
    expect(linesOf(instance(''), ...texts)[0]).toMatch(line)
  })
})

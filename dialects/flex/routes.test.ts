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
      item.kind === 'api'
        ? {
            ...item,
            policies: item.policies.map(({ id: _, ...rest }) => rest).toSorted((a, b) => a.order - b.order),
          }
        : item,
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
      'an address that must not be reached',
      two.replace('products.internal', '169.254.169.254'),
      /\/spec\/services\/products\/address 169\.254\.169\.254 serves a cloud's credentials/,
    ],
  ])('are refused with %s', (_, text, line) => {
    expect(linesOf(text)[0]).toMatch(line)
  })
})

describe('TLS towards several upstreams', () => {
  const secure = (products: string, users: string) =>
    two
      .replace('http://products.internal', `https://products.internal${products}`)
      .replace('h2://users.internal:9000', `https://users.internal${users}`)
  const under13 = '\n      tls: { minVersion: "1.3" }'
  const named = '\n      tls: { serverName: users.example, trustedCA: { secretName: ca } }'
  const ca = `apiVersion: v1\nkind: Secret\nmetadata: { name: ca }\nstringData: { ca.crt: ${JSON.stringify(
    '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n',
  )} }\n`
  const outbound = (items: readonly Item[]) =>
    apiOf(items)
      .policies.filter(({ kind }) => kind === 'tls-outbound')
      .map(({ config, upstreams }) => [config, upstreams])

  it('is said for each of them where it differs', () => {
    const items = itemsOf(secure(under13, named), ca)
    expect(outbound(items)).toMatchObject([
      [{ minversion: '1.3' }, ['upstream:default/shop/products']],
      [{ serverName: 'users.example' }, ['upstream:default/shop/users']],
    ])
    expectRoundTrip(items)
  })

  it('is said once where it is the same, as ever', () => {
    const items = itemsOf(secure(under13, under13))
    expect(outbound(items)).toEqual([[{ minversion: '1.3' }, undefined]])
    expectRoundTrip(items)
  })

  it('may be for some of them alone', () => {
    const items = itemsOf(two.replace('http://products.internal', `https://products.internal${under13}`))
    expect(outbound(items)).toEqual([[{ minversion: '1.3' }, ['upstream:default/shop/products']]])
    expectRoundTrip(items)
  })

  it('is refused where a policy for all says it too, at the second one', () => {
    const all = binding('all', 'tls-outbound', 'config: { minversion: "1.3" }')
    expect(linesOf(secure(under13, ''), all)).toEqual([
      '0.yaml:9 /spec/services/products/tls another policy of the chain already sets tls for products',
    ])
  })
})

describe('policies for one of several upstreams', () => {
  const bound = (name: string, service: string, kind: string, config: string) =>
    `${v1alpha1}\nkind: PolicyBinding\nmetadata: { name: ${name} }\nspec: { targetRef: { kind: Service, name: ${service} }, policyRef: { name: ${kind} }, config: ${config} }\n`
  const canaryTimeout = bound('slow', 'canary', 'response-timeout', '{ timeout: 30 }')
  const ofKind = (items: readonly Item[], wanted: string) =>
    apiOf(items)
      .policies.filter(({ kind }) => kind === wanted)
      .map(({ config, upstreams }) => [config, upstreams])
  const inside = (policies: string) => `${two}  policies:\n    - ${policies}\n`

  it('are bound to its Service', () => {
    const stableTimeout = bound('quick', 'stable', 'response-timeout', '{ timeout: 1 }')
    const items = itemsOf(instance(''), stable, canary, weighted, canaryTimeout, stableTimeout)
    expect(ofKind(items, 'response-timeout')).toEqual([
      [{ timeout: 1 }, ['upstream:default/shop/stable']],
      [{ timeout: 30 }, ['upstream:default/shop/canary']],
    ])
    expectRoundTrip(items)
  })

  it('are for the whole API where that has no other upstream', () => {
    const to = binding('to', 'route', 'config: { destinationRef: { name: canary } }')
    const items = itemsOf(instance(''), canary, to, canaryTimeout)
    expect(ofKind(items, 'response-timeout')).toEqual([[{ timeout: 30 }, undefined]])
  })

  it('stand in the instance with a targetRef, and hold for that service alone', () => {
    const items = itemsOf(
      inside(
        '{ policyRef: { name: retry }, targetRef: { kind: Service, name: users }, config: { numRetries: 1 } }',
      ),
    )
    expect(ofKind(items, 'retry')).toEqual([[{ numRetries: 1 }, ['upstream:default/shop/users']]])
    expectRoundTrip(items)
  })

  it('leave the others to what the node says of all', () => {
    const node = `${v1alpha1}\nkind: Configuration\nmetadata: { name: node }\nspec: { timeouts: { upstreamConnectionIdleSeconds: 30 } }\n`
    const own = bound('idle', 'canary', 'idle-timeout', '{ timeout: 5 }')
    expect(
      ofKind(itemsOf(instance(''), stable, canary, weighted, node, own), 'upstream-idle-timeout'),
    ).toEqual([
      [{ timeout: 5 }, ['upstream:default/shop/canary']],
      [{ timeout: 30 }, ['upstream:default/shop/stable']],
    ])
  })

  it('of a Service do not reach a service of the instance that has its name', () => {
    const own = instance(
      '  services: { canary: { address: "http://a.internal" }, b: { address: "http://b.internal" } }\n',
    )
    const to = binding('to', 'route', 'config: { destinationRef: { name: canary } }')
    expect(ofKind(itemsOf(own, to, canary, canaryTimeout), 'response-timeout')).toEqual([])
  })

  it.each([
    [
      'for a service that the API does not have',
      [inside('{ policyRef: { name: retry }, targetRef: { name: bills } }')],
      '0.yaml:22 /spec/policies/0/targetRef/name no route of this API leads to bills',
    ],
    [
      'of another kind',
      [inside('{ policyRef: { name: retry }, targetRef: { kind: ApiInstance, name: users } }')],
      '0.yaml:22 /spec/policies/0/targetRef/kind must be Service',
    ],
    [
      'that look at requests before an upstream is chosen',
      [
        instance(''),
        stable,
        canary,
        weighted,
        bound('keys', 'canary', 'header-removal', '{ inboundHeaders: [x-a] }'),
      ],
      '4.yaml:4 /spec/targetRef header-removal is for all upstreams of an API, and this one has several; attach it to the ApiInstance',
    ],
    [
      'that say twice what holds there',
      [
        instance(''),
        stable,
        canary,
        weighted,
        canaryTimeout,
        bound('slower', 'canary', 'response-timeout', '{ timeout: 60 }'),
      ],
      '5.yaml:4 /spec/config another policy of the chain already sets responseMs for canary',
    ],
  ])('are refused %s', (_, texts, line) => {
    expect(linesOf(...texts)).toEqual([line])
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

import { describe, expect, it } from 'vitest'
import { type FlexPorts, readFlex } from './read.ts'
import { writeFlex } from './write.ts'

const hashOfKey = 'a'.repeat(64)
/** In the form of a PEM text; whether it is a certificate is for those to say who use it. */
function pem(kind: string, content: string) {
  return `-----BEGIN ${kind}-----\n${btoa(content)}\n-----END ${kind}-----\n`
}
const ports: FlexPorts = {
  sha256: (text) => (text === 'shop-key-1' ? hashOfKey : 'b'.repeat(64)),
  ownCertificate: (host) => ({ crt: pem('CERTIFICATE', host), key: pem('PRIVATE KEY', host) }),
  environment: () => undefined,
  allowLoopback: false,
}

const inline = `# the real form
apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: orders
spec:
  address: http://0.0.0.0:8081/orders/
  services:
    upstream:
      address: http://orders.internal:8080
      routes:
        - config:
            destinationPath: /v1/
  policies:
    - policyRef:
        name: rate-limiting-flex
        namespace: default
      config:
        rateLimits:
          - maximumRequests: 10
            timePeriodInMilliseconds: 1000
`

const bound = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: orders-key }
spec:
  targetRef: { kind: ApiInstance, name: orders }
  policyRef: { name: api-key-auth }
  order: 5
  config: { key: x-key, apiKeys: { secretName: orders-keys } }
---
apiVersion: v1
kind: Secret
metadata: { name: orders-keys }
type: hexgate.io/api-keys
data: { shop: c2hvcC1rZXktMQ== }
`

function read(...texts: string[]) {
  return readFlex(
    texts.map((text, index) => ({ file: `${index}.yaml`, text })),
    ports,
  )
}

function faultsOf(...texts: string[]) {
  const result = read(...texts)
  return result.ok ? [] : result.faults.map((f) => `${f.file}:${f.line}:${f.column} ${f.pointer} ${f.detail}`)
}

function instance(spec: string) {
  return `apiVersion: gateway.mulesoft.com/v1alpha1\nkind: ApiInstance\nmetadata: { name: a }\nspec: ${spec}\n`
}
const service = 'services: { upstream: { address: "http://b.internal" } }'

describe('readFlex', () => {
  it('reads an instance with inline policies, and bindings and keys from another file', () => {
    expect(read(inline, bound)).toMatchObject({
      ok: true,
      items: [
        { kind: 'listener', id: 'listener:0.0.0.0:8081', protocol: 'http', address: '0.0.0.0', port: 8081 },
        expect.objectContaining({
          kind: 'upstream',
          id: 'upstream:default/orders',
          endpoints: [{ url: 'http://orders.internal:8080/v1' }],
        }),
        {
          kind: 'contracts',
          id: 'contracts:default/orders',
          clients: [{ id: 'shop', name: 'shop', keyHashes: [hashOfKey] }],
        },
        {
          kind: 'api',
          id: 'api:default/orders',
          name: 'orders',
          version: '',
          host: '*',
          basePath: '/orders',
          stripBasePath: true,
          upstream: 'upstream:default/orders',
          contracts: 'contracts:default/orders',
          policies: [
            {
              id: 'default/orders/0',
              kind: 'rate-limiting',
              policyVersion: '1.0.0',
              label: '',
              order: 1,
              config: { rateLimits: [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }] },
            },
            {
              id: 'default/orders-key',
              kind: 'api-key-auth',
              policyVersion: '1.0.0',
              label: '',
              order: 5,
              config: { key: 'x-key' },
            },
          ],
        },
      ],
    })
  })

  it('takes the upstream from a Service that a route policy names', () => {
    const result = read(
      instance('{ address: "http://api.example:8081" }'),
      `apiVersion: gateway.mulesoft.com/v1alpha1
kind: Service
metadata: { name: backend }
spec: { address: "http://b.internal:81/" }
---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: to-backend }
spec:
  targetRef: { name: a }
  policyRef: { name: route }
  config: { destinationRef: { name: backend }, destinationPath: /x }
`,
    )
    expect(result.ok && result.items.find((item) => item.kind === 'upstream')).toMatchObject({
      endpoints: [{ url: 'http://b.internal:81/x' }],
    })
    expect(result.ok && result.items.find((item) => item.kind === 'api')).toMatchObject({
      host: 'api.example',
      basePath: '/',
      policies: [],
    })
  })

  it('writes what it read in a form that reads the same', () => {
    const first = read(inline, bound)
    const text = first.ok ? writeFlex(first.items) : undefined
    expect(text).toMatchObject({ ok: true })
    const again = text?.ok ? read(text.text) : undefined
    const withoutIds = (result: typeof again) =>
      result?.ok
        ? JSON.parse(JSON.stringify(result.items).replaceAll(/"id":"default\/[^"]+"/g, '"id":""'))
        : result
    const sorted = withoutIds(again)
    expect(sorted).toEqual(withoutIds(first))
  })

  it('refuses to write what the form cannot say', () => {
    const first = read(inline)
    const items = first.ok ? first.items : []
    const kept = items.map((item) => (item.kind === 'api' ? { ...item, stripBasePath: false } : item))
    const slow = items.map((item) => (item.kind === 'upstream' ? { ...item, connectTimeoutMs: 1 } : item))
    expect(writeFlex(kept)).toMatchObject({ faults: [{ pointer: '/api:default~1orders/stripBasePath' }] })
    expect(writeFlex(slow)).toMatchObject({ faults: [{ pointer: '/upstream:default~1orders' }] })
    expect(writeFlex([])).toMatchObject({ ok: false })
  })

  it('reads nothing from nothing', () => {
    expect(read('', '# only words\n', '---\n---\n')).toMatchObject({ ok: true, items: [], notes: [] })
  })
})

describe('readFlex refuses, with file, line, column and pointer,', () => {
  it.each([
    [
      'the address of the cloud metadata',
      '"http://169',
      instance('{ address: "http://0.0.0.0:1", services: { up: { address: "http://169.254.169.254" } } }'),
      "/spec/services/up/address 169.254.169.254 serves a cloud's credentials",
    ],
    [
      'the gateway’s own machine',
      '"http://127',
      instance('{ address: "http://0.0.0.0:1", services: { up: { address: "http://127.0.0.1" } } }'),
      "/spec/services/up/address 127.0.0.1 is the gateway's own machine",
    ],
    [
      'unknown fields',
      'timeout: 5',
      instance(`\n  address: http://0.0.0.0:8081\n  ${service}\n  timeout: 5`),
      '/spec/timeout timeout is not supported here',
    ],
    [
      'unknown kinds',
      'Gateway',
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n',
      '/kind there is no kind Gateway here, only ApiInstance, Service, PolicyBinding, Configuration, Secret, Certificate, Issuer, ClusterIssuer and NetworkPolicy',
    ],
    ['a list', '- a', '- a\n', ' Invalid input: expected object, received array'],
    [
      'other versions',
      'gateway',
      instance(`{ address: "http://0.0.0.0:1", ${service} }`).replace('v1alpha1', 'v1'),
      '/apiVersion must be gateway.mulesoft.com/v1alpha1',
    ],
    [
      'an instance without upstream',
      '{ address',
      instance('{ address: "http://0.0.0.0:1" }'),
      '/spec names no upstream: add one under services, or bind a route policy',
    ],
    [
      'unknown policies',
      'wasm',
      instance(`{ address: "http://0.0.0.0:1", ${service}, policies: [{ policyRef: { name: wasm } }] }`),
      '/spec/policies/0/policyRef/name there is no policy wasm here',
    ],
    [
      'policy configurations that do not fit',
      '0',
      inline.replace('maximumRequests: 10', 'maximumRequests: 0'),
      '/spec/policies/0/config/rateLimits/0/maximumRequests Too small: expected number to be >=1',
    ],
    [
      'bindings without a target',
      'none',
      bound.replace('name: orders }', 'name: none }'),
      '/spec/targetRef/name there is no ApiInstance default/none',
    ],
    ['duplicate keys', 'kind: B', 'kind: A\nkind: B\n', ' this key stands here twice'],
    ['poisonous keys', '__proto__', 'a:\n  __proto__: { b: 1 }\n', ' the key __proto__ is not taken'],
    ['unknown tags', '!!js', 'a: !!js/function "x"\n', ' Unresolved tag: tag:yaml.org,2002:js/function'],
    [
      'broken YAML',
      '',
      'a: [1\n',
      ' Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s', (_, place, text, fault) => {
    const result = read(text)
    const found = result.ok
      ? undefined
      : result.faults.find((one) => `${one.pointer} ${one.detail}` === fault)
    expect(result).toMatchObject({ ok: false })
    expect(found, JSON.stringify(result)).toBeDefined()
    const line = text.split('\n')[(found?.line ?? 0) - 1] ?? ''
    expect(line.slice((found?.column ?? 0) - 1).startsWith(place), `${line} at ${found?.column}`).toBe(true)
  })

  it('two instances that claim the same port, host and path, by both names', () => {
    const other = inline.replace('name: orders', 'name: orders-2').replace('/orders/', '/orders')
    expect(faultsOf(inline, other)).toEqual([
      '1.yaml:7:12 /spec/address orders-2 and orders both answer at /orders on the listener 0.0.0.0:8081; orders is at 0.yaml:2',
    ])
  })

  it('the same resource twice', () => {
    expect(faultsOf(inline, inline)).toContain(
      '1.yaml:5:9 /metadata/name ApiInstance default/orders is already defined at 0.yaml:2',
    )
  })

  it('policies that share an order', () => {
    const first = inline.replace(
      '      config:\n        rateLimits',
      '      order: 5\n      config:\n        rateLimits',
    )
    expect(faultsOf(first, bound)).toEqual(['1.yaml:7:10 /spec/order order 5 is already that of policy 0'])
  })

  it('API keys that nobody holds, that are missing, shared, short or not base64', () => {
    const [binding = '', secret = ''] = bound.split('---\n')
    expect(faultsOf(inline, binding.replace(', apiKeys: { secretName: orders-keys }', ''))[0]).toContain(
      'nobody could call',
    )
    expect(faultsOf(inline, binding)[0]).toContain('there is no Secret default/orders-keys')
    const keys = (data: string) => faultsOf(inline, binding, secret.replace(/\ndata: .*/, `\n${data}`))
    expect(keys('data: { shop: "***" }')).toEqual([
      '2.yaml:5:15 /data/shop is not base64; use stringData for plain text',
    ])
    expect(keys('stringData: { a: short }')[0]).toContain('8 to 1024')
    expect(keys('stringData: { a: shop-key-1, b: shop-key-1 }')[0]).toContain('is the key of a too')
    expect(keys('data: {}')).not.toEqual([])
  })

  it('bombs of aliases and of nesting, quickly', () => {
    const bomb = `a: &a [x]\n${Array.from({ length: 200 }, (_, i) => `k${i}: *a`).join('\n')}\n`
    const laughs = `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `${'bcdefghijklmnopqrstuvwxyzABCDEF'[i]}: &${'bcdefghijklmnopqrstuvwxyzABCDEF'[i]} [*${'abcdefghijklmnopqrstuvwxyzABCDE'[i]},*${'abcdefghijklmnopqrstuvwxyzABCDE'[i]}]`).join('\n')}\n`
    const started = Date.now()
    expect(faultsOf(bomb)).not.toEqual([])
    expect(faultsOf(laughs)[0]).toContain('Excessive alias count')
    expect(faultsOf('['.repeat(50_000))).not.toEqual([])
    expect(faultsOf(`a: ${'['.repeat(200)}${']'.repeat(200)}`)[0]).toContain('nested deeper')
    expect(faultsOf(`a: "${'x'.repeat(2_000_000)}"`)[0]).toContain('larger than')
    expect(Date.now() - started).toBeLessThan(5_000)
  })
})

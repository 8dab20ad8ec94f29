import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ApiItem, type AttachedPolicy, type Item, item as itemSchema } from '#contract/items.ts'
import { numbersFrom, pickerOf } from '#domain/testing/random.ts'
import { Planner } from '#gateway-runtime/plan.ts'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
} from '#gateway-runtime/testing/certificates.ts'
import { check, checkEach } from './check.ts'

/** What the portal refuses before it publishes, and what a node refuses that is sent it all the same. */

interface Said {
  pointer: string
  detail: string
}

const loopback = true

async function byNode(items: readonly Item[]): Promise<Said[]> {
  const unfit = items.flatMap((one) => itemSchema.safeParse(one).error?.issues ?? [])
  expect(unfit).toEqual([])
  const contents = new Map(items.map((one) => [one.id, { hash: JSON.stringify(one), item: one }]))
  const built = await new Planner({ allowLoopback: loopback }).build(contents)
  if (built.ok) built.draft.discard()
  return built.ok ? [] : built.reasons.map(({ pointer, reason }) => ({ pointer, detail: reason }))
}

const byId = (items: readonly Item[]) => new Map(items.map((one) => [one.id, one]))
const byPortal = (items: readonly Item[]): Said[] => check(byId(items), { loopback })
const sorted = (said: readonly Said[]) => said.map(({ pointer, detail }) => `${pointer} ${detail}`).toSorted()

function listener(name: string, protocol: 'http' | 'https' = 'http', more: object = {}): Item {
  const port = { http: 8081, https: 8443 }[protocol]
  return { kind: 'listener', id: `listener:${name}`, protocol, address: '0.0.0.0', port, ...more } as Item
}

function upstream(name: string, more: object = {}): Item {
  const endpoints = [{ url: `http://${name}.internal:8080` }]
  return itemSchema.parse({ kind: 'upstream', id: `upstream:${name}`, endpoints, ...more })
}

function api(name: string, more: Partial<ApiItem> = {}): Item[] {
  return [
    upstream(name),
    {
      kind: 'api',
      id: `api:${name}`,
      name,
      version: '1.0.0',
      host: '*',
      basePath: `/${name}`,
      stripBasePath: true,
      upstream: `upstream:${name}`,
      policies: [],
      ...more,
    },
  ]
}

function context(name: string, keystore: { certificate: string; key: string }): Item {
  return { kind: 'tls-context', id: `tls-context:${name}`, name, trustedCa: root.certificate, keystore }
}

function attached(kind: string, config: object, order = 0): AttachedPolicy {
  return { id: `p-${kind}-${order}`, kind, policyVersion: '1.0.0', label: '', order, config: { ...config } }
}

let root: Authority
let own: KeyAndCertificate
let other: KeyAndCertificate
let weak: KeyAndCertificate
let expired: KeyAndCertificate
let lockedKey: string
const pair = ({ chain, key }: KeyAndCertificate) => ({ certificate: { crt: chain, key } })
const tls = (config: object) => [attached('tls', config)]
const tlsOutbound = (config: object) => [attached('tls-outbound', config)]

beforeAll(async () => {
  const dayMs = 86_400_000
  root = await createAuthority()
  ;[own, other, weak, expired] = await Promise.all([
    root.issue({ names: ['dns:a.example'] }),
    root.issue({ names: ['dns:a.example'] }),
    root.issue({ key: 'rsa-1024' }),
    root.issue({ notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) }),
  ])
  lockedKey = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' },
  }).privateKey
})

const web = listener('web')
const secure = listener('secure', 'https')
const a = (host: string, more: Partial<ApiItem> = {}) => api('a', { host, basePath: '/x', ...more })
const b = (host: string, more: Partial<ApiItem> = {}) => api('b', { host, basePath: '/x', ...more })

type Case = readonly [what: string, items: () => Item[], refused?: string]

/** Without an entry at the end nothing is refused. */
const cases: readonly Case[] = [
  ['one API', () => [web, ...a('*')]],
  ['no listener', () => a('*'), '/items there is no listener'],

  // Addresses.
  [
    'two APIs at one host and path',
    () => [web, ...a('h.example'), ...b('h.example')],
    '/items/api:b/basePath b 1.0.0 and a 1.0.0 both answer at h.example/x on the listener web',
  ],
  [
    'two APIs at one path of any host, on two listeners',
    () => [web, listener('more', 'http', { port: 8082 }), ...a('*'), ...b('*')],
    '/items/api:b/basePath b 1.0.0 and a 1.0.0 both answer at /x on the listeners web and more',
  ],
  [
    'an exact host beside a wildcard and any host',
    () => [web, ...a('h.example'), ...b('*.example'), ...api('c')],
  ],
  [
    'two APIs at one wildcard',
    () => [web, ...a('*.example'), ...b('*.example')],
    '/items/api:b/basePath b 1.0.0 and a 1.0.0 both answer at *.example/x on the listener web',
  ],
  [
    'the same path on different listeners',
    () => [
      web,
      listener('more', 'http', { port: 8082 }),
      ...a('*', { listeners: ['listener:web'] }),
      ...b('*', { listeners: ['listener:more'] }),
    ],
  ],
  [
    'the same path on listeners that meet in one',
    () => [
      web,
      listener('more', 'http', { port: 8082 }),
      ...a('*', { listeners: ['listener:web'] }),
      ...b('*', { listeners: ['listener:more', 'listener:web'] }),
    ],
    '/items/api:b/basePath b 1.0.0 and a 1.0.0 both answer at /x on the listener web',
  ],
  ['a path inside another one', () => [web, ...a('*'), ...b('*', { basePath: '/x/y' })]],
  [
    'two APIs of one name, with what tells them apart',
    () => [web, ...a('*'), ...b('*', { name: 'a' })],
    '/items/api:b/basePath a 1.0.0 (api:b) and a 1.0.0 (api:a) both answer at /x on the listener web',
  ],
  [
    'a host with capitals',
    () => [web, ...a('H.example')],
    '/items/api:a/host a 1.0.0: the host H.example is not lower-case',
  ],
  [
    'a * in the midst of a host',
    () => [web, ...a('a.*.example')],
    '/items/api:a/host a 1.0.0: in the host a.*.example a * can only stand for what is before the first dot',
  ],
  ...['/a/../b', '/%41', '/%2f', '/a/.', '/%', '/é'].map(
    (basePath): Case => [
      `the base path ${basePath}`,
      () => [web, ...a('*', { basePath })],
      `/items/api:a/basePath a 1.0.0: ${basePath} is not a normal base path`,
    ],
  ),

  // Listeners.
  [
    'a listener that there is not',
    () => [web, ...a('*', { listeners: ['listener:gone'] })],
    '/items/api:a/listeners/0 a 1.0.0 is to be served on the listener gone, and there is no such listener',
  ],
  [
    'two listeners at one port',
    () => [web, listener('more'), ...a('*')],
    '/items/listener:more/port the listeners more and web both want port 8081 at 0.0.0.0',
  ],
  [
    'a port at one address and at all of them',
    () => [web, listener('more', 'http', { address: '127.0.0.1' }), ...a('*')],
    '/items/listener:more/port the listeners more and web both want port 8081, at 127.0.0.1 and at 0.0.0.0',
  ],
  [
    'one port at two addresses',
    () => [
      listener('one', 'http', { address: '127.0.0.1' }),
      listener('two', 'http', { address: '127.0.0.2' }),
      ...a('*'),
    ],
  ],

  // TLS by host.
  [
    'different certificates at one host',
    () => [
      secure,
      ...a('h.example', { policies: tls(pair(own)) }),
      ...api('b', { host: 'h.example', policies: tls(pair(other)) }),
    ],
    '/items/api:b/policies/0/config b 1.0.0 and a 1.0.0 ask for different TLS at h.example on the listener secure (certificate): give both the same, or the tls policy to one of them alone',
  ],
  [
    'different modes and CAs at any host',
    () => [
      secure,
      ...a('*', { policies: tls({ ...pair(own), mode: 'STRICT', trustedCA: root.certificate }) }),
      ...api('b', { policies: tls({ ...pair(own), mode: 'PERMISSIVE', trustedCA: own.certificate }) }),
    ],
    '/items/api:b/policies/0/config b 1.0.0 and a 1.0.0 ask for different TLS at any host on the listener secure (client certificates, trusted CAs): give both the same, or the tls policy to one of them alone',
  ],
  [
    'the same TLS at one host, twice and shared',
    () => [
      secure,
      ...a('h.example', { policies: tls(pair(own)) }),
      ...api('b', { host: 'h.example', policies: tls(pair(own)) }),
      ...api('c', { host: 'h.example' }),
    ],
  ],
  [
    'different TLS at a host and at the wildcard over it',
    () => [
      secure,
      ...a('h.example', { policies: tls(pair(own)) }),
      ...b('*.example', { policies: tls(pair(other)) }),
    ],
  ],
  [
    'different TLS at one host on different listeners',
    () => [
      secure,
      listener('more', 'https', { port: 9443 }),
      ...a('h.example', { policies: tls(pair(own)), listeners: ['listener:secure'] }),
      ...b('h.example', { policies: tls(pair(other)), listeners: ['listener:more'] }),
    ],
  ],
  [
    'an API on https alone, and nothing that has a certificate',
    () => [secure, ...a('h.example')],
    '/items/api:a/policies a 1.0.0: there is no listener for http, and no tls policy gives a certificate for h.example',
  ],
  [
    'an API that names a listener for https on which no certificate is for its host',
    () => [
      web,
      secure,
      ...a('h.example', { listeners: ['listener:secure'] }),
      ...api('b', { host: 'b.example', policies: tls(pair(own)) }),
      ...api('c', { host: 'c.example', policies: tls(pair(other)) }),
    ],
    '/items/api:a/listeners/0 a 1.0.0: no tls policy gives a certificate for h.example on the listener secure',
  ],
  [
    'an API with TLS, and no listener for https',
    () => [web, ...a('*', { policies: tls(pair(own)) })],
    '/items/api:a/policies/0/config a 1.0.0 has a tls policy, and there is no listener for https',
  ],
  [
    'an API with TLS on a listener for http',
    () => [web, secure, ...a('*', { policies: tls(pair(own)), listeners: ['listener:web'] })],
    '/items/api:a/listeners/0 a 1.0.0 has a tls policy and cannot be served on the listener web, which speaks http',
  ],
  [
    'an API without TLS beside one with it',
    () => [web, secure, ...a('*'), ...api('b', { policies: tls(pair(own)) })],
  ],

  // Certificates and keys.
  [
    'a key that is not the one of the certificate',
    () => [secure, ...a('*', { policies: tls({ certificate: { crt: own.chain, key: other.key } }) })],
    '/items/api:a/policies/0/config/certificate/key certificate.key does not belong to certificate.crt',
  ],
  [
    'a key under a passphrase',
    () => [secure, ...a('*', { policies: tls({ certificate: { crt: own.chain, key: lockedKey } }) })],
    '/items/api:a/policies/0/config/certificate/key certificate.key is encrypted',
  ],
  [
    'a key that is none',
    () => [
      secure,
      ...a('*', {
        policies: tls({
          certificate: {
            crt: own.chain,
            key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
          },
        }),
      }),
    ],
    '/items/api:a/policies/0/config/certificate/key certificate.key cannot be read',
  ],
  [
    'a certificate that cannot be read',
    () => [
      secure,
      ...a('*', {
        policies: tls({
          certificate: { crt: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key: own.key },
        }),
      }),
    ],
    '/items/api:a/policies/0/config/certificate/crt certificate 1 of certificate.crt cannot be read',
  ],
  [
    'a weak key',
    () => [secure, ...a('*', { policies: tls(pair(weak)) })],
    '/items/api:a/policies/0/config/certificate/crt TLS cannot be set up: ee key too small',
  ],
  [
    'a CA that cannot be read',
    () => [
      secure,
      ...a('*', {
        policies: tls({
          ...pair(own),
          trustedCA: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
        }),
      }),
    ],
    '/items/api:a/policies/0/config/trustedCA certificate 1 of trustedCA cannot be read',
  ],
  [
    'revocations that cannot be read',
    () => [
      secure,
      ...a('*', {
        policies: tls({
          ...pair(own),
          trustedCA: root.certificate,
          crl: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----',
        }),
      }),
    ],
    '/items/api:a/policies/0/config/crl TLS cannot be set up: Failed to parse CRL',
  ],
  ['an expired certificate', () => [secure, ...a('*', { policies: tls(pair(expired)) })]],

  // mTLS contexts.
  [
    'an mTLS context that there is not',
    () => [secure, ...a('*', { policies: tls({ contextRef: 'edge' }) })],
    '/items/api:a/policies/0/config/contextRef there is no mTLS context edge here',
  ],
  [
    'an mTLS context whose key is not the one of its certificate',
    () => [
      secure,
      context('edge', { certificate: own.chain, key: other.key }),
      ...a('*', { policies: tls({ contextRef: 'edge' }) }),
    ],
    '/items/api:a/policies/0/config/contextRef certificate.key does not belong to certificate.crt',
  ],
  [
    'one mTLS context at one host twice',
    () => [
      secure,
      context('edge', { certificate: own.chain, key: own.key }),
      ...a('*', { policies: tls({ contextRef: 'edge' }) }),
      ...api('b', { policies: tls({ contextRef: 'edge' }) }),
    ],
  ],
  [
    'two mTLS contexts at one host',
    () => [
      secure,
      context('edge', { certificate: own.chain, key: own.key }),
      context('inner', { certificate: other.chain, key: other.key }),
      ...a('*', { policies: tls({ contextRef: 'edge' }) }),
      ...api('b', { policies: tls({ contextRef: 'inner' }) }),
    ],
    '/items/api:b/policies/0/config b 1.0.0 and a 1.0.0 ask for different TLS at any host on the listener secure (certificate): give both the same, or the tls policy to one of them alone',
  ],

  // Upstreams.
  ...(
    [
      ['http://u.internal/?q=1', 'the URL of an upstream must not hold a query or a fragment'],
      ['http://u.internal:0', 'port 0 is no port to connect to'],
      ['http://169.254.169.254', "169.254.169.254 serves a cloud's credentials"],
    ] as const
  ).map(
    ([url, detail]): Case => [
      `the upstream ${url}`,
      () => [web, ...a('*').slice(1), upstream('a', { endpoints: [{ url }] })],
      `/items/upstream:a/endpoints/0/url ${detail}`,
    ],
  ),
  [
    'an upstream whose endpoints take nothing',
    () => [web, ...a('*').slice(1), upstream('a', { endpoints: [{ url: 'http://u.internal', weight: 0 }] })],
    '/items/upstream:a/endpoints one endpoint needs a weight above 0',
  ],
  [
    'an upstream that there is not',
    () => [web, ...a('*').slice(1)],
    '/items/api:a/upstream there is no item upstream:a of kind upstream',
  ],
  [
    'TLS to an upstream without it',
    () => [web, ...a('*', { policies: tlsOutbound({}) })],
    '/items/api:a/policies/0/config TLS is set for the upstream, but the address http://a.internal:8080 is http://',
  ],
  [
    'a protocol that the upstream is not spoken to in',
    () => [
      web,
      ...a('*', { policies: tlsOutbound({ alpn: ['http/1.1'] }) }).slice(1),
      upstream('a', { endpoints: [{ url: 'https://u.internal' }], protocol: 'http2' }),
    ],
    '/items/api:a/policies/0/config/alpn alpn must allow h2, which is what is spoken with this upstream',
  ],
  [
    'a client certificate with another key',
    () => [
      web,
      ...a('*', { policies: tlsOutbound({ certificate: { crt: own.chain, key: other.key } }) }).slice(1),
      upstream('a', { endpoints: [{ url: 'https://u.internal' }] }),
    ],
    '/items/api:a/policies/0/config/certificate/key certificate.key does not belong to certificate.crt',
  ],

  // Policies.
  [
    'a policy that nobody knows',
    () => [web, ...a('*', { policies: [attached('from-the-future', {})] })],
    '/items/api:a/policies/0/kind there is no policy from-the-future here',
  ],
  [
    'a destination that the API does not have',
    () => [web, ...a('*', { policies: [attached('route', { destinationRef: { name: 'stock' } })] })],
    '/items/api:a/policies/0/config the API has no destination stock',
  ],
  [
    'a destination that it has',
    () => [
      web,
      upstream('stock'),
      ...a('*', {
        policies: [attached('route', { destinationRef: { name: 'stock' } })],
        destinations: { stock: 'upstream:stock' },
      }),
    ],
  ],
  [
    'a policy that takes a document, and none',
    () => [web, ...a('*', { policies: [attached('spec-validation', { source: 'context' })] })],
    '/items/api:a/policies/0/config the API has no OpenAPI document; import one, or give it inline',
  ],
  [
    'two policies that set one thing',
    () => [secure, ...a('*', { policies: [...tls(pair(own)), attached('tls', pair(own), 1)] })],
    '/items/api:a/policies/1/config another policy of the chain already sets the TLS of the listener',
  ],
]

describe('portal and node', () => {
  it.each(cases.map(([what, items, refused]) => ({ what, items, refused })))(
    'say the same of $what',
    async ({ items, refused }) => {
      const made = items()
      const expected = refused === undefined ? [] : [refused]
      expect(sorted(byPortal(made))).toEqual(expected)
      expect(sorted(await byNode(made))).toEqual(expected)
    },
  )

  it('take and refuse the same, whatever the configuration', async () => {
    const met = { taken: 0, misplaced: 0, wrong: 0 }
    for (let seed = 1; seed <= 400; seed++) {
      const items = randomItems(pickerOf(numbersFrom(seed)))
      const [portal, node] = [sorted(byPortal(items)), sorted(await byNode(items))]
      // Where something else is wrong a node looks at the places of those alone that it could make.
      const isPlacingAlone = checkEach(byId(items), { loopback }).length === 0
      if (isPlacingAlone) expect(node, `of seed ${seed}`).toEqual(portal)
      else expect(node.length, `of seed ${seed}: ${portal.join('; ')}`).toBeGreaterThan(0)
      met[!isPlacingAlone ? 'wrong' : portal.length > 0 ? 'misplaced' : 'taken']++
    }
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(20)
  })
})

type Chance = ReturnType<typeof pickerOf>

/** One of the good ones, and seldom one of the bad. */
function mostly<T>(chance: Chance, good: readonly T[], bad: readonly T[]): T {
  return chance(Array.from({ length: 25 }, (_, index) => index)) === 0 ? chance(bad) : chance(good)
}

function randomItems(chance: Chance): Item[] {
  const more = { port: mostly(chance, [9443], [8443]) }
  const listeners = [web, secure, listener('more', chance(['http', 'https']), more)].slice(
    0,
    chance([1, 2, 2, 3, 3, 3]),
  )
  const ids = listeners.map(({ id }) => id)
  const apis = Array.from({ length: chance([1, 2, 3, 4]) }, (_, index) =>
    randomApi(`api${index}`, ids, chance),
  )
  return [...listeners, ...apis.flat()]
}

function randomApi(name: string, listenerIds: readonly string[], chance: Chance): Item[] {
  const policies = [...randomInbound(chance), ...randomOutbound(chance)]
  const listeners = [chance(listenerIds), mostly(chance, listenerIds, ['listener:gone'])]
  const url = policies.some(({ kind }) => kind === 'tls-outbound')
    ? 'https://u.internal'
    : 'http://u.internal'
  const endpoints = [{ url: mostly(chance, [url], ['http://u.internal', 'http://u.internal/?q']) }]
  const [, instance] = api(name, {
    host: mostly(chance, ['*', 'h.example', 'h.example', '*.example', 'x.h.example'], ['H.example']),
    basePath: mostly(chance, ['/', '/x', '/x/y', '/y', '/z'], ['/x/../y']),
    policies: policies.map((policy, order) => ({ ...policy, order })),
    ...chance([{}, {}, { listeners: [...new Set(listeners)] }]),
  })
  const to = [upstream(name, { endpoints, ...mostly(chance, [{}], [{ protocol: 'http2' }]) })]
  return [...(instance === undefined ? [] : [instance]), ...mostly(chance, [to], [[]])]
}

function randomInbound(chance: Chance): AttachedPolicy[] {
  const strict = { ...pair(own), mode: 'STRICT', trustedCA: root.certificate }
  const wrong = { certificate: { crt: own.chain, key: other.key } }
  const good = [[], [], [], tls(pair(own)), tls(pair(own)), tls(pair(own)), tls(pair(other)), tls(strict)]
  return mostly(chance, good, [tls(wrong), tls({})])
}

function randomOutbound(chance: Chance): AttachedPolicy[] {
  const locked = { certificate: { crt: own.chain, key: lockedKey } }
  const good = [[], [], tlsOutbound({}), tlsOutbound({ alpn: ['http/1.1'] })]
  return mostly(chance, good, [tlsOutbound({ alpn: ['h2'] }), tlsOutbound(locked)])
}

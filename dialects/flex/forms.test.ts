import { describe, expect, it } from 'vitest'
import type { ApiItem, Item } from '#contract/items.ts'
import { type FlexPorts, readFlex } from './read.ts'
import { writeFlex } from './write.ts'

/** In the form of a PEM text; whether it is a certificate is for those to say who use it. */
function pem(kind: string, content: string) {
  return `-----BEGIN ${kind}-----\n${btoa(content)}\n-----END ${kind}-----\n`
}

const ports: FlexPorts = {
  sha256: (text) => text.length.toString(16).padStart(64, '0'),
  ownCertificate: (host) => ({ crt: pem('CERTIFICATE', host), key: pem('PRIVATE KEY', host) }),
  environment: () => undefined,
  allowLoopback: false,
}

function read(...texts: string[]) {
  return readFlex(
    texts.map((text, index) => ({ file: `${index}.yaml`, text })),
    ports,
  )
}

/** Faults and notes as lines, without those that only say what was recognised. */
function linesOf(...texts: string[]) {
  const result = read(...texts)
  const told = [
    ...(result.ok ? [] : result.faults),
    ...result.notes.filter(({ level }) => level === 'warning'),
  ]
  return told.map((one) => `${one.file}:${one.line}:${one.column} ${one.pointer} ${one.detail}`)
}

function itemsOf(...texts: string[]): Item[] {
  const result = read(...texts)
  if (!result.ok) throw new Error(JSON.stringify(result.faults, undefined, 2))
  return result.items
}

function apisOf(...texts: string[]): ApiItem[] {
  return itemsOf(...texts).flatMap((item) => (item.kind === 'api' ? [item] : []))
}

const v1alpha1 = 'apiVersion: gateway.mulesoft.com/v1alpha1'

function instance(name: string, spec: string, metadata = '') {
  return `${v1alpha1}\nkind: ApiInstance\nmetadata: { name: ${name}${metadata} }\nspec: ${spec}\n`
}

function plain(name: string, path: string, metadata = '') {
  const spec = `{ address: "http://0.0.0.0:8081${path}", services: { up: { address: "http://b.internal" } } }`
  return instance(name, spec, metadata)
}

function binding(name: string, spec: string) {
  return `${v1alpha1}\nkind: PolicyBinding\nmetadata: { name: ${name} }\nspec: ${spec}\n`
}

const headers = 'config: { inboundHeaders: [{ key: x-a, value: b }] }'

function secret(name: string, entries: Record<string, string>, type = 'Opaque') {
  return `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\ntype: ${type}\nstringData: ${JSON.stringify(entries)}\n`
}

/** Reading what was written gives the same items, but for ids of policies that follow from where they stand. */
function expectRoundTrip(items: readonly Item[]) {
  const written = writeFlex(items)
  expect(written).toMatchObject({ ok: true })
  const again = itemsOf(written.ok ? written.text : '')
  const plainOf = (all: readonly Item[]) =>
    all
      .map((item) =>
        item.kind === 'api'
          ? {
              ...item,
              policies: item.policies.map(({ id: _, ...rest }) => rest).toSorted((a, b) => a.order - b.order),
            }
          : item,
      )
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(plainOf(again)).toEqual(plainOf(items))
  return written.ok ? written.text : ''
}

describe('policies', () => {
  it('take rules, a list of methods, header names in any case, a label and dry run', () => {
    const text = instance(
      'a',
      `
  address: http://0.0.0.0:8081
  services: { up: { address: "http://b.internal" } }
  policies:
    - policyRef: { name: header-injection-flex, kind: Extension }
      label: Tracing
      dryRun: true
      rules: [{ path: "/orders(/.*)?", methods: [GET, HEAD], headers: { X-Kind: "a|b" } }, { methods: "POST|PUT" }]
      ${headers}`,
    )
    const [api] = apisOf(text)
    expect(api?.policies).toEqual([
      {
        id: 'default/a/0',
        kind: 'header-injection',
        policyVersion: '1.0.0',
        label: 'Tracing',
        order: 1,
        dryRun: true,
        config: { inboundHeaders: [{ key: 'x-a', value: 'b' }] },
        rules: [
          { path: '/orders(/.*)?', methods: 'GET|HEAD', headers: { 'x-kind': 'a|b' } },
          { methods: 'POST|PUT' },
        ],
      },
    ])
    expectRoundTrip(itemsOf(text))
  })

  it('with an expression that RE2 does not take are refused where it stands', () => {
    const text = binding(
      'b',
      `{ targetRef: { name: a }, policyRef: { name: header-injection }, ${headers}, rules: [{ path: "(?=x)" }] }`,
    )
    expect(linesOf(plain('a', ''), text)[0]).toMatch(
      /^1\.yaml:4:\d+ \/spec\/rules\/0\/path is not a regular expression/,
    )
  })

  it('without an order follow each other as they are written, around those that have one', () => {
    const policy = (order: string) => `{ policyRef: { name: header-injection }, ${order}${headers} }`
    const text = instance(
      'a',
      `{ address: "http://0.0.0.0:8081", services: { up: { address: "http://b.internal" } }, policies: [${policy('')}, ${policy('order: 2, ')}, ${policy('')}] }`,
    )
    const bound = binding(
      'late',
      `{ targetRef: { name: a }, policyRef: { name: header-injection }, ${headers} }`,
    )
    expect(apisOf(text, bound)[0]?.policies.map(({ order }) => order)).toEqual([1, 2, 3, 4])
  })

  it('that are disabled are left out, and that is told', () => {
    const off = binding(
      'off',
      `{ targetRef: { name: a }, policyRef: { name: header-injection }, enabled: false, ${headers} }`,
    )
    const result = read(plain('a', ''), off)
    expect(result.ok && result.notes).toMatchObject([{ level: 'info', detail: 'off is disabled' }])
    expect(apisOf(plain('a', ''), off)[0]?.policies).toEqual([])
  })

  it('of Flex are known by the names of its releases', () => {
    const named = (name: string) =>
      linesOf(
        plain('a', ''),
        binding('b', `{ targetRef: { name: a }, policyRef: { name: ${name} }, config: { timeout: 3 } }`),
      )
    expect(named('idle-timeout-flex')).toEqual([])
    expect(named('response-timeout-v1-0-impl')).toEqual([])
    expect(named('wasm-flex')[0]).toContain('/spec/policyRef/name there is no policy wasm-flex here')
  })
})

describe('a Selector', () => {
  const selecting = (labels: string) =>
    binding(
      'all',
      `{ targetRef: { kind: Selector, selector: { kind: ApiInstance${labels} } }, policyRef: { name: header-injection }, ${headers} }`,
    )
  const labelled = plain('a', '/a', ', labels: { exposed: "yes" }')

  it('attaches its policy as automated to the instances with its labels', () => {
    const apis = apisOf(labelled, plain('b', '/b'), selecting(', labels: { exposed: "yes" }'))
    expect(apis.map(({ policies }) => policies.map(({ automated }) => automated))).toEqual([[true], []])
    expectRoundTrip(itemsOf(labelled, plain('b', '/b'), selecting(', labels: { exposed: "yes" }')))
  })

  it('without labels means every instance of its namespace, and names those that it does not reach', () => {
    const elsewhere = plain('c', '/c', ', namespace: other')
    expect(apisOf(labelled, plain('b', '/b'), selecting('')).map(({ policies }) => policies.length)).toEqual([
      1, 1,
    ])
    expect(linesOf(labelled, elsewhere, selecting(''))).toEqual([
      '2.yaml:4:20 /spec/targetRef does not reach ApiInstance other/c, which is in another namespace',
    ])
  })

  it('that selects nothing is refused', () => {
    expect(linesOf(labelled, selecting(', labels: { exposed: "no" }'))).toEqual([
      '1.yaml:4:20 /spec/targetRef selects no ApiInstance of the namespace default',
    ])
  })
})

describe('a Configuration', () => {
  const configuration = (spec: string, name = 'node') =>
    `${v1alpha1}\nkind: Configuration\nmetadata: { name: ${name} }\nspec: ${spec}\n`

  it('sets timeouts of all upstreams, the store, the log and the PROXY protocol', () => {
    const text = configuration(`
  timeouts: { upstreamResponseSeconds: 15, streamIdleSeconds: 2.5, upstreamConnectionIdleSeconds: 30 }
  logging: { runtimeLogs: { logLevel: debug }, accessLogs: { enabled: false } }
  sharedStorage: { redis: { address: "cache.internal:6379", username: app, password: "p@ss/w", DB: 7 } }
  proxyProtocol: { enabled: true }`)
    const result = read(plain('a', ''), text)
    expect(result).toMatchObject({
      ok: true,
      settings: {
        logLevel: 'debug',
        accessLog: false,
        sharedStore: 'redis://app:p%40ss%2Fw@cache.internal:6379/7',
      },
    })
    const items = itemsOf(plain('a', ''), text)
    expect(items).toMatchObject([
      { kind: 'listener', proxyProtocol: true },
      { kind: 'upstream', responseTimeoutMs: 15_000, idleTimeoutMs: 2_500 },
      { kind: 'api', policies: [{ kind: 'upstream-idle-timeout', config: { timeout: 30 } }] },
    ])
    expectRoundTrip(items)
  })

  it('speaks TLS with a store that has it', () => {
    const result = read(
      plain('a', ''),
      configuration('{ sharedStorage: { redis: { address: "c:1", tls: {} } } }'),
    )
    expect(result.ok && result.settings.sharedStore).toBe('rediss://c:1')
  })

  it.each([
    ['{ forwardProxy: {} }', 'forwardProxy', 'a forward proxy is not supported'],
    ['{ tls: {} }', 'tls', 'TLS is set by spec.tls'],
    [
      '{ logging: { outputs: [{ name: a, type: file }] } }',
      'logging/outputs/0/type',
      'go to standard output',
    ],
    ['{ logging: { runtimeLogs: { outputs: [a] } } }', 'logging/runtimeLogs/outputs/0', 'no output a'],
    ['{ sharedStorage: { redis: { address: cache } } }', 'sharedStorage/redis/address', 'must be host:port'],
    [
      '{ sharedStorage: { redis: { address: "c:1", sentinel: {} } } }',
      'sharedStorage/redis/sentinel',
      'Sentinel',
    ],
    [
      '{ sharedStorage: { redis: { address: "c:1", tls: { skipValidation: true } } } }',
      'sharedStorage/redis/tls/skipValidation',
      'must be one whose certificate is verified',
    ],
    ['{ rateLimits: {} }', 'rateLimits', 'rateLimits is not supported here'],
  ])('%s is refused where it stands', (spec, pointer, detail) => {
    const [line = ''] = linesOf(plain('a', ''), configuration(spec))
    expect(line).toContain(`/spec/${pointer} `)
    expect(line).toContain(detail)
  })

  it('that says what another one says is refused', () => {
    const level = '{ logging: { runtimeLogs: { logLevel: info } } }'
    expect(linesOf(plain('a', ''), configuration(level), configuration(level, 'other'))).toMatchObject([
      expect.stringMatching(
        /^2\.yaml:4:\d+ \/spec\/logging\/runtimeLogs\/logLevel 1\.yaml:1 already says this$/,
      ),
    ])
  })
})

describe('clients', () => {
  const keys = secret('keys', { shop: 'shop-key-1', kiosk: 'kiosk-key-22' }, 'hexgate.io/api-keys')
  const keyed = (apiKeys: string) =>
    binding(
      'key',
      `{ targetRef: { name: a }, policyRef: { name: api-key-auth }, config: { apiKeys: ${apiKeys} } }`,
    )
  const limits = 'limits: [{ maximumRequests: 5, timePeriodInMilliseconds: 1000 }]'

  it('are held to the tiers that stand beside the name of their Secret', () => {
    const items = itemsOf(
      plain('a', ''),
      keys,
      keyed(`{ secretName: keys, tiers: [{ name: gold, clients: [shop], ${limits} }] }`),
    )
    expect(items.find(({ kind }) => kind === 'contracts')).toMatchObject({
      clients: [
        {
          id: 'shop',
          tier: { name: 'gold', limits: [{ maximumRequests: 5, timePeriodInMilliseconds: 1000 }] },
        },
        { id: 'kiosk' },
      ],
    })
    expectRoundTrip(items)
  })

  it('that have no key, or two tiers, are refused by name', () => {
    const tiers = (clients: string) =>
      linesOf(
        plain('a', ''),
        keys,
        keyed(
          `{ secretName: keys, tiers: [{ name: gold, clients: [shop], ${limits} }, { name: low, clients: [${clients}], ${limits} }] }`,
        ),
      )[0]
    expect(tiers('nobody')).toContain(
      '/spec/config/apiKeys/tiers/1/clients/0 the Secret has no key of nobody',
    )
    expect(tiers('shop')).toContain('/spec/config/apiKeys/tiers/1/clients/0 shop is in the tier gold already')
  })

  it('are asked for by tokens too, unless these may be of any client', () => {
    const tokens = (more: string) =>
      binding(
        'token',
        `{ targetRef: { name: a }, policyRef: { name: jwt-validation-flex }, config: { jwtKeyOrigin: jwks, jwksUrl: 'https://a.example/k, https://b.example/k'${more} } }`,
      )
    expect(linesOf(plain('a', ''), tokens(''))[0]).toContain('or say skipClientIdValidation: true')
    const [any] = apisOf(plain('a', ''), tokens(', skipClientIdValidation: true'))
    expect(any?.policies[0]).toMatchObject({
      kind: 'jwt-validation',
      config: { skipClientIdValidation: true },
    })
    const items = itemsOf(plain('a', ''), keys, tokens(', apiKeys: { secretName: keys }'))
    expect(items.find(({ kind }) => kind === 'contracts')).toMatchObject({
      clients: [{ id: 'shop' }, { id: 'kiosk' }],
    })
    expectRoundTrip(items)
  })

  it('are asked for id and secret in the words of Flex', () => {
    const enforced = (origin: string) =>
      binding(
        'id',
        `{ targetRef: { name: a }, policyRef: { name: client-id-enforcement-flex }, config: { apiKeys: { secretName: keys }, credentialsOriginHasHttpBasicAuthenticationHeader: ${origin}, clientIdExpression: "#[attributes.headers['client_id']]", clientSecretExpression: "#[attributes.headers['client_secret']]" } }`,
      )
    const origin = (word: string) =>
      apisOf(plain('a', ''), keys, enforced(word))[0]?.policies[0]?.config['credentialsOrigin']
    expect(origin('customExpression')).toBe('expression')
    expect(origin('httpBasicAuthenticationHeader')).toBe('basic')
    expect(linesOf(plain('a', ''), keys, enforced('elsewhere'))[0]).toContain('credentialsOriginHas')
  })

  it('are not looked for in another kind of Secret', () => {
    expect(
      linesOf(plain('a', ''), secret('keys', { a: 'shop-key-1' }), keyed('{ secretName: keys }'))[0],
    ).toContain('Secret default/keys is no Secret of the type hexgate.io/api-keys')
  })
})

describe('listeners', () => {
  it('stand for an address and port each, and an API says which is its own', () => {
    const other = plain('b', '/b').replace('8081', '8082')
    const items = itemsOf(plain('a', ''), other, plain('c', '/c'))
    expect(items.filter(({ kind }) => kind === 'listener').map(({ id }) => id)).toEqual([
      'listener:0.0.0.0:8081',
      'listener:0.0.0.0:8082',
    ])
    expect(apisOf(plain('a', ''), other, plain('c', '/c')).map(({ listeners }) => listeners)).toEqual([
      ['listener:0.0.0.0:8081'],
      ['listener:0.0.0.0:8082'],
      ['listener:0.0.0.0:8081'],
    ])
    expectRoundTrip(items)
  })

  it('take hosts with a wildcard in front', () => {
    expect(apisOf(plain('a', '').replace('0.0.0.0', '*.Shop.example'))[0]?.host).toBe('*.shop.example')
  })

  it('cannot speak http and https at one port, nor stand at one address and at all of them', () => {
    const secure = plain('b', '/b').replace('http://0.0.0.0', 'https://0.0.0.0')
    expect(linesOf(plain('a', ''), secure)[0]).toBe(
      '1.yaml:4:18 /spec/address b and a (0.yaml:1) want http and https at port 8081',
    )
    const narrow = plain('b', '/b').replace('0.0.0.0', '10.0.0.1')
    expect(linesOf(plain('a', ''), narrow)).toEqual([
      '1.yaml:4:18 /spec/address b and a (0.yaml:1) want port 8081, at 10.0.0.1 and at 0.0.0.0',
    ])
  })
})

describe('TLS towards upstreams', () => {
  const certificate = secret(
    'own',
    { 'tls.crt': pem('CERTIFICATE', 'own'), 'tls.key': pem('PRIVATE KEY', 'own') },
    'kubernetes.io/tls',
  )
  const authority = secret('ca', { 'ca.crt': pem('CERTIFICATE', 'ca') })
  const upstream = (tls: string, address = 'https://b.internal') =>
    instance(
      'a',
      `{ address: "http://0.0.0.0:8081", services: { up: { address: "${address}", tls: ${tls} } } }`,
    )
  const whole =
    '{ certificate: { secretName: own }, trustedCA: { secretName: ca }, minVersion: 1.2, cipherSuites: [TLS_AES_256_GCM_SHA384, ECDHE-RSA-AES128-GCM-SHA256], serverName: b.example }'

  it('becomes a policy of its own that takes no part in the order', () => {
    const items = itemsOf(upstream(whole), certificate, authority)
    expect(apisOf(upstream(whole), certificate, authority)[0]?.policies).toMatchObject([
      {
        kind: 'tls-outbound',
        order: -1,
        config: {
          certificate: { crt: pem('CERTIFICATE', 'own'), key: pem('PRIVATE KEY', 'own') },
          trustedCA: pem('CERTIFICATE', 'ca'),
          minversion: '1.2',
          ciphers: ['TLS_AES_256_GCM_SHA384', 'ECDHE-RSA-AES128-GCM-SHA256'],
          serverName: 'b.example',
        },
      },
    ])
    expect(linesOf(upstream(whole), certificate, authority)).toEqual([])
    expect(expectRoundTrip(items)).toContain('# HOLDS A PRIVATE KEY.')
  })

  it('may be a binding to a Service, or say Secrets in the config of a policy', () => {
    const service = `${v1alpha1}\nkind: Service\nmetadata: { name: backend }\nspec: { address: "https://b.internal" }\n`
    const routed = binding(
      'to',
      '{ targetRef: { name: a }, policyRef: { name: route }, config: { destinationRef: { name: backend } } }',
    )
    const bound = binding(
      'out',
      '{ targetRef: { kind: Service, name: backend }, policyRef: { name: tls-outbound }, config: { trustedCA: { secretName: ca } } }',
    )
    const [api] = apisOf(
      instance('a', '{ address: "http://0.0.0.0:8081" }'),
      service,
      routed,
      bound,
      authority,
    )
    expect(api?.policies).toMatchObject([
      { id: 'default/out', kind: 'tls-outbound', config: { trustedCA: pem('CERTIFICATE', 'ca') } },
    ])
  })

  it.each([
    [
      'a Secret that is missing',
      whole,
      [certificate],
      /certificate\/secretName|trustedCA\/secretName there is no Secret default\/ca$/,
    ],
    [
      'a Secret without that entry',
      '{ trustedCA: { secretName: keys } }',
      [secret('keys', { a: 'b' })],
      /\/trustedCA\/secretName Secret default\/keys has no ca.crt or tls.crt$/,
    ],
    [
      'what is no PEM text',
      '{ trustedCA: { secretName: ca } }',
      [secret('ca', { 'ca.crt': 'certificate' })],
      /^1\.yaml:5:\d+ \/stringData\/ca\.crt holds no PEM text of a certificate$/,
    ],
    [
      'what is no base64',
      '{ trustedCA: { secretName: ca } }',
      [secret('ca', { 'ca.crt': '<base64-encoded-ca>' }).replace('stringData', 'data')],
      /\/data\/ca\.crt is not base64; use stringData for plain text$/,
    ],
    ['other versions', '{ minVersion: "1.1" }', [], /\/tls\/minVersion must be "1\.2" or "1\.3"$/],
    ['suites that nobody knows', '{ cipherSuites: [ROT13] }', [], /\/spec\/services\/up\/tls .*cipher suite/],
  ])('refuses %s', (_, tls, secrets, line) => {
    expect(linesOf(upstream(tls), ...secrets).join('\n')).toMatch(line)
  })

  it('needs an https address', () => {
    expect(linesOf(upstream('{}', 'http://b.internal'))[0]).toContain(
      '/spec/services/up/tls needs an https address',
    )
  })

  it('warns of suites that leave nothing but TLS 1.3, and of an upstream that nobody verifies', () => {
    expect(linesOf(upstream('{ minVersion: "1.2", cipherSuites: [TLS_AES_256_GCM_SHA384] }'))[0]).toContain(
      '/tls/cipherSuites all of these suites are of TLS 1.3',
    )
    expect(linesOf(upstream('{ skipValidation: true }'))[0]).toContain('whoever answers there is believed')
  })
})

describe('TLS towards clients', () => {
  const server = secret(
    'server',
    { 'tls.crt': pem('CERTIFICATE', 'server'), 'tls.key': pem('PRIVATE KEY', 'server') },
    'kubernetes.io/tls',
  )
  const callers = secret('callers', {
    'ca.crt': pem('CERTIFICATE', 'callers'),
    'ca.crl': pem('X509 CRL', 'list'),
  })
  const secure = (name: string, path: string, tls: string, metadata = '') =>
    instance(
      name,
      `{ address: "https://0.0.0.0:8443${path}", services: { up: { address: "http://b.internal" } }${tls === '' ? '' : `, tls: ${tls}`} }`,
      metadata,
    )
  const strict =
    '{ certificate: { secretName: server }, clientValidation: { trustedCA: { secretName: callers }, crl: { secretName: callers }, subjectAltNames: ["spiffe://a/b"] }, minVersion: "1.3" }'

  it('becomes an https listener and a policy that takes no part in the order', () => {
    const items = itemsOf(secure('a', '/a', strict), server, callers)
    expect(items[0]).toMatchObject({ kind: 'listener', protocol: 'https', port: 8443 })
    expect(items.find(({ kind }) => kind === 'api')).toMatchObject({
      listeners: ['listener:0.0.0.0:8443'],
      policies: [
        {
          kind: 'tls',
          order: -1,
          config: {
            mode: 'STRICT',
            certificate: { crt: pem('CERTIFICATE', 'server'), key: pem('PRIVATE KEY', 'server') },
            trustedCA: pem('CERTIFICATE', 'callers'),
            crl: pem('X509 CRL', 'list'),
            subjectAltNames: ['spiffe://a/b'],
            minversion: '1.3',
          },
        },
      ],
    })
    expect(expectRoundTrip(items)).toContain('# HOLDS A PRIVATE KEY.')
  })

  it('asks for no certificate where it does not say how to validate one', () => {
    const items = itemsOf(secure('a', '', '{ certificate: { secretName: server } }'), server)
    expect(items.find(({ kind }) => kind === 'api')).toMatchObject({
      policies: [{ config: { mode: 'DISABLE' } }],
    })
    expectRoundTrip(items)
  })

  it('is taken from another instance at the same port and host, and must not differ from it', () => {
    const open = secure('b', '/b', '{ certificate: { secretName: server } }')
    const [a, b] = apisOf(secure('a', '/a', strict), secure('b', '/b', ''), server, callers)
    expect(b?.policies[0]?.config).toEqual(a?.policies[0]?.config)
    expect(linesOf(secure('a', '/a', strict), open, server, callers)).toEqual([
      expect.stringMatching(
        /^1\.yaml:4:\d+ \/spec\/tls b and a ask for different TLS at any host on .*; a is at 0\.yaml:1$/,
      ),
    ])
  })

  it('may be a policy, inline, bound, or for all instances that speak it', () => {
    const config = 'config: { certificate: { secretName: server } }'
    const bound = binding('b', `{ targetRef: { name: a }, policyRef: { name: tls }, ${config} }`)
    expect(apisOf(secure('a', '', ''), bound, server)[0]?.policies).toMatchObject([
      { id: 'default/b', kind: 'tls', order: -1 },
    ])
    const all = binding('all', `{ targetRef: { kind: Selector }, policyRef: { name: tls }, ${config} }`)
    const apis = apisOf(
      secure('a', '', ''),
      plain('b', ''),
      secure('c', '/c', strict).replace('0.0.0.0', 'c.example'),
      all,
      server,
      callers,
    )
    expect(apis.map(({ policies }) => policies.map(({ id }) => id))).toEqual([
      ['default/all'],
      [],
      ['default/c/tls'],
    ])
  })

  it.each([
    [
      'on a plain address',
      plain('a', '').replace('services', 'tls: { certificate: { secretName: server } }, services'),
      /\/spec\/tls needs an https address/,
    ],
    [
      'without CAs for its clients',
      secure('a', '', '{ certificate: { secretName: server }, clientValidation: {} }'),
      /\/clientValidation STRICT needs a trustedCA/,
    ],
    [
      'in a mode that there is not',
      secure('a', '', '{ certificate: { secretName: server }, clientValidation: { mode: strict } }'),
      /\/mode must be STRICT, PERMISSIVE or DISABLE/,
    ],
    ['without a certificate', secure('a', '', '{ clientValidation: {} }'), /\/spec\/tls\/certificate /],
  ])('is refused %s', (_, text, line) => expect(linesOf(text, server, callers).join('\n')).toMatch(line))

  it('that nobody says gets a certificate of the gateway’s own, which is a warning', () => {
    expect(linesOf(secure('a', '', ''))).toEqual([expect.stringContaining('https without a certificate')])
  })
})

describe('texts of a configuration', () => {
  const value = '{ valueFrom: { secretKeyRef: { name: logins, key: password } } }'
  const injection = (password: string) =>
    binding(
      'login',
      `{ targetRef: { name: a }, policyRef: { name: credential-injection-basic-auth }, config: { username: gateway, password: ${password} } }`,
    )

  it('may come out of a Secret, and go back into one with a clear comment', () => {
    const items = itemsOf(plain('a', ''), injection(value), secret('logins', { password: 'planted' }))
    expect(items.find(({ kind }) => kind === 'api')).toMatchObject({
      policies: [{ config: { password: 'planted' } }],
    })
    const text = expectRoundTrip(items)
    expect(text).toContain('# HOLDS SECRETS of policies')
    expect(text.match(/planted/g)).toHaveLength(1)
  })

  it('are refused where the Secret does not have them', () => {
    const at = '/spec/config/password/valueFrom/secretKeyRef'
    expect(linesOf(plain('a', ''), injection(value)).join()).toContain(
      `${at} there is no Secret default/logins`,
    )
    expect(linesOf(plain('a', ''), injection(value), secret('logins', {})).join()).toContain(
      `${at} Secret default/logins has no password`,
    )
    expect(linesOf(plain('a', ''), injection('{ valueFrom: { fieldRef: {} } }')).join()).toContain(
      'fieldRef is not supported here',
    )
  })
})

describe('documents of others', () => {
  it('are refused by name with the reason', () => {
    expect(linesOf(`${v1alpha1}\nkind: PolicyDefinition\n`)[0]).toContain('a policy cannot be defined here')
    expect(linesOf(`${v1alpha1}\nkind: Extension\n`)[0]).toContain('extensions bring code of their own')
    expect(linesOf('apiVersion: apps/v1\nkind: Deployment\n')[0]).toContain('belongs to Kubernetes')
  })

  it('that make a Secret which is not in the folder are named where it is missed', () => {
    const maker =
      'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: made }\nspec: { secretName: own, commonName: c, issuerRef: { name: i } }\n'
    const asking = instance(
      'a',
      '{ address: "http://0.0.0.0:8081", services: { up: { address: "https://b.internal", tls: { certificate: { secretName: own } } } } }',
    )
    expect(linesOf(asking, maker)[0]).toContain(
      'there is no Secret default/own; the Certificate made makes it in a cluster, from where it must be put here',
    )
  })

  it('are held to their own rules, with file, line and pointer', () => {
    const certificate =
      'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c }\nspec:\n  secretName: c\n  duration: soon\n  commonName: c\n  issuerRef: { name: i }\n'
    expect(linesOf(certificate)).toEqual([
      '0.yaml:6:13 /spec/duration must be a duration such as 2160h (90d is read too)',
    ])
  })
})

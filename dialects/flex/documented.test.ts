import { describe, expect, it } from 'vitest'
import type { ApiItem, AttachedPolicy } from '#contract/items.ts'
import { readFlex } from './read.ts'
import { writeFlex } from './write.ts'

/** What the documentation of Flex shows, in its words, and what becomes of it here. */

const environment: Readonly<Record<string, string>> = {
  PASSWORD: 'hunter2',
  EMPTY: '',
  HEXGATE_SHARED_STORE: 'redis://secret',
}

function read(...texts: string[]) {
  return readFlex(
    texts.map((text, index) => ({ file: `${index}.yaml`, text })),
    {
      sha256: () => '0'.repeat(64),
      ownCertificate: () => ({ crt: '', key: '' }),
      environment: (name) => environment[name],
      allowLoopback: false,
    },
  )
}

function faultsOf(...texts: string[]) {
  const result = read(...texts)
  return result.ok ? [] : result.faults.map(({ pointer, detail }) => `${pointer} ${detail}`)
}

function apiOf(...texts: string[]): ApiItem {
  const result = read(...texts)
  if (!result.ok) throw new Error(JSON.stringify(result.faults, undefined, 2))
  const api = result.items.find((item) => item.kind === 'api')
  if (api === undefined) throw new Error('no API')
  return api
}

const head = (kind: string, name: string) =>
  `apiVersion: gateway.mulesoft.com/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\n`

const instance = (policies: string) =>
  `${head('ApiInstance', 'ingress-http')}spec:
  address: http://0.0.0.0:8081
  services: { upstream: { address: "https://api.example:443/" } }
  policies:
${policies}`

function policyFrom(policy: string): AttachedPolicy | undefined {
  return apiOf(instance(policy)).policies[0]
}

const documented: [policy: string, kind: string, config: Record<string, unknown>][] = [
  [
    `    - policyRef: { name: rate-limiting-flex }
      config:
        rateLimits: [{ maximumRequests: 3, timePeriodInMilliseconds: 6000 }]
        keySelector: "#[attributes.method]"
        exposeHeaders: true
        clusterizable: false
        blockOnUnknownQuota: true`,
    'rate-limiting',
    { keySelector: '#[attributes.method]', failureMode: 'closed' },
  ],
  [
    `    - policyRef: { name: header-injection-flex }
      config:
        inboundHeaders: [{ key: new-inbound-header, value: "#[attributes.requestPath]" }]
        outboundHeaders: [{ key: new-outbound-header, value: "#[attributes.requestPath]" }]`,
    'header-injection',
    { inboundHeaders: [{ key: 'new-inbound-header', value: '#[attributes.requestPath]' }] },
  ],
  [
    `    - policyRef: { name: jwt-validation-flex }
      config:
        jwtOrigin: httpBearerAuthenticationHeader
        jwtExpression: "#[attributes.headers['jwt']]"
        signingMethod: rsa
        signingKeyLength: 256
        jwtKeyOrigin: jwks
        textKey: your-(256|384|512)-bit-secret
        jwksUrl: https://login.example/keys, https://other.example/keys
        jwksServiceTimeToLive: 60
        skipClientIdValidation: true
        clientIdExpression: "#[vars.claimSet.client_id]"
        validateAudClaim: true
        mandatoryAudClaim: true
        supportedAudiences: aud.example
        validateCustomClaim: true
        mandatoryCustomClaims: [{ key: foo, value: "#[vars.claimSet.foo == 'fooValue']" }]`,
    'jwt-validation',
    {
      clientIdExpression: '#[vars.claimSet.client_id]',
      mandatoryCustomClaims: [{ key: 'foo', value: "#[vars.claimSet.foo == 'fooValue']" }],
    },
  ],
  [
    `    - policyRef: { name: jwt-validation-flex }
      config:
        signingMethod: hmac
        textKey: ${'k'.repeat(32)}
        skipClientIdValidation: true
        validateCustomClaim: false
        mandatoryCustomClaims: [{ key: foo, value: bar }]`,
    'jwt-validation',
    { jwtKeyOrigin: 'text', signingMethod: 'hmac' },
  ],
  [
    `    - policyRef: { name: cors-flex }
      config:
        publicResource: false
        supportCredentials: true
        originGroups:
          - origins: ["http://www.the-origin-of-time.com"]
            accessControlMaxAge: 30
            allowedMethods:
              - { isAllowed: true, methodName: POST }
              - { isAllowed: false, methodName: CONNECT }
              - { isAllowed: false, methodName: TRACE }
            headers: [x-allow-origin]
            exposedHeaders: [x-forwarded-for]`,
    'cors',
    { supportCredentials: true },
  ],
  [
    `    - policyRef: { name: ip-allowlist-flex }
      config: { ips: ["192.168.1.1", "192.168.3.1/30", "192.168.2", "192.160"] }`,
    'ip-allowlist',
    { ips: ['192.168.1.1', '192.168.3.1/30', '192.168.2.0/24', '192.160.0.0/16'] },
  ],
  [
    `    - policyRef: { name: message-logging-flex }
      config:
        loggingConfiguration:
          - itemName: Config 1
            itemData:
              message: "#['User ' ++ authentication.clientId ++ ' on ' ++ attributes.requestPath]"
              conditional: "#[attributes.queryParams['QueryParam']=='someValue']"
              level: ERROR
              firstSection: true
          - itemName: Config 2
            itemData: { message: "#[attributes.headers]", level: WARN, secondSection: true }`,
    'message-logging',
    {
      loggingConfiguration: [
        { itemData: { firstSection: true } },
        { itemData: { firstSection: false, secondSection: true } },
      ],
    },
  ],
  [
    `    - policyRef: { name: spec-validation-flex }
      config:
        source: inline
        apiBasePath: /
        blockOperation: true
        strictParamsValidation: false
        spec: |
          openapi: 3.0.2
          info: { title: Orders, version: "1" }
          paths: { /orders: { get: { responses: { "200": { description: ok } } } } }`,
    'spec-validation',
    {
      spec: JSON.stringify({
        openapi: '3.0.2',
        info: { title: 'Orders', version: '1' },
        paths: { '/orders': { get: { responses: { 200: { description: 'ok' } } } } },
      }),
    },
  ],
  [
    `    - policyRef: { name: http-caching-flex }
      config:
        httpCachingKey: "#[attributes.method ++ attributes.requestPath]"
        useHttpCacheHeaders: true
        maxCacheEntries: 100
        ttl: 600
        distributed: true
        persistCache: true
        invalidationHeader: AGW-CACHE-CONTROL
        responseExpression: "#[[200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501] contains attributes.statusCode]"`,
    'http-caching',
    { distributed: true, persistCache: true },
  ],
  [
    `    - policyRef: { name: tracing-flex }
      config:
        sampling: { client: 100, random: 100, overall: 100 }
        labels:
          - { name: c-env-tag, type: environment, keyName: FLEX_NAME, defaultValue: DEFAULT_VAL }
          - { name: c-header-tag, type: requestHeader, keyName: ":method", defaultValue: DEFAULT_METHOD }
          - { name: c-literal-tag, type: literal, defaultValue: the-tag }`,
    'tracing',
    {},
  ],
  [
    `    - policyRef: { name: credential-injection-basic-auth-flex }
      config: { username: chris, password: $PASSWORD }`,
    'credential-injection-basic-auth',
    { username: 'chris', password: 'hunter2' },
  ],
  [
    `    - policyRef: { name: credential-injection-api-key-flex }
      config: { authType: apiKey, apiKey: my-key, customHeader: X-API-Key, overwrite: true }`,
    'credential-injection-api-key',
    { key: 'my-key', headers: ['X-API-Key'] },
  ],
  [
    `    - policyRef: { name: credential-injection-oauth2-flex }
      config:
        oauthService: https://login.example/token
        grantType: clientCredentials
        credentialLocation: header
        clientId: id
        clientSecret: secret
        scope: [user]
        overwrite: true
        tokenFetchTimeout: 20
        allowRequestWithoutCredential: true
        tokenRequestBodyFormat: urlEncoded
        cachingTtl: 0`,
    'credential-injection-oauth2',
    { scope: ['user'], tokenFetchTimeout: 20 },
  ],
  [
    `    - policyRef: { name: circuit-breaker-flex }
      config: { thresholds: { maxConnections: 10, maxPendingRequests: 5, maxRetries: 1, maxConnectionPools: 2 } }`,
    'circuit-breaker',
    { thresholds: { maxConnections: 10, maxConnectionPools: 2 } },
  ],
  [
    `    - policyRef: { name: oauth2-token-introspection-flex }
      config:
        introspectionURL: https://login.example/introspect
        authorizationValue: Basic am9objphYmM=
        validatedTokenTTL: 600
        skipClientIdValidation: true
        consumerBy: client_id
        scopes: profile email shopping
        scopeValidationCriteria: AND`,
    'oauth2-token-introspection',
    { consumerBy: 'client_id' },
  ],
]

describe('a policy as Flex documents it', () => {
  it.each(documented)('runs: %s', (text, kind, config) => {
    const policy = policyFrom(text)
    expect(policy?.kind).toBe(kind)
    expect(policy?.config).toMatchObject(config)
    const written = writeFlex(itemsOf(instance(text)))
    expect(written).toMatchObject({ ok: true })
    expect(apiOf(written.ok ? written.text : '').policies[0]?.config).toEqual(policy?.config)
  })

  it('says what of it is not looked at', () => {
    const text = `    - policyRef: { name: jwt-validation-flex }
      config:
        jwksUrl: https://login.example/keys
        skipClientIdValidation: true
        validateCustomClaim: false
        mandatoryCustomClaims: [{ key: foo, value: bar }]`
    const result = read(instance(text))
    expect(result.ok && result.notes.map(({ level, detail }) => [level, detail])).toEqual([
      ['warning', 'validateCustomClaim is false: mandatoryCustomClaims are not looked at'],
    ])
    expect(policyFrom(text)?.config).not.toHaveProperty('mandatoryCustomClaims')
  })
})

function itemsOf(...texts: string[]) {
  const result = read(...texts)
  return result.ok ? result.items : []
}

describe('a variable of the environment', () => {
  const basic = (password: string) =>
    `    - policyRef: { name: http-basic-authentication-flex }
      config: { username: chris, password: "${password}" }`

  it.each([
    ['$PASSWORD', 'hunter2'],
    ['$$PASSWORD', '$PASSWORD'],
    ['$$$PASSWORD', '$$PASSWORD'],
    ['$1 of 2$', '$1 of 2$'],
    ['a$PASSWORD', 'a$PASSWORD'],
  ])('%s stands for %s', (written, meant) => {
    expect(policyFrom(basic(written))?.config).toMatchObject({ password: meant })
    const text = writeFlex(itemsOf(instance(basic(written))))
    expect(apiOf(text.ok ? text.text : '').policies[0]?.config).toMatchObject({ password: meant })
  })

  it('that is not there, or is the node’s own, is refused where it stands', () => {
    expect(faultsOf(instance(basic('$MISSING')))).toEqual([
      '/spec/policies/0/config/password the environment of the node has no MISSING; write $$MISSING for the text itself',
    ])
    expect(faultsOf(instance(basic('$HEXGATE_SHARED_STORE')))).toEqual([
      '/spec/policies/0/config/password HEXGATE_SHARED_STORE is for the node itself and cannot be used here',
    ])
  })
})

describe('a binding as Flex documents it', () => {
  it('may be for a Service without saying so', () => {
    const bare = `${head('ApiInstance', 'shop')}spec: { address: "http://0.0.0.0:8081" }\n`
    const service = `${head('Service', 'up')}spec: { address: "http://up.internal" }\n`
    const binding = (name: string, spec: string) => `${head('PolicyBinding', name)}spec: ${spec}\n`
    const route = binding(
      'to-up',
      '{ targetRef: { name: shop }, policyRef: { name: route, namespace: default }, config: { destinationRef: { name: up } } }',
    )
    const breaker = binding(
      'upstream-policy',
      '{ targetRef: { name: up }, policyRef: { name: circuit-breaker-flex }, config: { thresholds: { maxRequests: 7 } } }',
    )
    expect(apiOf(bare, service, route, breaker).policies).toMatchObject([{ kind: 'circuit-breaker' }])
    expect(faultsOf(bare, service, route, breaker.replace('name: up }', 'name: down }'))).toEqual([
      '/spec/targetRef/name there is no ApiInstance default/down',
    ])
  })
})

describe('a Configuration as Flex documents it', () => {
  const configured = (spec: string) => `${head('Configuration', 'node')}spec: ${spec}\n`
  const api = instance('    []').replace('policies:\n    []', 'policies: []')

  it('names its user and its database in either way', () => {
    const spec =
      '{ sharedStorage: { redis: { address: "redis:6379", user: user, password: pass, DB: "1" } } }'
    const result = read(api, configured(spec))
    expect(result.ok && result.settings.sharedStore).toBe('redis://user:pass@redis:6379/1')
  })

  it('may name standard output as its output', () => {
    const spec = `{ logging: { outputs: [{ name: default, type: stdout }], runtimeLogs: { logLevel: debug, outputs: [default] }, accessLogs: { outputs: [default] } } }`
    expect(read(api, configured(spec))).toMatchObject({ ok: true, settings: { logLevel: 'debug' } })
    expect(faultsOf(api, configured(spec.replace('type: stdout', 'type: splunk')))[0]).toMatch(
      /^\/spec\/logging\/outputs\/0\/type must be stdout/,
    )
    expect(
      faultsOf(api, configured(spec.replace('outputs: [default] } } }', 'outputs: [other] } } }'))),
    ).toEqual(['/spec/logging/accessLogs/outputs/0 there is no output other'])
  })
})

/**
 * Two configurations of every policy, for tests that try all of them: the least that it takes, and one that
 * differs from its defaults throughout. A policy without a sample fails those tests.
 */

export interface Sample {
  readonly least: Readonly<Record<string, unknown>>
  readonly full: Readonly<Record<string, unknown>>
}

/** Good until 2120; made for this file, and used nowhere else. */
const pem = {
  crt: `-----BEGIN CERTIFICATE-----
MIIBQjCB6qADAgECAg9JW6EQGnic+nJ4fVWYvuowCgYIKoZIzj0EAwIwETEPMA0G
A1UEAxMGU2FtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAR
MQ8wDQYDVQQDEwZTYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASF+ne4
/G24wACO3lM8PE6zNgzFrnd+52LrwmFaSas9hwT0qAeLsF795wgsvcznMDV2WXuu
21m9L8EupsvzFttHoyMwITAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIB
BjAKBggqhkjOPQQDAgNHADBEAiAxLydt5t3zehHkEP/sIejV4OONq8vBaoloFizz
Wy5LqQIgPJvReKbymQsWyNxjE5B8I3w9As6GyCFd7Z5iFv7luFg=
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgh6kh9KV1Ulm4CfgE
c9epqpunpmF9j+ExrujwuLc8bUChRANCAASF+ne4/G24wACO3lM8PE6zNgzFrnd+
52LrwmFaSas9hwT0qAeLsF795wgsvcznMDV2WXuu21m9L8EupsvzFttH
-----END PRIVATE KEY-----
`,
}

const tls = {
  trustedCA: pem.crt,
  minversion: '1.3',
  ciphers: ['TLS_AES_256_GCM_SHA384'],
  alpn: ['http/1.1'],
  subjectAltNames: ['spiffe://example.org/ns/production/*'],
  spkiHashes: [`${'A'.repeat(43)}=`],
}

export const samples: Readonly<Record<string, Sample>> = {
  tls: { least: { certificate: pem }, full: { ...tls, certificate: pem, mode: 'STRICT' } },
  'tls-outbound': {
    least: {},
    full: { ...tls, certificate: pem, skipValidation: false, serverName: 'orders.example' },
  },
  'mtls-client-identity': {
    least: {},
    full: {
      subjectAltNames: ['*.partner.example'],
      subjects: ['CN=shop'],
      issuers: ['CN=Partners'],
      forwardHeader: 'append',
      mapToConsumer: true,
    },
  },
  'tls-certificate-monitoring': {
    least: {},
    full: {
      expiryWarningDays: 14,
      lifetimeFraction: 0.5,
      logLevel: 'WARN',
      certificates: [{ name: 'orders', type: 'server', renewalMethod: 'manual', rotationWindow: 20 }],
    },
  },
  'ip-allowlist': { least: { ips: ['192.0.2.1'] }, full: { ips: ['10.0.0.0/8', '::1'] } },
  'ip-blocklist': {
    least: { ips: ['192.0.2.1'] },
    full: {
      ips: ['::1'],
      ipExpression: "#[attributes.headers['x-real-ip']]",
      trustedProxies: ['10.0.0.0/8'],
    },
  },
  'api-key-auth': { least: {}, full: { in: 'query', key: 'key', prefix: '', hideCredentials: false } },
  'jwt-validation': {
    least: { jwksUrl: ['https://login.example/jwks'] },
    full: {
      jwtOrigin: 'customExpression',
      jwtExpression: "#[attributes.headers['jwt']]",
      jwtKeyOrigin: 'text',
      textKey: 'a secret of thirty-two letters, at least',
      signingMethod: 'hmac',
      issuers: ['https://login.example'],
      mandatoryCustomClaims: [{ key: 'tier', value: 'gold' }],
      claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
      leeway: 0,
      tlsClientCertificateBoundAccessTokens: true,
      skipClientIdValidation: true,
    },
  },
  'claims-authorization': {
    least: {},
    full: {
      rules: [
        {
          path: '/agencies/{agency}/**',
          methods: ['GET'],
          allOf: [{ roles: ['dispatcher'], scopes: ['read'], agency: ['fire'] }],
          anyOf: [{ claim: 'tier', op: 'in', value: 'gold, silver' }],
        },
      ],
      defaultAction: 'allow',
      pathParamMatch: [{ param: 'agency', claim: 'agency' }],
    },
  },
  'oauth2-token-introspection': {
    least: { introspectionURL: 'https://login.example/introspect' },
    full: {
      tlsClientCertificateBoundAccessTokens: true,
      introspectionURL: 'https://login.example/introspect',
      authorizationValue: 'Basic abc',
      scopes: ['read', 'write'],
      scopeValidationCriteria: 'OR',
      validatedTokenTTL: 0,
      exposeHeaders: true,
      skipClientIdValidation: true,
    },
  },
  'client-id-enforcement': {
    least: {},
    full: { credentialsOrigin: 'expression', clientIdExpression: "#[attributes.headers['client-id']]" },
  },
  'http-basic-authentication': {
    least: { username: 'jane', password: 'secret' },
    full: {
      users: [{ username: 'joe', password: `$pbkdf2-sha256$600000$${'A'.repeat(22)}$${'A'.repeat(43)}` }],
    },
  },
  'websocket-session': {
    least: {},
    full: {
      graceSeconds: 5,
      renewal: { message: 'token', minRemaining: 30 },
      maxLifetime: 3_600,
      maxSessions: 100,
      closeCode: 4_403,
    },
  },
  'rate-limiting': {
    least: {},
    full: {
      rateLimits: [
        { maximumRequests: 1, timePeriodInMilliseconds: 1_500 },
        { maximumRequests: 1_000_000, timePeriodInMilliseconds: 86_400_000 },
      ],
      keySelector: '',
      algorithm: 'sliding-window',
      exposeHeaders: true,
      clusterizable: true,
      failureMode: 'closed',
    },
  },
  'rate-limiting-sla-based': {
    least: {},
    full: {
      clientIdExpression: '#[authentication.clientId]',
      clientSecretExpression: "#[attributes.headers['client_secret']]",
      exposeHeaders: true,
      clusterizable: true,
      failureMode: 'open',
    },
  },
  'spike-control': {
    least: {},
    full: {
      maximumRequests: 7,
      timePeriodInMilliseconds: 500,
      delayTimeInMillis: 50,
      delayAttempts: 3,
      queuingLimit: 100,
      exposeHeaders: true,
    },
  },
  'http-caching': {
    least: {},
    full: {
      httpCachingKey: '#[attributes.requestPath]',
      maxCacheEntries: 5,
      ttl: 60,
      useHttpCacheHeaders: false,
      invalidationHeader: 'x-forget',
      requestExpression: "#[attributes.method == 'GET']",
      responseExpression: '#[attributes.statusCode == 200]',
      distributed: true,
      mode: 'write-behind',
      writeBehind: { flushInterval: 100, maxQueue: 10 },
      maxCacheBytes: 100_000,
      maxEntryBytes: 10_000,
    },
  },
  'request-size-limit': {
    least: {},
    full: { maxBodyBytes: 1_000, maxHeaderBytes: 2_000, maxUriLength: 300 },
  },
  'json-threat-protection': {
    least: {},
    full: {
      maxContainerDepth: 4,
      maxObjectEntryCount: -1,
      maxObjectEntryNameLength: 20,
      maxArrayElementCount: 30,
      maxStringValueLength: 40,
      maxBodyBytes: 5_000,
    },
  },
  'spec-validation': {
    least: {},
    full: {
      source: 'inline',
      spec: '{"openapi":"3.1.0","paths":{"/orders":{"get":{"responses":{}}}}}',
      apiBasePath: '/v1',
      blockOperation: false,
      strictParamsValidation: true,
      maxBodyBytes: 100,
    },
  },
  retry: {
    least: {},
    full: {
      numRetries: 1,
      retryOn: { triggers: ['retriable-status-codes'], httpStatusCodes: [503] },
      perRetry: { timeout: 0.5, backOff: { baseInterval: 0.1, maxInterval: 1 } },
      retryBudget: { percent: 50, minRetryConcurrency: 1 },
      idempotentOnly: false,
    },
  },
  'circuit-breaker': {
    least: {},
    full: {
      thresholds: { maxConnections: 10, maxPendingRequests: 20, maxRequests: 30, maxRetries: 1 },
      outlier: {
        consecutive5xxErrors: 2,
        interval: 1,
        baseEjectionTime: 5,
        maxEjectionPercent: 50,
      },
      halfOpenRequests: 2,
    },
  },
  'health-check': {
    least: {},
    full: {
      path: '/health',
      method: 'HEAD',
      interval: 2,
      timeout: 1,
      healthyThreshold: 1,
      unhealthyThreshold: 1,
      expectedStatuses: [200, 204],
    },
  },
  'connect-timeout': { least: {}, full: { timeout: 1.5 } },
  'response-timeout': { least: {}, full: { timeout: 1.5 } },
  'stream-idle-timeout': { least: {}, full: { timeout: 1.5 } },
  'upstream-idle-timeout': { least: {}, full: { timeout: 1.5 } },
  route: {
    least: { destinationRef: { name: 'canary' } },
    full: { destinationRef: { name: 'canary' }, destinationPath: '/v2' },
  },
  'route-weighted': {
    least: { routes: [{ weight: 1, destinationRef: { name: 'canary' } }] },
    full: {
      routes: [
        { weight: 80, destinationRef: { name: 'stable' } },
        { weight: 20, destinationRef: { name: 'canary' }, destinationPath: '/v2' },
      ],
      sticky: { by: 'cookie', name: 'lane' },
    },
  },
  cors: {
    least: {},
    full: {
      publicResource: false,
      supportCredentials: true,
      originGroups: [
        {
          origins: ['https://shop.example', 'http://localhost:3000'],
          accessControlMaxAge: 0,
          allowedMethods: [{ methodName: 'DELETE', isAllowed: false }],
          headers: [],
          exposedHeaders: ['x-total'],
        },
      ],
    },
  },
  'header-injection': {
    least: {},
    full: { inboundHeaders: [{ key: 'x-environment', value: 'production' }], outboundHeaders: [] },
  },
  'header-removal': { least: {}, full: { inboundHeaders: ['x-debug'], outboundHeaders: ['server'] } },
  'credential-injection-basic-auth': {
    least: { username: 'jane', password: 'secret' },
    full: { username: 'jane', password: 'secret', customHeader: 'x-legacy', overwrite: true },
  },
  'credential-injection-api-key': {
    least: { key: 'secret' },
    full: { key: 'secret', headers: ['x-key', 'x-other'] },
  },
  'credential-injection-oauth2': {
    least: { oauthService: 'https://login.example/token', clientId: 'a', clientSecret: 'secret' },
    full: {
      oauthService: 'https://login.example/token',
      clientId: 'a',
      clientSecret: 'secret',
      scope: ['read'],
      overwrite: false,
      allowRequestWithoutCredential: true,
      tokenFetchTimeout: 2.5,
    },
  },
  'correlation-id': {
    least: {},
    full: { headerName: 'x-trace', generator: 'request-id', echoDownstream: false },
  },
  'message-logging': {
    least: { loggingConfiguration: [{ itemName: 'Orders', itemData: { message: 'asked' } }] },
    full: {
      loggingConfiguration: [
        {
          itemName: 'Orders',
          itemData: {
            message: '#[attributes.method]',
            conditional: "#[attributes.method == 'POST']",
            category: 'orders',
            level: 'WARN',
            firstSection: false,
            secondSection: true,
          },
        },
      ],
    },
  },
  tracing: {
    least: {},
    full: {
      sampling: { client: 50, random: 1, overall: 20 },
      labels: [{ name: 'tenant', type: 'requestHeader', keyName: 'x-tenant', defaultValue: 'none' }],
      spanName: '#[attributes.method]',
    },
  },
}

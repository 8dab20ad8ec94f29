import { describe, expect, it } from 'vitest'
import { describePolicy, type Policy } from '#policies/definition.ts'
import { policies } from '#policies/index.ts'
import { verdictOn } from './verdict.ts'

/** A configuration of each policy that differs from its defaults throughout. */
const samples: Record<string, Record<string, unknown>> = {
  'api-key-auth': { in: 'query', key: 'key', prefix: '', hideCredentials: false },
  'rate-limiting': {
    rateLimits: [
      { maximumRequests: 1, timePeriodInMilliseconds: 1_000 },
      { maximumRequests: 7, timePeriodInMilliseconds: 60_000 },
    ],
    keySelector: '',
    algorithm: 'sliding-window',
    exposeHeaders: true,
    clusterizable: true,
    failureMode: 'closed',
  },
  'rate-limiting-sla-based': {
    clientIdExpression: '#[authentication.clientId]',
    clientSecretExpression: "#[attributes.headers['client_secret']]",
    exposeHeaders: true,
    clusterizable: true,
    failureMode: 'open',
  },
  'spike-control': {
    maximumRequests: 7,
    timePeriodInMilliseconds: 500,
    delayTimeInMillis: 50,
    delayAttempts: 3,
    queuingLimit: 100,
    exposeHeaders: true,
  },
  'http-caching': {
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
  'spec-validation': {
    source: 'inline',
    spec: '{"openapi":"3.1.0","paths":{"/orders":{"get":{"responses":{}}}}}',
    apiBasePath: '/v1',
    blockOperation: false,
    strictParamsValidation: true,
    maxBodyBytes: 100,
  },
  tracing: {
    sampling: { client: 50, random: 1, overall: 20 },
    labels: [{ name: 'tenant', type: 'requestHeader', keyName: 'x-tenant', defaultValue: 'none' }],
    spanName: '#[attributes.method]',
  },
  cors: {
    publicResource: false,
    supportCredentials: true,
    originGroups: [{ origins: ['https://shop.example'] }],
  },
  'header-injection': { inboundHeaders: [{ key: 'x-environment', value: 'test' }], outboundHeaders: [] },
}

describe.each(policies.map((policy) => [policy.kind, policy as Policy] as const))('%s', (kind, policy) => {
  it('has a sample here', () => expect(Object.keys(samples)).toContain(kind))

  it('says the same about a configuration after its defaults are written out', () => {
    const once = verdictOn(kind, samples[kind])
    expect(once.faults).toEqual([])
    expect(verdictOn(kind, once.config)).toEqual(once)
  })

  it('titles every field of its form', () => {
    const untitled = Object.entries(propertiesOf(describePolicy(policy).schema)).filter(
      ([, field]) => field['hidden'] !== true && typeof field['title'] !== 'string',
    )
    expect(untitled).toEqual([])
  })

  it('refuses a member that it does not know', () => {
    expect(verdictOn(kind, { ...samples[kind], fromTheFuture: 1 }).faults).not.toEqual([])
  })
})

it('has no good word for a policy that there is not', () => {
  expect(verdictOn('from-the-future', {})).toMatchObject({ config: null, faults: [{ pointer: '' }] })
})

function propertiesOf(schema: Record<string, unknown>): Record<string, Record<string, unknown>> {
  // JSON Schema as zod writes it: an object of schemas.
  return (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>
}

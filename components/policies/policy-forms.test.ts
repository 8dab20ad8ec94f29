import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import { describePolicy } from '#policies/definition.ts'
import { policies } from '#policies/index.ts'
import { type FormField, readSchema, startValue } from './form-schema.ts'
import { SchemaForm } from './schema-form.tsx'

/** A control of the form as a person meets it: what it shows, and what happens to what is entered. */
interface Control {
  'data-pointer': string
  shown: string | boolean
  enter: (entered: string | boolean) => void
}

const drawn = vi.hoisted(() => ({ controls: [] as Control[] }))

// The form and its fields are real; the controls at its leaves are noted down instead of being drawn.
vi.mock('../ui/input.tsx', () => ({
  Input: ({ value, onChange, ...rest }: Control & { value: string; onChange: (event: object) => void }) => {
    drawn.controls.push({ ...rest, shown: value, enter: (text) => onChange({ target: { value: text } }) })
    return null
  },
}))
vi.mock('../ui/textarea.tsx', () => ({
  Textarea: ({
    value,
    onChange,
    ...rest
  }: Control & { value: string; onChange: (event: object) => void }) => {
    drawn.controls.push({ ...rest, shown: value, enter: (text) => onChange({ target: { value: text } }) })
    return null
  },
}))
vi.mock('../ui/switch.tsx', () => ({
  Switch: ({
    checked,
    onCheckedChange,
    ...rest
  }: Control & { checked: boolean; onCheckedChange: Control['enter'] }) => {
    drawn.controls.push({ ...rest, shown: checked, enter: onCheckedChange })
    return null
  },
}))
vi.mock('../ui/select.tsx', () => ({
  Select: ({
    value,
    onValueChange,
    ...rest
  }: Control & { value: string; onValueChange: Control['enter'] }) => {
    drawn.controls.push({ ...rest, shown: value, enter: onValueChange })
    return null
  },
}))

/** Configurations of every policy: the least, and one where everything differs from its default, empties included. */
const samples: Record<string, readonly unknown[]> = {
  'api-key-auth': [{}, { in: 'query', key: 'key', prefix: '', hideCredentials: false }],
  'jwt-validation': [
    { jwksUrl: ['https://login.example/jwks'] },
    {
      jwtOrigin: 'customExpression',
      jwtExpression: "#[attributes.headers['jwt']]",
      jwtKeyOrigin: 'text',
      textKey: 'a secret of thirty-two letters, at least',
      signingMethod: 'hmac',
      issuers: ['https://login.example'],
      mandatoryCustomClaims: [{ key: 'tier', value: 'gold' }],
      claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
      leeway: 0,
      skipClientIdValidation: true,
    },
  ],
  'claims-authorization': [
    {},
    {
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
  ],
  'oauth2-token-introspection': [
    { introspectionURL: 'https://login.example/introspect' },
    {
      introspectionURL: 'https://login.example/introspect',
      authorizationValue: 'Basic abc',
      scopes: ['read', 'write'],
      scopeValidationCriteria: 'OR',
      validatedTokenTTL: 0,
      exposeHeaders: true,
      skipClientIdValidation: true,
    },
  ],
  'client-id-enforcement': [
    {},
    { credentialsOrigin: 'expression', clientIdExpression: "#[attributes.headers['client-id']]" },
  ],
  'http-basic-authentication': [
    { username: 'jane', password: 'secret' },
    {
      users: [
        {
          username: 'joe',
          password: `$pbkdf2-sha256$600000$${'A'.repeat(22)}$${'A'.repeat(43)}`,
        },
      ],
    },
  ],
  'ip-allowlist': [{ ips: ['192.0.2.1'] }, { ips: ['10.0.0.0/8', '::1'] }],
  'ip-blocklist': [
    { ips: ['192.0.2.1'] },
    { ips: ['::1'], ipExpression: "#[attributes.headers['x-real-ip']]", trustedProxies: ['10.0.0.0/8'] },
  ],
  'credential-injection-basic-auth': [
    { username: 'jane', password: 'secret' },
    { username: 'jane', password: 'secret', customHeader: 'x-legacy', overwrite: true },
  ],
  'credential-injection-api-key': [{ key: 'secret' }, { key: 'secret', headers: ['x-key', 'x-other'] }],
  'credential-injection-oauth2': [
    { oauthService: 'https://login.example/token', clientId: 'a', clientSecret: 'secret' },
    {
      oauthService: 'https://login.example/token',
      clientId: 'a',
      clientSecret: 'secret',
      scope: ['read'],
      overwrite: false,
      allowRequestWithoutCredential: true,
      tokenFetchTimeout: 2.5,
    },
  ],
  'rate-limiting': [
    {},
    {
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
  ],
  'rate-limiting-sla-based': [
    {},
    {
      clientIdExpression: '#[authentication.clientId]',
      clientSecretExpression: "#[attributes.headers['client_secret']]",
      exposeHeaders: true,
      clusterizable: true,
      failureMode: 'open',
    },
  ],
  'spike-control': [
    {},
    {
      maximumRequests: 7,
      timePeriodInMilliseconds: 500,
      delayTimeInMillis: 50,
      delayAttempts: 0,
      queuingLimit: 0,
      exposeHeaders: true,
    },
  ],
  'http-caching': [
    {},
    {
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
  ],
  'spec-validation': [
    {},
    {
      source: 'inline',
      spec: '{\n  "openapi": "3.1.0",\n  "paths": {}\n}',
      apiBasePath: '/v1',
      blockOperation: false,
      strictParamsValidation: true,
      maxBodyBytes: 100,
    },
  ],
  tracing: [
    {},
    {
      sampling: { client: 50, random: 0.5, overall: 20 },
      labels: [
        { name: 'tenant', type: 'requestHeader', keyName: 'x-tenant', defaultValue: 'none' },
        { name: 'team', type: 'literal', keyName: '', defaultValue: '' },
      ],
      spanName: '#[attributes.method]',
    },
  ],
  cors: [
    {},
    {
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
  ],
  'header-injection': [
    {},
    {
      inboundHeaders: [{ key: 'x-environment', value: 'production' }],
      outboundHeaders: [],
    },
  ],
}

describe.each(policies.map((policy) => ({ kind: policy.kind, policy })))(
  'the form of $kind',
  ({ kind, policy }) => {
    const form = readSchema(describePolicy(policy).schema)
    const filled = (samples[kind] ?? []).map((sample) => ({ config: asJson(policy.config.parse(sample)) }))

    it('has samples to be tried with', () => expect(filled.length).toBeGreaterThan(1))

    it.each(filled)(
      'has a control for every value, and none changes anything by being left as it is: %j',
      ({ config }) => {
        const { controls, changes } = draw(form, config)
        expect(controls.map((control) => control['data-pointer']).toSorted(byText)).toEqual(
          offered(form, config).toSorted(byText),
        )
        for (const control of controls) control.enter(control.shown)
        expect(changes).toHaveLength(controls.length)
        for (const change of changes) expect(change).toStrictEqual(config)
      },
    )

    it.each(filled)('changes what a control stands for and nothing else: %j', ({ config }) => {
      const { controls, changes } = draw(form, config)
      for (const control of controls) {
        control.enter(typeof control.shown === 'boolean' ? !control.shown : '')
        const path = segmentsOf(control['data-pointer'])
        const changed = changes.at(-1)
        expect(without(changed, path)).toStrictEqual(without(config, path))
      }
    })

    it('starts without null and with every member that is offered', () => {
      const start = startValue(form)
      expect(asJson(start)).toStrictEqual(start)
      expect(JSON.stringify(start)).not.toContain('null')
    })
  },
)

function draw(form: FormField, value: unknown) {
  if (form.type !== 'group') throw new Error('a policy is configured by a group of members')
  const changes: unknown[] = []
  drawn.controls = []
  // What is folded away is drawn where something is wrong in it.
  const faults = offered(form, value).map((pointer) => ({ pointer, detail: 'to be looked at' }))
  const onChange = (next: unknown) => changes.push(next)
  renderToStaticMarkup(
    createElement(SchemaForm, { field: form, pointer: '', value, onChange, faults, readOnly: false }),
  )
  return { controls: drawn.controls, changes }
}

/** Where the single values of a configuration stand that a form offers. */
function offered(field: FormField, value: unknown, path: readonly PropertyKey[] = []): string[] {
  if (field.hidden) return []
  if (field.type === 'list' && Array.isArray(value)) {
    return value.flatMap((row, index) => offered(field.item, row, [...path, index]))
  }
  if (field.type === 'group') {
    return field.members.flatMap(({ key, field: member }) =>
      offered(member, memberOf(value, key), [...path, key]),
    )
  }
  return [pointerOf(path)]
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** The value without what stands at a path. */
function without(value: unknown, path: readonly string[]): unknown {
  const copy: unknown = structuredClone(value)
  const last = path.at(-1) ?? ''
  const holder = path.slice(0, -1).reduce(memberOf, copy)
  if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, last)
  return copy
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

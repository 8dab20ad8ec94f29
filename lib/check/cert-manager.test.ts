import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { convertSwagger } from '#lib/catalog/swagger.ts'
import { check } from './check.ts'
import { type CheckReport, checkReport } from './report.ts'

const settings = { environment: 'production', now: new Date(), convertSwagger } as const

async function judged(...documents: object[]): Promise<CheckReport> {
  const text = documents.map((one) => stringify(one)).join('---\n')
  return checkReport.parse(await check([{ file: 'all.yaml', text }], settings))
}

const metadata = (name: string) => ({ name, namespace: 'shop' })

const instance = (spec: object = {}) => ({
  apiVersion: 'gateway.mulesoft.com/v1alpha1',
  kind: 'ApiInstance',
  metadata: metadata('basket'),
  spec: {
    address: 'https://basket.example:8443',
    services: {
      upstream: { address: 'https://stock:8443', tls: { certificate: { secretName: 'to-stock' } } },
    },
    tls: { certificate: { secretName: 'basket-server' } },
    ...spec,
  },
})

const certificate = (spec: object = {}, name = 'basket-server') => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: metadata(name),
  spec: {
    secretName: name,
    duration: '2160h',
    renewBefore: '720h',
    usages: ['server auth'],
    dnsNames: ['basket.example'],
    issuerRef: { name: 'shop-ca' },
    ...spec,
  },
})

const toStock = certificate({ usages: ['client auth'], dnsNames: ['gateway.shop'] }, 'to-stock')
const issuer = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: metadata('shop-ca'),
  spec: { ca: { secretName: 'root' } },
}

/** What is said of certificates, with the text of the line at which it is said. */
async function saidOf(...documents: object[]): Promise<string[]> {
  const lines = documents
    .map((one) => stringify(one))
    .join('---\n')
    .split('\n')
  const { findings, unreadable } = await judged(...documents)
  expect(unreadable).toEqual([])
  return findings
    .filter(({ code }) => code.startsWith('certificate.'))
    .map(({ code, severity, line, fix }) => {
      expect(fix).not.toBe('')
      return `${severity} ${code} at ${(lines[line - 1] ?? '').trim()}`
    })
}

describe('Certificates of cert-manager beside the APIs that use them', () => {
  it('that fit are said nothing of', async () => {
    expect(await saidOf(instance(), certificate(), toStock, issuer)).toEqual([])
  })

  it.each<[string, object, string[]]>([
    [
      'have durations in days',
      { duration: '90d', renewBefore: '30d' },
      ['warning certificate.duration at duration: 90d', 'warning certificate.duration at renewBefore: 30d'],
    ],
    [
      'live shorter than cert-manager takes',
      { duration: '30m', renewBefore: '10m' },
      ['error certificate.duration at duration: 30m'],
    ],
    [
      'are renewed as good as always',
      { renewBefore: '2000h' },
      ['warning certificate.renewal at renewBefore: 2000h'],
    ],
    [
      'are renewed in the last moment',
      { renewBefore: '2h' },
      ['warning certificate.renewal at renewBefore: 2h'],
    ],
    [
      'name an issuer that nobody has',
      { issuerRef: { name: 'elsewhere' } },
      ['warning certificate.issuer at name: elsewhere'],
    ],
    ['may not be used by servers', { usages: ['client auth'] }, ['error certificate.usage at - client auth']],
    [
      'are not for the host of the API',
      { dnsNames: ['*.shop.example'] },
      ['error certificate.name at - "*.shop.example"'],
    ],
    [
      'have no name for a host',
      { dnsNames: undefined, commonName: 'basket.example' },
      ['error certificate.name at secretName: basket-server'],
    ],
  ])('that %s are told', async (_, change, said) => {
    expect((await saidOf(instance(), certificate(change), toStock, issuer)).map((one) => one)).toEqual(said)
  })

  it('that write one Secret are told of each other, and one that nobody uses is told', async () => {
    const twin = { ...certificate(), metadata: metadata('twin') }
    expect(await saidOf(instance(), certificate(), twin, toStock, issuer)).toEqual([
      'error certificate.secret-shared at secretName: basket-server',
      'error certificate.secret-shared at secretName: basket-server',
    ])
    const spare = certificate({}, 'spare')
    expect(await saidOf(instance(), certificate(), toStock, spare, issuer)).toEqual([
      'warning certificate.secret-unused at secretName: spare',
    ])
  })

  it('with a wildcard for its host, any usage, or an issuer of the whole cluster fit too', async () => {
    const wide = certificate({
      dnsNames: ['*.example'],
      usages: ['any'],
      issuerRef: { name: 'company', kind: 'ClusterIssuer' },
    })
    const host = instance({ address: 'https://basket.shop.example:8443' })
    const wild = certificate({ dnsNames: ['*.shop.example'] })
    expect(await saidOf(host, wild, toStock, issuer)).toEqual([])
    expect((await saidOf(instance(), wide, toStock, issuer)).some((one) => /usage|issuer/.test(one))).toBe(
      false,
    )
  })

  it('that are shown to an upstream must be for clients, also where a policy names them', async () => {
    const policies = [
      { policyRef: { name: 'tls-outbound' }, config: { certificate: { secretName: 'basket-server' } } },
    ]
    const services = { upstream: { address: 'https://stock:8443' } }
    expect(await saidOf(instance({ services, policies }), certificate(), issuer)).toEqual([
      'error certificate.usage at - server auth',
    ])
  })
})

describe('OpenAPI documents', () => {
  const document = (change: object) => ({
    openapi: '3.0.3',
    info: { title: 'Orders', version: '1.0.0' },
    servers: [{ url: 'https://orders.example' }],
    paths: { '/orders': { get: { responses: { 200: { description: 'ok' } } } } },
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
    security: [{ key: [] }],
    ...change,
  })
  const saidOfDocument = async (change: object) => {
    const text = stringify(document(change))
    const report = checkReport.parse(await check([{ file: 'api.yaml', text }], settings))
    return report.findings.map(
      ({ code, severity, line }) => `${severity} ${code} at ${(text.split('\n')[line - 1] ?? '').trim()}`,
    )
  }

  it.each<[string, object, string[]]>([
    ['with TLS everywhere and credentials', {}, []],
    ['on a loopback address', { servers: [{ url: 'http://localhost:8080' }] }, []],
    [
      'that ask for credentials without TLS',
      { servers: [{ url: 'http://orders.example' }] },
      ['error openapi.credentials-in-clear at - url: http://orders.example'],
    ],
    [
      'without TLS and without credentials',
      { servers: [{ url: 'http://orders.example' }], security: [] },
      [
        'note openapi.security-absent at openapi: 3.0.3',
        'warning openapi.server-plaintext at - url: http://orders.example',
      ],
    ],
    [
      'with a server of one path without TLS',
      {
        paths: {
          '/orders': {
            servers: [{ url: 'http://old.example' }],
            get: { responses: { 200: { description: 'ok' } } },
          },
        },
      },
      ['error openapi.credentials-in-clear at - url: http://old.example'],
    ],
    [
      'whose tokens come without TLS, and whose keys stand in the query',
      {
        components: {
          securitySchemes: {
            key: { type: 'apiKey', in: 'query', name: 'key' },
            login: {
              type: 'oauth2',
              flows: { clientCredentials: { tokenUrl: 'http://idp.example/token', scopes: {} } },
            },
          },
        },
      },
      [
        'warning openapi.key-in-query at in: query',
        'error openapi.issuer-plaintext at tokenUrl: http://idp.example/token',
      ],
    ],
  ])('%s', async (_, change, said) => {
    expect(await saidOfDocument(change)).toEqual(said)
  })

  it('of Swagger 2.0 are judged as they are converted', async () => {
    const text = JSON.stringify({
      swagger: '2.0',
      info: { title: 'Orders', version: '1' },
      host: 'orders.example',
      schemes: ['http'],
      paths: { '/orders': { get: { responses: { 200: { description: 'ok' } } } } },
    })
    const report = await check([{ file: 'api.json', text }], settings)
    expect(report.findings.map(({ code }) => code)).toContain('openapi.server-plaintext')
  })
})

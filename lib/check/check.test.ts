import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createPublicKey } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Secret } from '#domain/secret.ts'
import { convertSwagger } from '#lib/catalog/swagger.ts'
import { issue, type Issuer, makeAuthority, makeKey } from '#lib/trust/issue.ts'
import { check, networkPolicies } from './check.ts'
import { type CheckReport, checkReport, reportText } from './report.ts'

const dayMs = 86_400_000
const settings = { environment: 'production', now: new Date(), convertSwagger } as const

async function judged(files: Record<string, string>, now = settings.now): Promise<CheckReport> {
  const sources = Object.entries(files).map(([file, text]) => ({ file, text }))
  return checkReport.parse(await check(sources, { ...settings, now }))
}

const said = ({ findings }: CheckReport) => findings.map(({ code, sentence }) => `${code}: ${sentence}`)

describe('a document of a zero-trust gateway, as it was written', () => {
  let text: string
  let report: CheckReport

  beforeAll(async () => {
    text = await readFile(path.join(import.meta.dirname, 'testing', 'zero-trust.md'), 'utf8')
    report = await judged({ 'zero-trust.md': text })
  })

  it.each([
    ['listener.port-conflict', /^basket and basket-outbound share port 8443 .* ask for different TLS there/i],
    ['netpol.egress-blocked', /from the JWKS that the comment of allow-gateway-egress promises/],
    ['netpol.egress-blocked', /from DNS over TCP on TCP port 53/],
    ['netpol.no-ingress-to-gateway', /lets anybody reach the gateway of shop on TCP port 8443/],
    ['tls.version-cipher-mismatch', /basket-outbound .* suites of TLS 1.3 alone/i],
  ])('is told of %s', (code, sentence) => {
    const found = report.findings.filter((one) => one.code === code && sentence.test(one.sentence))
    expect(found).toHaveLength(1)
    expect(found[0]?.fix).not.toBe('')
  })

  it('and of nothing else but what follows from these', () => {
    expect(said(report).map((one) => one.split(':')[0])).toEqual([
      'leg.one-way-tls',
      'listener.port-conflict',
      'listener.port-conflict',
      'tls.version-cipher-mismatch',
      'certificate.duration',
      'certificate.duration',
      'netpol.no-ingress-to-gateway',
      'netpol.egress-blocked',
      'netpol.egress-blocked',
    ])
  })

  it('has every finding in the line at which it is to be mended', () => {
    const lines = text.split('\n')
    const lineOf = (code: string) => lines[(report.findings.find((one) => one.code === code)?.line ?? 0) - 1]
    expect(lineOf('listener.port-conflict')).toContain('address: https://0.0.0.0:8443')
    expect(lineOf('tls.version-cipher-mismatch')).toContain('- TLS_AES_256_GCM_SHA384')
    expect(lineOf('netpol.no-ingress-to-gateway')).toContain('podSelector: {}')
    expect(report.findings.at(-1)?.line).toBe(lines.findIndex((line) => line.includes('  egress:')) + 2)
  })

  it('has Secrets without certificates noted, and mends none of the errors by them', () => {
    expect(report.outcome).toBe('errors')
    expect(report.notes.map(({ detail }) => detail).join('\n')).toContain('is not base64')
    expect(report.notes.map(({ detail }) => detail).join('\n')).toContain('there is no Secret shop/stock-ca')
  })

  it('is told of nothing once it is mended', async () => {
    const outbound = text.replace('  name: basket-outbound', '  name: stock').replaceAll('"1.2"', '"1.3"')
    const hours = outbound.replace('duration: 90d', 'duration: 2160h').replace('Before: 30d', 'Before: 720h')
    const moved = hours.replace(
      'spec:\n  address: https://0.0.0.0:8443\n  services:\n    upstream:\n      address: https://stock.internal',
      'spec:\n  address: http://0.0.0.0:8444\n  services:\n    upstream:\n      address: https://stock.internal',
    )
    const out = moved.replace(
      '    - to:\n        - namespaceSelector: {}  # names\n      ports:\n',
      '    - ports: [{ port: 443, protocol: TCP }]\n    - to:\n        - namespaceSelector: {}\n      ports:\n        - port: 53\n          protocol: TCP\n',
    )
    const admitted = out.replace(
      '---\n# The gateway to the stock',
      `---\n${stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'admit', namespace: 'shop' },
        spec: {
          podSelector: { matchLabels: { app: 'flex-gateway' } },
          ingress: [{ ports: [{ port: 8443 }, { port: 8444 }] }],
        },
      })}---\n# The gateway to the stock`,
    )
    const mended = await judged({ 'zero-trust.md': admitted })
    expect(said(mended)).toEqual([
      expect.stringMatching(/^leg.mtls-absent: .*listener on port 8444 takes plain HTTP/),
    ])
    expect(mended.outcome).toBe('warnings')
  })
})

// ── with real certificates ──────────────────────────────────────────────────

let root: Issuer
let other: Issuer
beforeAll(async () => {
  root = await makeAuthority({ commonName: 'Shop CA' }, 1_000 * dayMs)
  other = await makeAuthority({ commonName: 'Shop Issuing CA' }, 500 * dayMs, root)
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const publicOf = (key: Secret) => createPublicKey(key.reveal())

async function leaf(kind: 'server' | 'client', issuer: Issuer, lifetimeMs = 365 * dayMs): Promise<string> {
  const names = [{ type: 'dns', value: 'shop.example' }] as const
  const key = makeKey()
  return issue({ kind, subject: { commonName: `shop ${kind}` }, names, lifetimeMs }, publicOf(key), issuer)
}

function secretOf(name: string, data: Record<string, string>): string {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]))
  return stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' }, data: encoded })
}

function instance(change: Record<string, unknown> = {}, name = 'basket'): string {
  return stringify({
    apiVersion: 'gateway.mulesoft.com/v1alpha1',
    kind: 'ApiInstance',
    metadata: { name, namespace: 'shop' },
    spec: {
      address: 'https://0.0.0.0:8443/basket',
      services: {
        upstream: {
          address: 'https://stock:8443',
          tls: { certificate: { secretName: 'client' }, trustedCA: { secretName: 'ca' } },
        },
      },
      tls: {
        certificate: { secretName: 'server' },
        clientValidation: { trustedCA: { secretName: 'ca' } },
      },
      ...change,
    },
  })
}

async function folder(change: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    'basket.yaml': instance(),
    'secrets/ca.yaml': secretOf('ca', { 'ca.crt': root.certificate }),
    'secrets/client.yaml': secretOf('client', { 'tls.crt': await leaf('client', root) }),
    'secrets/server.yaml': secretOf('server', { 'tls.crt': await leaf('server', root) }),
    ...change,
  }
}

describe('a folder', () => {
  it('against which nothing is to be said is clean, private keys or none', async () => {
    expect(await judged(await folder())).toEqual({
      version: 1,
      outcome: 'clean',
      documents: 4,
      findings: [],
      unreadable: [],
      notes: [],
    })
  })

  it.each<[string, () => Promise<Record<string, string>>, string, number?]>([
    ['cert.expired', () => folder(), 'expired on', 400],
    ['cert.expiring', () => folder(), 'expires in', 340],
    [
      'cert.wrong-usage',
      async () =>
        folder({ 'secrets/server.yaml': secretOf('server', { 'tls.crt': await leaf('client', root) }) }),
      'without the usage serverAuth',
    ],
    [
      'cert.chain-incomplete',
      async () =>
        folder({ 'secrets/server.yaml': secretOf('server', { 'tls.crt': await leaf('server', other) }) }),
      'CN=Shop Issuing CA',
    ],
  ])('is told of %s where the API names the certificate', async (code, files, words, daysLater = 0) => {
    const given = await files()
    const report = await judged(given, new Date(Date.now() + daysLater * dayMs))
    const found = report.findings.filter((one) => one.code === code)
    expect(found.map(({ sentence }) => sentence).join('\n')).toContain(words)
    const lines = given['basket.yaml']?.split('\n') ?? []
    for (const { file, line } of found) {
      expect(file).toBe('basket.yaml')
      expect(lines[line - 1]).toContain('secretName')
    }
  })

  it('is judged by policies as by members', async () => {
    const binding = (name: string, config: unknown) =>
      stringify({
        apiVersion: 'gateway.mulesoft.com/v1alpha1',
        kind: 'PolicyBinding',
        metadata: { name, namespace: 'shop' },
        spec: { targetRef: { name: 'basket' }, policyRef: { name }, config },
      })
    const services = { upstream: { address: 'https://stock:8443' } }
    const report = await judged(
      await folder({
        'basket.yaml': instance({ tls: undefined, services }),
        'tls.yaml': binding('tls', {
          certificate: { secretName: 'server' },
          trustedCA: { secretName: 'ca' },
          mode: 'PERMISSIVE',
        }),
        'tls-outbound.yaml': binding('tls-outbound', {
          certificate: { secretName: 'client' },
          skipValidation: true,
        }),
      }),
    )
    const places = report.findings.map(({ code, file }) => `${code} ${file}`)
    expect(places).toContain('leg.permissive tls.yaml')
    expect(places).toContain('context.skip-validation tls-outbound.yaml')
  })

  it('has every upstream of an API judged', async () => {
    const tls = { trustedCA: { secretName: 'ca' }, skipValidation: true }
    const one = { address: 'https://stock:8443', tls: { certificate: { secretName: 'client' } } }
    const services = { one, another: { address: 'https://prices:8443', tls } }
    const report = await judged(await folder({ 'basket.yaml': instance({ services }) }))
    expect(said(report)).toContainEqual(
      expect.stringMatching(/^context.skip-validation: Basket .* answers at https:..prices:8443/),
    )
  })

  it('has each of several upstreams told apart, also where one name begins as the other', async () => {
    const suites = { cipherSuites: ['TLS_AES_128_GCM_SHA256'], minVersion: '1.2' }
    const one = { address: 'https://stock:8443', tls: { certificate: { secretName: 'client' } } }
    const services = { one, mainly: { ...one, tls: { ...one.tls, ...suites } } }
    const files = await folder({ 'basket.yaml': instance({ services }) })
    const report = await judged(files)
    const [mismatch] = report.findings.filter(({ code }) => code === 'tls.version-cipher-mismatch')
    const line = files['basket.yaml']?.split('\n').findIndex((text) => text.includes('TLS_AES_128'))
    expect(mismatch?.line).toBe((line ?? 0) + 1)
  })

  it('has documents of others left alone, and says so', async () => {
    const report = await judged(
      await folder({
        'config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
        'values.yaml': 'replicas: 2\n',
        'package.json': '{ "name": "shop" }',
      }),
    )
    expect(report).toMatchObject({ outcome: 'clean' })
    expect(report.notes.map(({ file, detail }) => `${file} ${detail}`)).toEqual([
      'config.yaml a ConfigMap, left alone',
      'values.yaml a document without a kind, left alone',
    ])
  })

  it('whose Services say other ports of pods is judged by the ports of pods', async () => {
    const rule = (port: number) =>
      stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'gateway', namespace: 'shop' },
        spec: {
          podSelector: { matchLabels: { app: 'flex-gateway' } },
          policyTypes: ['Egress'],
          egress: [
            { to: [{ podSelector: { matchLabels: { tier: 'stock' } } }], ports: [{ port }] },
            { ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] },
          ],
        },
      })
    const service = stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'stock', namespace: 'shop' },
      spec: { selector: { tier: 'stock' }, ports: [{ port: 8443, targetPort: 9443 }] },
    })
    expect(said(await judged(await folder({ 'a.yaml': rule(9443), 'b.yaml': service })))).toEqual([])
    expect(said(await judged(await folder({ 'a.yaml': rule(8443), 'b.yaml': service })))).toEqual([
      expect.stringMatching(/^netpol.egress-blocked: .* upstream of basket on TCP port 9443/),
    ])
  })

  it('has the key sets that its policies name looked for behind its NetworkPolicies, several too', async () => {
    const jwt = {
      policyRef: { name: 'jwt-validation' },
      config: { jwksUrl: 'https://idp.example/keys, https://other.example:8443/keys' },
    }
    const egress = stringify({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'gateway', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'flex-gateway' } },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 8443 }, { port: 53 }, { port: 53, protocol: 'UDP' }] }],
      },
    })
    const files = await folder({ 'basket.yaml': instance({ policies: [jwt] }), 'a.yaml': egress })
    expect(said(await judged(files))).toEqual([
      expect.stringMatching(/^netpol.egress-blocked: .* from the JWKS of idp.example on TCP port 443/),
    ])
  })
})

describe('the NetworkPolicies that are made for documents', () => {
  it('pass the check beside them, in the place of those that did not', async () => {
    const text = await readFile(path.join(import.meta.dirname, 'testing', 'zero-trust.md'), 'utf8')
    const made = await networkPolicies([{ file: 'zero-trust.md', text }], settings)
    const rest = text.slice(0, text.indexOf('Who may talk to whom:'))
    const report = await judged({
      'zero-trust.md': rest,
      'policies.yaml': 'yaml' in made ? made.yaml : '',
    })
    expect(said(report).filter((one) => one.startsWith('netpol.'))).toEqual([])
    expect(said(report).length).toBeGreaterThan(0)
  })
})

describe('what cannot be read', () => {
  it.each([
    ['is no YAML', 'kind: [\n', 2],
    ['has a member that is not known', instance({ adress: 'x' }), 0],
    [
      'has a kind that is refused',
      'apiVersion: gateway.mulesoft.com/v1alpha1\nkind: Extension\nmetadata: { name: a }\n',
      2,
    ],
    [
      'has a policy that cannot be configured so',
      instance({
        policies: [
          { policyRef: { name: 'tls-certificate-monitoring' }, config: { expiryWarningDays: 'soon' } },
        ],
      }),
      0,
    ],
    [
      'is an OpenAPI document with a fault',
      'openapi: 3.0.3\ninfo: { title: a, version: "1" }\npaths: { x: {} }\n',
      3,
    ],
    ['has an address that is none', instance({ address: 'nowhere' }), 0],
  ])('because it %s is said with its place, and nothing is judged', async (_, text, line) => {
    const report = await judged(
      await folder({ 'wrong.yaml': text, 'basket.yaml': instance({ tls: undefined }, 'other') }),
    )
    expect(report).toMatchObject({ outcome: 'unreadable', findings: [] })
    expect(report.unreadable.length).toBeGreaterThan(0)
    for (const one of report.unreadable) expect(one.file).toBe('wrong.yaml')
    if (line > 0) expect(report.unreadable[0]?.line).toBe(line)
    expect(reportText(report)).toContain('cannot be read')
  })
})

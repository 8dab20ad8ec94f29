import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InboundTls } from '#policies/settings.ts'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
  selfSigned,
} from '../../testing/certificates.ts'
import { closing, temporaryFolder } from '../../testing/world.ts'
import { codeOf, ScriptedUpstream, statusOf } from '../wire-fixture.ts'
import {
  askOver,
  clientOptions,
  get,
  startTlsGateway,
  type TlsGateway,
  tlsRoute,
  tlsSettings,
} from './tls-fixture.ts'

/**
 * One host for each way to ask for client certificates, and a table of certificates with what each of them meets
 * there, shown by Node, by `openssl s_client` and by curl.
 */

const dayMs = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * dayMs)
const ahead = (days: number) => new Date(Date.now() + days * dayMs)

type Shown = KeyAndCertificate | undefined
type Host = 'strict' | 'permissive' | 'names' | 'revoking' | 'pinned' | 'between' | 'disabled'

/** What a certificate meets: 200, or the code of its refusal. */
type Row = [name: string, show: () => Shown, host: Host, meets: 200 | string]

let servers: Authority
let root: Authority
let other: Authority
let between: Authority
let shown: Record<string, KeyAndCertificate>
let upstream: ScriptedUpstream
let gateway: TlsGateway
let folder: string
const end = closing()

async function settingsByHost(): Promise<Record<Host, InboundTls>> {
  const own = await servers.issue({ names: ['dns:*.gate.example'] })
  const strict = { mode: 'STRICT', trustedCa: root.certificate } as const
  const pin = shown['good']?.spkiHash ?? ''
  return {
    strict: tlsSettings(own, strict),
    permissive: tlsSettings(own, { ...strict, mode: 'PERMISSIVE' }),
    names: tlsSettings(own, {
      ...strict,
      subjectAltNames: [
        'spiffe://td/ns/production/*',
        'spiffe://td/exact',
        '*.partner.example',
        'ops@partner.example',
        '192.0.2.7',
        '2001:db8::7',
      ],
    }),
    revoking: tlsSettings(own, {
      ...strict,
      crl: (await root.crl([shown['revoked'] ?? { serialNumber: '1' }])) + (await between.crl([])),
    }),
    pinned: tlsSettings(own, { ...strict, spkiHashes: [pin] }),
    between: tlsSettings(own, { ...strict, trustedCa: between.certificate }),
    disabled: tlsSettings(own),
  }
}

async function makeCertificates(): Promise<Record<string, KeyAndCertificate>> {
  const expiredBetween = await root.intermediate('Expired', { notBefore: ago(9), notAfter: ago(1) })
  const weakBetween = await root.intermediate('Weak', { key: 'rsa-1024' })
  const made: [string, Promise<KeyAndCertificate>][] = [
    ['good', root.issue({ names: ['dns:a.partner.example'] })],
    ['rsa', root.issue({ key: 'rsa-2048' })],
    ['ed25519', root.issue({ key: 'ed25519' })],
    ['p384', root.issue({ key: 'ec-384', hash: 'SHA-384' })],
    ['client-only', root.issue({ usage: 'client' })],
    ['any-usage', root.issue({ usage: 'any' })],
    ['no-subject', root.issue({ subject: '', names: ['dns:a.partner.example'] })],
    ['below', between.issue({ names: ['dns:b.partner.example'] })],
    ['expired', root.issue({ notBefore: ago(30), notAfter: ago(1) })],
    ['future', root.issue({ notBefore: ahead(1), notAfter: ahead(30) })],
    ['other-ca', other.issue({ names: ['dns:a.partner.example'] })],
    ['same-name-ca', (await createAuthority('Partners')).issue()],
    ['self-signed', selfSigned({ names: ['dns:a.partner.example'] })],
    ['server-only', root.issue({ usage: 'server' })],
    ['code-signing', root.issue({ usage: 'code-signing' })],
    ['revoked', root.issue()],
    ['rsa-1024', root.issue({ key: 'rsa-1024' })],
    ['sha1', root.issue({ hash: 'SHA-1' })],
    ['below-expired', expiredBetween.issue()],
    ['below-weak', weakBetween.issue()],
    ['ca-itself', root.intermediate('Shown')],
    ['spiffe-below', root.issue({ names: ['uri:spiffe://td/ns/production/sa/shop'] })],
    ['spiffe-exact', root.issue({ names: ['uri:spiffe://td/exact'] })],
    ['spiffe-beside', root.issue({ names: ['uri:spiffe://td/ns/production-x/sa/shop'] })],
    ['spiffe-dots', root.issue({ names: ['uri:spiffe://td/ns/production/../x'] })],
    ['spiffe-star', root.issue({ names: ['uri:spiffe://td/ns/production/*'] })],
    ['spiffe-other-domain', root.issue({ names: ['uri:spiffe://evil/ns/production/sa/shop'] })],
    ['dns-deep', root.issue({ names: ['dns:a.b.partner.example'] })],
    ['dns-wild', root.issue({ names: ['dns:*.partner.example'] })],
    ['dns-other', root.issue({ names: ['dns:partner.example.evil.example'] })],
    ['dns-spiffe', root.issue({ names: ['dns:spiffe://td/exact'] })],
    ['email', root.issue({ names: ['email:ops@PARTNER.example'] })],
    ['email-other', root.issue({ names: ['email:dev@partner.example'] })],
    ['ip', root.issue({ names: ['ip:192.0.2.7'] })],
    ['ip6', root.issue({ names: ['ip:2001:db8:0:0:0:0:0:7'] })],
    ['ip-as-dns', root.issue({ names: ['dns:192.0.2.7'] })],
    ['cn-only', root.issue({ subject: 'CN=a.partner.example' })],
    ['nul', root.issue({ names: ['dns:a.partner.example\0.evil.example'] })],
    ['nul-beside', root.issue({ names: ['dns:a.partner.example', 'uri:spiffe://td/exact\0'] })],
    ['joined', root.issue({ names: ['dns:evil.example, DNS:a.partner.example'] })],
    [
      'many-names',
      root.issue({
        names: [...Array(50).keys()].map((i) => `dns:n${i}.example`).concat('dns:a.partner.example'),
      }),
    ],
  ]
  return Object.fromEntries(await Promise.all(made.map(async ([name, one]) => [name, await one] as const)))
}

const bare = (one: Shown): Shown => one && { ...one, chain: one.certificate }

const untrusted = 'client_cert_untrusted_issuer'
const notAllowed = 'client_cert_san_not_allowed'

const table: Row[] = [
  ['a good one', () => shown['good'], 'strict', 200],
  ['an RSA key', () => shown['rsa'], 'strict', 200],
  ['an Ed25519 key', () => shown['ed25519'], 'strict', 200],
  ['a P-384 key', () => shown['p384'], 'strict', 200],
  ['one for clients alone', () => shown['client-only'], 'strict', 200],
  ['one without a usage', () => shown['any-usage'], 'strict', 200],
  ['an empty subject', () => shown['no-subject'], 'strict', 200],
  ['one from an intermediate', () => shown['below'], 'strict', 200],
  ['none', () => undefined, 'strict', 'client_cert_missing'],
  ['an expired one', () => shown['expired'], 'strict', 'client_cert_expired'],
  ['one of tomorrow', () => shown['future'], 'strict', 'client_cert_not_yet_valid'],
  ['one of another CA', () => shown['other-ca'], 'strict', untrusted],
  ['one of another CA with the same name', () => shown['same-name-ca'], 'strict', untrusted],
  ['one that signed itself', () => shown['self-signed'], 'strict', untrusted],
  ['one whose intermediate is missing', () => bare(shown['below']), 'strict', untrusted],
  ['one below an expired intermediate', () => shown['below-expired'], 'strict', untrusted],
  ['one below a weak intermediate', () => shown['below-weak'], 'strict', 'client_cert_weak_key'],
  ['one for servers', () => shown['server-only'], 'strict', 'client_cert_wrong_usage'],
  ['one for code', () => shown['code-signing'], 'strict', 'client_cert_wrong_usage'],
  ['RSA of 1024 bits', () => shown['rsa-1024'], 'strict', 'client_cert_weak_key'],
  ['a signature over SHA-1', () => shown['sha1'], 'strict', 'client_cert_weak_key'],
  ['a good one where it is not needed', () => shown['good'], 'permissive', 200],
  ['none where it is not needed', () => undefined, 'permissive', 200],
  ['an expired one where it is not needed', () => shown['expired'], 'permissive', 'client_cert_expired'],
  ['one of another CA where it is not needed', () => shown['other-ca'], 'permissive', untrusted],
  ['an expired one where none is asked for', () => shown['expired'], 'disabled', 200],
  ['a SPIFFE id below a wildcard', () => shown['spiffe-below'], 'names', 200],
  ['the very SPIFFE id', () => shown['spiffe-exact'], 'names', 200],
  ['a SPIFFE id beside it', () => shown['spiffe-beside'], 'names', notAllowed],
  ['a SPIFFE id with dots', () => shown['spiffe-dots'], 'names', notAllowed],
  ['a SPIFFE id with a star', () => shown['spiffe-star'], 'names', notAllowed],
  ['a SPIFFE id of another domain', () => shown['spiffe-other-domain'], 'names', notAllowed],
  ['a DNS name below a wildcard', () => shown['good'], 'names', 200],
  ['a DNS name two labels below', () => shown['dns-deep'], 'names', notAllowed],
  ['the wildcard itself', () => shown['dns-wild'], 'names', 200],
  ['a DNS name that only begins so', () => shown['dns-other'], 'names', notAllowed],
  ['a URI as a DNS name', () => shown['dns-spiffe'], 'names', notAllowed],
  ['a mailbox', () => shown['email'], 'names', 200],
  ['another mailbox', () => shown['email-other'], 'names', notAllowed],
  ['an address', () => shown['ip'], 'names', 200],
  ['an address of IPv6', () => shown['ip6'], 'names', 200],
  ['an address as a DNS name', () => shown['ip-as-dns'], 'names', notAllowed],
  ['a common name alone', () => shown['cn-only'], 'names', notAllowed],
  ['a NUL in a name', () => shown['nul'], 'names', notAllowed],
  ['a NUL in a name beside a good one', () => shown['nul-beside'], 'names', notAllowed],
  ['a name that reads like two', () => shown['joined'], 'names', notAllowed],
  ['the right name among many', () => shown['many-names'], 'names', 200],
  ['no name where one is needed', () => shown['rsa'], 'names', notAllowed],
  ['a NUL in a name where any name will do', () => shown['nul'], 'strict', notAllowed],
  ['one that is not revoked', () => shown['good'], 'revoking', 200],
  ['one that is revoked', () => shown['revoked'], 'revoking', 'client_cert_revoked'],
  ['one below an intermediate with its list', () => shown['below'], 'revoking', 200],
  ['the pinned key', () => shown['good'], 'pinned', 200],
  ['another key', () => shown['rsa'], 'pinned', 'client_cert_pin_mismatch'],
  ['one of an intermediate that is trusted by itself', () => shown['below'], 'between', 200],
  ['one of the root where the intermediate is trusted', () => shown['good'], 'between', untrusted],
]

beforeAll(async () => {
  servers = await createAuthority('Servers')
  root = await createAuthority('Partners')
  other = await createAuthority('Strangers')
  between = await root.intermediate('Partners Issuing')
  shown = await makeCertificates()
  const settings = await settingsByHost()
  upstream = await new ScriptedUpstream().start()
  gateway = await startTlsGateway({
    upstreamPort: upstream.port,
    routes: (pool) =>
      Object.entries(settings).map(([host, one]) => tlsRoute(pool, `${host}.gate.example`, one)),
  })
  folder = await temporaryFolder(end)
  await writeFile(join(folder, 'ca.pem'), servers.certificate)
})

afterAll(async () => {
  await gateway.stop()
  upstream.stop()
  await end.closeAll()
})

describe('a client of Node that shows', () => {
  it.each(table)('%s', async (_name, show, host, meets) => {
    const name = `${host}.gate.example`
    const before = gateway.count(meets === 200 ? 'ok' : meets)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      upstream.seen = ''
      const options = clientOptions(gateway.port, servers, name, show(), {
        minVersion: version,
        maxVersion: version,
        // The client itself would not use weak keys otherwise.
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      const { text, error } = await askOver(options, get(name))
      expect(error).toBeUndefined()
      expect(meets === 200 ? statusOf(text) : codeOf(text), `${version}: ${text}`).toBe(meets)
      if (meets === 200) continue
      expect(statusOf(text)).toBe(401)
      expect(text).toContain('Connection: close')
      expect(upstream.seen).toBe('')
      expect(gateway.entries.at(-1)).toMatchObject({ status: 401, code: meets })
    }
    expect(gateway.count(meets === 200 ? 'ok' : meets)).toBe(before + 2)
  })
})

describe('a chain of 110 certificates', () => {
  it('is refused, and the next client is served', async () => {
    let authority = root
    for (let depth = 0; depth < 110; depth++) authority = await authority.intermediate(`Below ${depth}`)
    const name = 'strict.gate.example'
    const long = clientOptions(gateway.port, servers, name, await authority.issue())
    expect(statusOf((await askOver(long, get(name))).text)).not.toBe(200)
    const next = clientOptions(gateway.port, servers, name, shown['good'])
    expect(statusOf((await askOver(next, get(name))).text)).toBe(200)
  })
})

describe('a key that does not belong to the certificate', () => {
  it('is no handshake at all', async () => {
    const name = 'strict.gate.example'
    const [certificate, key] = [shown['good']?.chain ?? '', shown['p384']?.key ?? '']
    expect(() => clientOptions(gateway.port, servers, name, { chain: certificate, key })).not.toThrow()
    await expect(
      (async () =>
        askOver(clientOptions(gateway.port, servers, name, { chain: certificate, key }), get(name)))(),
    ).rejects.toThrow(/key values mismatch/)
  })
})

const run = promisify(execFile)

async function filesOf(name: string, one: KeyAndCertificate): Promise<{ chain: string; key: string }> {
  const chain = join(folder, `${name}.pem`)
  const key = join(folder, `${name}.key`)
  await writeFile(chain, one.chain)
  await writeFile(key, one.key)
  return { chain, key }
}

const some: [name: string, host: Host, meets: string][] = [
  ['good', 'strict', '200'],
  ['below', 'strict', '200'],
  ['expired', 'strict', 'client_cert_expired'],
  ['other-ca', 'strict', untrusted],
  ['self-signed', 'strict', untrusted],
  ['server-only', 'strict', 'client_cert_wrong_usage'],
  ['revoked', 'revoking', 'client_cert_revoked'],
  ['cn-only', 'names', notAllowed],
  ['spiffe-below', 'names', '200'],
]

describe.each([
  ['TLSv1.2', '--tls-max 1.2', '-tls1_2'],
  ['TLSv1.3', '--tlsv1.3', '-tls1_3'],
])('over %s', (_version, curlVersion, opensslVersion) => {
  it.each(some)('curl with %s meets at %s: %s', async (name, host, meets) => {
    const one = shown[name]
    if (one === undefined) throw new Error(`there is no ${name}`)
    const { chain, key } = await filesOf(`curl-${name}`, one)
    const { stdout } = await run('curl', [
      '--silent',
      '--noproxy',
      '*',
      ...curlVersion.split(' '),
      '--cacert',
      join(folder, 'ca.pem'),
      '--cert',
      chain,
      '--key',
      key,
      '--resolve',
      `${host}.gate.example:${gateway.port}:127.0.0.1`,
      '--write-out',
      '\n%{http_code}',
      `https://${host}.gate.example:${gateway.port}/`,
    ])
    expect(stdout.endsWith('\n200') ? '200' : codeOf(stdout)).toBe(meets)
    if (meets !== '200') expect(stdout).toMatch(/\n401$/)
  })

  it.each(some)('openssl s_client with %s meets at %s: %s', async (name, host, meets) => {
    const one = shown[name]
    if (one === undefined) throw new Error(`there is no ${name}`)
    const { chain, key } = await filesOf(`openssl-${name}`, one)
    const started = run('openssl', [
      's_client',
      '-quiet',
      '-connect',
      `127.0.0.1:${gateway.port}`,
      '-servername',
      `${host}.gate.example`,
      '-CAfile',
      join(folder, 'ca.pem'),
      '-verify_return_error',
      opensslVersion,
      '-cert',
      chain,
      '-cert_chain',
      chain,
      '-key',
      key,
    ])
    started.child.stdin?.write(get(`${host}.gate.example`, '/', 'Connection: close'))
    const { stdout } = await started
    expect(statusOf(stdout) === 200 ? '200' : codeOf(stdout)).toBe(meets)
  })
})

import type { InboundTls } from '#policies/settings.ts'
import { inboundSettings } from '#tls/testing/settings.ts'
import { type Authority, createAuthority, type KeyAndCertificate, selfSigned } from './certificates.ts'

/**
 * One host for each way to ask for client certificates, and a table of certificates with what each of them meets
 * there.
 */

const dayMs = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * dayMs)
const ahead = (days: number) => new Date(Date.now() + days * dayMs)

export type Host = 'strict' | 'permissive' | 'names' | 'revoking' | 'pinned' | 'between' | 'disabled'

export interface ClientCertificates {
  /** The CA of the hosts. */
  readonly servers: Authority
  /** The CA of the clients that are trusted. */
  readonly root: Authority
  readonly shown: Readonly<Record<string, KeyAndCertificate>>
  readonly settings: Readonly<Record<Host, InboundTls>>
  /** The certificate that a row of the table shows. */
  of(row: Row): KeyAndCertificate | undefined
}

export async function clientCertificates(): Promise<ClientCertificates> {
  const servers = await createAuthority('Servers')
  const root = await createAuthority('Partners')
  const between = await root.intermediate('Partners Issuing')
  const shown = await makeCertificates(root, between, await createAuthority('Strangers'))
  const settings = await settingsByHost({ servers, root, between }, shown)
  return { servers, root, shown, settings, of: ([, show]) => show(shown) }
}

interface Authorities {
  readonly servers: Authority
  readonly root: Authority
  readonly between: Authority
}

async function settingsByHost(
  { servers, root, between }: Authorities,
  shown: ClientCertificates['shown'],
): Promise<Record<Host, InboundTls>> {
  const { chain: certificate, key } = await servers.issue({ names: ['dns:*.gate.example'] })
  const asking = (change: Partial<InboundTls>) => inboundSettings({ certificate, key }, change)
  const strict = { mode: 'STRICT', trustedCa: root.certificate } as const
  const pin = shown['good']?.spkiHash ?? ''
  return {
    strict: asking(strict),
    permissive: asking({ ...strict, mode: 'PERMISSIVE' }),
    names: asking({
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
    revoking: asking({
      ...strict,
      crl: (await root.crl([shown['revoked'] ?? { serialNumber: '1' }])) + (await between.crl([])),
    }),
    pinned: asking({ ...strict, spkiHashes: [pin] }),
    between: asking({ ...strict, trustedCa: between.certificate }),
    disabled: asking({}),
  }
}

async function makeCertificates(
  root: Authority,
  between: Authority,
  other: Authority,
): Promise<Record<string, KeyAndCertificate>> {
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

/** What a certificate meets: 200, or the code of its refusal. */
export type Row = [name: string, show: Show, host: Host, meets: 200 | string]
type Show = (shown: ClientCertificates['shown']) => KeyAndCertificate | undefined

const one =
  (name: string): Show =>
  (shown) =>
    shown[name]
const none: Show = () => undefined
const withoutItsIntermediate =
  (name: string): Show =>
  ({ [name]: certificate }) =>
    certificate && { ...certificate, chain: certificate.certificate }

const untrusted = 'client_cert_untrusted_issuer'
const notAllowed = 'client_cert_san_not_allowed'

export const clientCertificateTable: readonly Row[] = [
  ['a good one', one('good'), 'strict', 200],
  ['an RSA key', one('rsa'), 'strict', 200],
  ['an Ed25519 key', one('ed25519'), 'strict', 200],
  ['a P-384 key', one('p384'), 'strict', 200],
  ['one for clients alone', one('client-only'), 'strict', 200],
  ['one without a usage', one('any-usage'), 'strict', 200],
  ['an empty subject', one('no-subject'), 'strict', 200],
  ['one from an intermediate', one('below'), 'strict', 200],
  ['none', none, 'strict', 'client_cert_missing'],
  ['an expired one', one('expired'), 'strict', 'client_cert_expired'],
  ['one of tomorrow', one('future'), 'strict', 'client_cert_not_yet_valid'],
  ['one of another CA', one('other-ca'), 'strict', untrusted],
  ['one of another CA with the same name', one('same-name-ca'), 'strict', untrusted],
  ['one that signed itself', one('self-signed'), 'strict', untrusted],
  ['one whose intermediate is missing', withoutItsIntermediate('below'), 'strict', untrusted],
  ['one below an expired intermediate', one('below-expired'), 'strict', untrusted],
  ['one below a weak intermediate', one('below-weak'), 'strict', 'client_cert_weak_key'],
  ['one for servers', one('server-only'), 'strict', 'client_cert_wrong_usage'],
  ['one for code', one('code-signing'), 'strict', 'client_cert_wrong_usage'],
  ['RSA of 1024 bits', one('rsa-1024'), 'strict', 'client_cert_weak_key'],
  ['a signature over SHA-1', one('sha1'), 'strict', 'client_cert_weak_key'],
  ['a good one where it is not needed', one('good'), 'permissive', 200],
  ['none where it is not needed', none, 'permissive', 200],
  ['an expired one where it is not needed', one('expired'), 'permissive', 'client_cert_expired'],
  ['one of another CA where it is not needed', one('other-ca'), 'permissive', untrusted],
  ['an expired one where none is asked for', one('expired'), 'disabled', 200],
  ['a SPIFFE id below a wildcard', one('spiffe-below'), 'names', 200],
  ['the very SPIFFE id', one('spiffe-exact'), 'names', 200],
  ['a SPIFFE id beside it', one('spiffe-beside'), 'names', notAllowed],
  ['a SPIFFE id with dots', one('spiffe-dots'), 'names', notAllowed],
  ['a SPIFFE id with a star', one('spiffe-star'), 'names', notAllowed],
  ['a SPIFFE id of another domain', one('spiffe-other-domain'), 'names', notAllowed],
  ['a DNS name below a wildcard', one('good'), 'names', 200],
  ['a DNS name two labels below', one('dns-deep'), 'names', notAllowed],
  ['the wildcard itself', one('dns-wild'), 'names', 200],
  ['a DNS name that only begins so', one('dns-other'), 'names', notAllowed],
  ['a URI as a DNS name', one('dns-spiffe'), 'names', notAllowed],
  ['a mailbox', one('email'), 'names', 200],
  ['another mailbox', one('email-other'), 'names', notAllowed],
  ['an address', one('ip'), 'names', 200],
  ['an address of IPv6', one('ip6'), 'names', 200],
  ['an address as a DNS name', one('ip-as-dns'), 'names', notAllowed],
  ['a common name alone', one('cn-only'), 'names', notAllowed],
  ['a NUL in a name', one('nul'), 'names', notAllowed],
  ['a NUL in a name beside a good one', one('nul-beside'), 'names', notAllowed],
  ['a name that reads like two', one('joined'), 'names', notAllowed],
  ['the right name among many', one('many-names'), 'names', 200],
  ['no name where one is needed', one('rsa'), 'names', notAllowed],
  ['a NUL in a name where any name will do', one('nul'), 'strict', notAllowed],
  ['one that is not revoked', one('good'), 'revoking', 200],
  ['one that is revoked', one('revoked'), 'revoking', 'client_cert_revoked'],
  ['one below an intermediate with its list', one('below'), 'revoking', 200],
  ['the pinned key', one('good'), 'pinned', 200],
  ['another key', one('rsa'), 'pinned', 'client_cert_pin_mismatch'],
  ['one of an intermediate that is trusted by itself', one('below'), 'between', 200],
  ['one of the root where the intermediate is trusted', one('good'), 'between', untrusted],
]

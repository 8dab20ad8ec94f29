import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { checkedBy } from '../form-fields.ts'
import { namePatternFault } from '#domain/subject-alt-names.ts'
import {
  besideContext,
  cipherList,
  contextRef,
  fromContext,
  materialOf,
  tlsVersion,
  tlsVersions,
} from '../tls-fields.ts'

const pem = (word: string, what: string) =>
  z
    .string()
    .max(100_000)
    .regex(new RegExp(`-----BEGIN ${word}-----`), { error: `must be ${what} in PEM form` })

const certificate = z.strictObject({
  crt: pem('CERTIFICATE', 'a certificate').meta({
    title: 'Certificate',
    description: 'The certificate of the gateway with its intermediates, as PEM.',
    multiline: true,
  }),
  key: pem('(?:[A-Z0-9]+ )?PRIVATE KEY', 'a private key').meta({
    title: 'Private key',
    description: 'PEM, without a passphrase.',
    sensitive: true,
    multiline: true,
  }),
})

const namePattern = z.string().max(2_000).check(checkedBy(namePatternFault))

const config = z
  .strictObject({
    contextRef,
    certificate: certificate.optional().meta({
      title: 'Client certificate',
      description: 'What the gateway shows to upstreams that ask for a certificate.',
    }),
    trustedCA: z.string().max(1_000_000).default('').meta({
      title: 'Trusted CAs',
      description: 'PEM. Empty: the CAs of the system that the gateway runs on.',
      multiline: true,
    }),
    skipValidation: z.boolean().default(false).meta({
      title: 'Take any certificate',
      description: 'Dangerous: anybody on the way can read and change everything.',
    }),
    minversion: tlsVersion.default('1.2').meta({ title: 'Oldest version', advanced: true }),
    maxversion: tlsVersion.default('1.3').meta({ title: 'Newest version', advanced: true }),
    ciphers: cipherList,
    alpn: z
      .array(z.enum(['h2', 'http/1.1']))
      .max(2)
      .default([])
      .meta({
        title: 'Protocols',
        description:
          'Offered by ALPN, as far as the upstream is spoken to in them. Empty: that protocol alone.',
        advanced: true,
      }),
    serverName: z
      .string()
      .max(253)
      .default('')
      .meta({
        title: 'Server name',
        description: 'Asked for, and expected in the certificate. Empty: the host of the upstream.',
        examples: ['orders.example'],
      }),
    subjectAltNames: z
      .array(namePattern)
      .max(100)
      .default([])
      .meta({
        title: 'Allowed names',
        description:
          'Names of which the certificate must have one, in place of the server name: URIs such as SPIFFE ids (/* at the end for all below), DNS names, mailboxes, addresses.',
        examples: ['spiffe://example/orders', 'orders.example'],
      }),
    spkiHashes: z
      .array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/, { error: 'must be a SHA-256 in base64' }))
      .max(20)
      .default([])
      .meta({
        title: 'Pinned keys',
        description: 'Base64 SHA-256 of the public keys that the certificate may have (RFC 7469).',
        advanced: true,
      }),
    crl: z
      .string()
      .max(10_000_000)
      .default('')
      .meta({ title: 'Revoked certificates', description: 'A CRL as PEM.', multiline: true, advanced: true }),
  })
  .check((context) => {
    const { skipValidation, subjectAltNames, spkiHashes, minversion, maxversion } = context.value
    const fault = (path: string, message: string) =>
      context.issues.push({ code: 'custom', path: [path], message, input: context.value })
    for (const member of besideContext(context.value)) fault(member, fromContext)
    const { trustedCA, crl } = context.value
    if (trustedCA !== '' && !/-----BEGIN CERTIFICATE-----/.test(trustedCA))
      fault('trustedCA', 'must be certificates in PEM form')
    if (crl !== '' && !/-----BEGIN X509 CRL-----/.test(crl))
      fault('crl', 'must be revocation lists in PEM form')
    if (minversion > maxversion) fault('minversion', 'is newer than maxversion')
    if (skipValidation && subjectAltNames.length > 0)
      fault('subjectAltNames', 'has no meaning while skipValidation takes any certificate')
    if (skipValidation && spkiHashes.length > 0)
      fault('spkiHashes', 'has no meaning while skipValidation takes any certificate')
  })
type Config = z.infer<typeof config>

/** TLS towards the upstream: whom the gateway trusts there, and what it shows of itself. */
export const tlsOutbound = definePolicy<Config>({
  kind: 'tls-outbound',
  policyVersion: '1.0.0',
  title: 'TLS to the upstream',
  summary:
    'Says which certificates of the upstream are trusted, and shows it the certificate of the gateway.',
  category: 'trust',
  outbound: true,
  config,
  summarise({ skipValidation, trustedCA, certificate: own, contextRef: context, subjectAltNames }) {
    const trust = skipValidation
      ? 'Takes ANY certificate'
      : context !== undefined
        ? 'Trusts the CAs of an mTLS context'
        : trustedCA === ''
          ? 'Trusts the CAs of the system'
          : 'Trusts own CAs'
    const names = subjectAltNames.length > 0 ? ` for ${subjectAltNames.join(', ')}` : ''
    return `${trust}${names}${own === undefined ? '' : ', shows a certificate'}`
  },
  prepare({ skipValidation }, ports) {
    if (skipValidation)
      ports.log('warn', 'upstream_tls_not_verified', {
        detail: 'skipValidation takes any certificate of the upstream',
      })
    return {}
  },
  upstream: (settings, contexts) => ({
    tls: {
      ...materialOf(settings, contexts),
      minVersion: tlsVersions[settings.minversion],
      maxVersion: tlsVersions[settings.maxversion],
      ciphers: settings.ciphers,
      alpn: settings.alpn,
      crl: settings.crl,
      skipValidation: settings.skipValidation,
      serverName: settings.serverName,
      subjectAltNames: settings.subjectAltNames,
      spkiHashes: settings.spkiHashes,
    },
  }),
})

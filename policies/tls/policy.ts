import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { InboundTls } from '../settings.ts'
import { namePatternFault } from '#domain/subject-alt-names.ts'
import {
  besideContext,
  cipherList,
  ContextFault,
  contextRef,
  fromContext,
  materialOf,
  tlsVersion,
  tlsVersions,
} from '../tls-fields.ts'

const certificate = z.strictObject({
  crt: z
    .string()
    .max(1_000_000)
    .regex(/-----BEGIN CERTIFICATE-----/, { error: 'must be a certificate in PEM form' })
    .meta({
      title: 'Certificate',
      description: 'The certificate of the API with its intermediates, as PEM.',
      multiline: true,
    }),
  key: z
    .string()
    .max(100_000)
    .regex(/-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----/, { error: 'must be a private key in PEM form' })
    .meta({
      title: 'Private key',
      description: 'PEM, without a passphrase.',
      sensitive: true,
      multiline: true,
    }),
})

const namePattern = z
  .string()
  .max(2_000)
  .check((context) => {
    const fault = namePatternFault(context.value)
    if (fault !== undefined)
      context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
  })

const config = z
  .strictObject({
    contextRef,
    certificate: certificate.optional().meta({
      title: 'Certificate of the API',
      description: 'Shown to clients that ask for a host of this API.',
    }),
    mode: z
      .enum(['STRICT', 'PERMISSIVE', 'DISABLE'])
      .optional()
      .meta({
        title: 'Client certificates',
        description:
          'STRICT lets only clients with a valid certificate in, PERMISSIVE also those without any, DISABLE asks for none.',
        examples: ['STRICT'],
      }),
    requireClientCertificate: z.boolean().optional().meta({
      title: 'Client certificate needed',
      description: 'Another way to say STRICT (true) or DISABLE (false).',
      advanced: true,
    }),
    trustedCA: z.string().max(1_000_000).default('').meta({
      title: 'Trusted CAs',
      description: 'PEM. Client certificates must come from one of them; intermediates may be trusted too.',
      multiline: true,
    }),
    subjectAltNames: z
      .array(namePattern)
      .max(1_000)
      .default([])
      .meta({
        title: 'Allowed clients',
        description:
          'Names of which a client certificate must have one: SPIFFE ids and other URIs (/* at the end for all below), DNS names, mailboxes, addresses. Empty: all from the trusted CAs.',
        examples: [['spiffe://example.org/ns/production/sa/shop'], ['*.partner.example']],
      }),
    crl: z.string().max(10_000_000).default('').meta({
      title: 'Revoked certificates',
      description:
        'PEM. A current list of every CA between a client and the trusted root; where one is missing or too old, nobody from it comes in.',
      multiline: true,
      advanced: true,
    }),
    spkiHashes: z
      .array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/, { error: 'must be a SHA-256 in base64' }))
      .max(100)
      .default([])
      .meta({
        title: 'Pinned keys',
        description: 'Base64 SHA-256 of the public keys that client certificates may have (RFC 7469).',
        advanced: true,
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
        description: 'Offered by ALPN, in order of preference. Empty: HTTP/2, then HTTP/1.1.',
        advanced: true,
      }),
  })
  .check((context) => {
    const { value } = context
    const fault = (path: string, message: string) =>
      context.issues.push({ code: 'custom', path: [path], message, input: value })
    if (value.minversion > value.maxversion) fault('minversion', 'is newer than maxversion')
    if (new Set(value.alpn).size < value.alpn.length) fault('alpn', 'names a protocol twice')
    const { mode, requireClientCertificate: required } = value
    if (required !== undefined && mode !== undefined && required !== (mode === 'STRICT'))
      fault('requireClientCertificate', `contradicts mode ${mode}`)
    if (value.contextRef === undefined && value.certificate === undefined)
      fault('certificate', 'is needed, here or by a contextRef')
    for (const member of besideContext(value)) fault(member, fromContext)
    const asks = modeOf(value) !== 'DISABLE'
    if (asks && value.trustedCA === '' && value.contextRef === undefined)
      fault('trustedCA', `is needed: with ${modeOf(value)} client certificates must come from somewhere`)
    if (value.trustedCA !== '' && !/-----BEGIN CERTIFICATE-----/.test(value.trustedCA))
      fault('trustedCA', 'must be certificates in PEM form')
    if (value.crl !== '' && !/-----BEGIN X509 CRL-----/.test(value.crl))
      fault('crl', 'must be revocation lists in PEM form')
    for (const key of ['subjectAltNames', 'spkiHashes', 'crl'] as const)
      if (!asks && value[key].length > 0)
        fault(key, 'has no meaning where no client certificate is asked for')
  })
type Config = z.infer<typeof config>

// Whoever names CAs for clients and says no more means them: what is forgotten must not open the door.
function modeOf(value: {
  mode?: InboundTls['mode'] | undefined
  requireClientCertificate?: boolean | undefined
  contextRef?: string | undefined
  trustedCA: string
}): InboundTls['mode'] {
  if (value.mode !== undefined) return value.mode
  if (value.requireClientCertificate !== undefined)
    return value.requireClientCertificate ? 'STRICT' : 'DISABLE'
  return value.trustedCA === '' && value.contextRef === undefined ? 'DISABLE' : 'STRICT'
}

const says = {
  STRICT: 'Only clients with a certificate',
  PERMISSIVE: 'Clients with a valid certificate or none',
  DISABLE: 'Any client',
} as const

/** TLS towards clients: the certificate of the API, and which certificates clients must have. */
export const tls = definePolicy<Config>({
  kind: 'tls',
  policyVersion: '1.0.0',
  title: 'TLS',
  summary: 'Gives the API its certificate and says which certificates its clients must show.',
  category: 'trust',
  config,
  summarise(value) {
    const names = value.subjectAltNames.length > 0 ? ` for ${value.subjectAltNames.join(', ')}` : ''
    return `${says[modeOf(value)]}${names}, TLS ${value.minversion}${value.minversion === value.maxversion ? ' alone' : ' or newer'}`
  },
  prepare: () => ({}),
  inboundTls(value, contexts) {
    const { certificate: keyPair, trustedCa } = materialOf(value, contexts)
    if (keyPair === undefined)
      throw new ContextFault(`the mTLS context ${value.contextRef} has no certificate to show to clients`)
    return {
      mode: modeOf(value),
      certificate: keyPair,
      trustedCa,
      crl: value.crl,
      subjectAltNames: value.subjectAltNames,
      spkiHashes: value.spkiHashes,
      minVersion: tlsVersions[value.minversion],
      maxVersion: tlsVersions[value.maxversion],
      ciphers: value.ciphers,
      alpn: value.alpn,
    }
  },
})

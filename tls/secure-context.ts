import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { isCipherSuite, openSslCiphers } from '#domain/cipher-suite.ts'
import type { InboundTls, KeyPair, OutboundTls, TlsParameters } from '#policies/settings.ts'
import { namePatternFault } from '#domain/subject-alt-names.ts'
import { TlsFault } from './fault.ts'
import { blocksOf, certificatesOf, checkKeyPair } from './pem.ts'

/** What ALPN can lead to, in order of preference. */
export const spokenProtocols = ['h2', 'http/1.1'] as const

/** What handshakes with clients need. Throws a TlsFault where the settings cannot be used. */
export function inboundContext(settings: InboundTls): SecureContext {
  checkInbound(settings)
  const { mode, certificate } = settings
  const asks = mode !== 'DISABLE'
  return contextOf({
    cert: certificate.certificate,
    key: certificate.key,
    ...parametersOf(settings),
    ...(asks ? verifying(settings) : { ca: [] }),
    // A resumed session would skip the look at the certificate, and a new handshake inside one could change it.
    secureOptions:
      constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
      constants.SSL_OP_NO_RENEGOTIATION |
      (asks ? constants.SSL_OP_NO_TICKET : 0),
    sessionIdContext: 'hexgate',
  })
}

/** What it takes to look at the chains of clients as `inboundContext` does, and at nothing else of a handshake. */
export function verifyingContext(settings: Verifying, own: KeyPair): SecureContext {
  return contextOf({
    cert: own.certificate,
    key: own.key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ...verifying(settings),
  })
}

/** What handshakes with upstreams need. Throws a TlsFault where the settings cannot be used. */
export function outboundContext(settings: OutboundTls | undefined): SecureContext {
  // A handshake inside a connection could put another certificate in the place of the one that was looked at.
  const secureOptions = constants.SSL_OP_NO_RENEGOTIATION
  if (settings === undefined) return createSecureContext({ minVersion: 'TLSv1.2', secureOptions })
  const { certificate, trustedCa, crl } = settings
  checkParameters(settings)
  if (certificate !== undefined) checkKeyPair(certificate)
  if (trustedCa !== '') certificatesOf(trustedCa, ['trustedCA'])
  checkRevocations(crl)
  return contextOf({
    ...parametersOf(settings),
    secureOptions,
    ...(trustedCa === '' ? {} : trusting(trustedCa)),
    ...revoking(crl),
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
  })
}

function parametersOf({ minVersion, maxVersion, ciphers }: TlsParameters): SecureContextOptions {
  return { minVersion, maxVersion, ...(ciphers.length === 0 ? {} : { ciphers: openSslCiphers(ciphers) }) }
}

/** What the chains of clients are looked at with. */
export type Verifying = Pick<InboundTls, 'trustedCa' | 'crl'>

function verifying({ trustedCa, crl }: Verifying): SecureContextOptions {
  return { ...trusting(trustedCa), ...revoking(crl) }
}

// Whoever names an intermediate CA as trusted means it, with or without its root.
function trusting(ca: string): SecureContextOptions {
  return { ca, allowPartialTrustChain: true }
}

// One text with several lists would be read up to the end of the first.
function revoking(crl: string): SecureContextOptions {
  return crl === '' ? {} : { crl: blocksOf(crl, 'X509 CRL') }
}

function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    throw new TlsFault(pathOfFault(options), `TLS cannot be set up: ${wordsOf(error)}`)
  }
}

/** Which of the options OpenSSL does not take. */
function pathOfFault({ cert, key, crl, ca, ciphers }: SecureContextOptions): string[] {
  const alone: [string[], SecureContextOptions][] = [
    [['certificate', 'crt'], cert === undefined ? {} : { cert }],
    [['certificate', 'key'], cert === undefined || key === undefined ? {} : { cert, key }],
    [['trustedCA'], ca === undefined ? {} : { ca }],
    [['crl'], crl === undefined ? {} : { crl }],
    [['ciphers'], ciphers === undefined ? {} : { ciphers }],
  ]
  return alone.find(([, options]) => isRefused(options))?.[0] ?? []
}

function isRefused(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options)
    return false
  } catch {
    return true
  }
}

// The message of OpenSSL's own errors begins with numbers and ends with places in its source.
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
}

function checkInbound(settings: InboundTls): void {
  const { mode, certificate, trustedCa, crl } = settings
  checkParameters(settings)
  const unspoken = settings.alpn.find((name) => !(spokenProtocols as readonly string[]).includes(name))
  if (unspoken !== undefined) throw new TlsFault(['alpn'], `alpn: ${unspoken} is not spoken here`)
  checkKeyPair(certificate)
  if (mode === 'DISABLE') return
  certificatesOf(trustedCa, ['trustedCA'])
  checkRevocations(crl)
}

function checkParameters(settings: InboundTls | OutboundTls): void {
  const { minVersion, maxVersion } = settings
  if (minVersion > maxVersion)
    throw new TlsFault(['minversion'], `minversion ${minVersion} is above maxversion ${maxVersion}`)
  const unknown = settings.ciphers.find((name) => !isCipherSuite(name))
  if (unknown !== undefined) throw new TlsFault(['ciphers'], `ciphers: ${unknown} is not known`)
  for (const pattern of settings.subjectAltNames) {
    const fault = namePatternFault(pattern)
    if (fault !== undefined) throw new TlsFault(['subjectAltNames'], `subjectAltNames: ${pattern} ${fault}`)
  }
  const noPin = settings.spkiHashes.find((pin) => !/^[A-Za-z0-9+/]{43}=$/.test(pin))
  if (noPin !== undefined)
    throw new TlsFault(['spkiHashes'], `spkiHashes: ${noPin} is no base64 of a SHA-256`)
}

function checkRevocations(crl: string): void {
  if (crl !== '' && blocksOf(crl, 'X509 CRL').length === 0)
    throw new TlsFault(['crl'], 'crl holds no list in PEM form')
}

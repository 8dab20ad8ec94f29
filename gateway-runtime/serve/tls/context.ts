import { constants, createPrivateKey, hash, type KeyObject, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls'
import { isCipherSuite, openSslCiphers } from '#domain/cipher-suite.ts'
import type { PeerCertificate } from '#policies/exchange.ts'
import type { InboundTls } from '#policies/settings.ts'
import { compileNames, namePatternFault } from '#domain/subject-alt-names.ts'
import type { RefusalCode } from '../refusals.ts'
import { readCertificate, VerifiedPeer } from './certificate.ts'

/** What ALPN can lead to here, in order of preference. */
export const spokenProtocols = ['h2', 'http/1.1'] as const

/** Told once how a handshake ended. */
export interface HandshakeEnd {
  secured(socket: TLSSocket): void
  failed(error: NodeJS.ErrnoException): void
}

/** TLS as one or several APIs want it towards their clients, ready for handshakes. */
export class TlsContext {
  readonly settings: InboundTls
  private readonly server: Server
  private readonly allows: ReturnType<typeof compileNames>

  /** Throws an Error that says what is wrong with the settings. */
  constructor(settings: InboundTls) {
    checkSettings(settings)
    this.settings = settings
    this.allows = compileNames(settings.subjectAltNames)
    this.server = serverOf(settings)
  }

  get asksForCertificate(): boolean {
    return this.settings.mode !== 'DISABLE'
  }

  /** Does the handshake of a connection of which all bytes read so far are in the socket's buffer. */
  handshake(socket: Socket, end: HandshakeEnd): void {
    // Everything of the server but the one who is told: Node emits what comes of a handshake on the very object
    // that was given the connection.
    const ours: Server & { end?: HandshakeEnd } = Object.create(this.server)
    ours.end = end
    ours.emit('connection', socket)
  }

  /** Why a client with that certificate, or without one, may not come in; its chain has been verified before. */
  faultOf(peer: PeerCertificate | undefined): RefusalCode | null {
    const { mode, spkiHashes } = this.settings
    if (mode === 'DISABLE') return null
    if (peer === undefined) return mode === 'STRICT' ? 'client_cert_missing' : null
    if (!this.allows(peer.subjectAltNames)) return 'client_cert_san_not_allowed'
    if (spkiHashes.length === 0) return null
    const isPinned = peer instanceof VerifiedPeer && spkiHashes.includes(peer.spkiHash)
    return isPinned ? null : 'client_cert_pin_mismatch'
  }
}

/** The contexts in use, by their settings: APIs with the same ones share one, over plans. */
export class TlsContexts {
  private readonly byKey = new Map<string, TlsContext>()
  private readonly keys = new WeakMap<InboundTls, string>()

  /** Throws an Error that says what is wrong with the settings. */
  of(settings: InboundTls): TlsContext {
    const key = this.keyOf(settings)
    let context = this.byKey.get(key)
    if (context === undefined) this.byKey.set(key, (context = new TlsContext(settings)))
    return context
  }

  get size(): number {
    return this.byKey.size
  }

  /** Forgets contexts that no plan needs any more. Connections on them are not touched. */
  keepOnly(settings: Iterable<InboundTls>): void {
    const kept = new Set([...settings].map((one) => this.keyOf(one)))
    for (const key of this.byKey.keys()) if (!kept.has(key)) this.byKey.delete(key)
  }

  private keyOf(settings: InboundTls): string {
    let key = this.keys.get(settings)
    if (key === undefined) this.keys.set(settings, (key = hash('sha256', canonical(settings), 'hex')))
    return key
  }
}

function canonical(settings: InboundTls): string {
  return JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function serverOf(settings: InboundTls): Server {
  const asks = settings.mode !== 'DISABLE'
  const server: Server & { _sharedCreds?: SecureContext } = createServer({
    ca: [],
    requestCert: asks,
    // Whoever is refused is told why in words, which an alert has none for.
    rejectUnauthorized: false,
    ALPNProtocols: settings.alpn.length === 0 ? [...spokenProtocols] : [...settings.alpn],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  // A server of Node does not hand `allowPartialTrustChain` on to the context that it makes. Should it come to keep
  // that elsewhere, its own has no certificate and no handshake succeeds.
  server._sharedCreds = secureContextOf(settings)
  server.on('secureConnection', function (this: { end?: HandshakeEnd }, socket: TLSSocket) {
    if (this.end === undefined) socket.destroy()
    else this.end.secured(socket)
  })
  server.on('tlsClientError', function (this: { end?: HandshakeEnd }, error: Error, socket: TLSSocket) {
    socket.destroy()
    this.end?.failed(error)
  })
  return server
}

function secureContextOf(settings: InboundTls): SecureContext {
  const { mode, certificate, trustedCa, crl, minVersion, maxVersion, ciphers } = settings
  const asks = mode !== 'DISABLE'
  const options: SecureContextOptions = {
    cert: certificate.certificate,
    key: certificate.key,
    minVersion,
    maxVersion,
    // Whoever names an intermediate CA as trusted means it, with or without its root.
    ...(asks ? { ca: trustedCa, allowPartialTrustChain: true } : { ca: [] }),
    // One text with several lists would be read up to the end of the first.
    ...(asks && crl !== '' ? { crl: blocksOf(crl, 'X509 CRL') } : {}),
    ...(ciphers.length === 0 ? {} : { ciphers: openSslCiphers(ciphers) }),
    // A resumed session would skip the look at the certificate, and a new handshake inside one could change it.
    secureOptions:
      constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
      constants.SSL_OP_NO_RENEGOTIATION |
      (asks ? constants.SSL_OP_NO_TICKET : 0),
    sessionIdContext: 'hexgate',
  }
  try {
    return createSecureContext(options)
  } catch (error) {
    throw new Error(`TLS cannot be set up: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The bound of those who own the connection is shorter. */
const HANDSHAKE_TIMEOUT_MS = 60_000

function checkSettings(settings: InboundTls): void {
  const { mode, certificate, trustedCa, crl, minVersion, maxVersion } = settings
  if (minVersion > maxVersion) throw new Error(`minversion ${minVersion} is above maxversion ${maxVersion}`)
  const unknown = settings.ciphers.find((name) => !isCipherSuite(name))
  if (unknown !== undefined) throw new Error(`ciphers: ${unknown} is not known`)
  const unspoken = settings.alpn.find((name) => !(spokenProtocols as readonly string[]).includes(name))
  if (unspoken !== undefined) throw new Error(`alpn: ${unspoken} is not spoken here`)
  for (const pattern of settings.subjectAltNames) {
    const fault = namePatternFault(pattern)
    if (fault !== undefined) throw new Error(`subjectAltNames: ${pattern} ${fault}`)
  }
  const noPin = settings.spkiHashes.find((pin) => !/^[A-Za-z0-9+/]{43}=$/.test(pin))
  if (noPin !== undefined) throw new Error(`spkiHashes: ${noPin} is no base64 of a SHA-256`)
  checkKeyPair(certificate)
  if (mode !== 'DISABLE') certificatesOf(trustedCa, 'trustedCA')
  if (mode !== 'DISABLE' && crl !== '' && blocksOf(crl, 'X509 CRL').length === 0)
    throw new Error('crl holds no list in PEM form')
}

function checkKeyPair({ certificate, key }: InboundTls['certificate']): void {
  const [leaf] = certificatesOf(certificate, 'certificate.crt')
  if (key === '') throw new Error('certificate.key is missing')
  let read: KeyObject
  try {
    read = createPrivateKey(key)
  } catch {
    throw new Error(`certificate.key ${/ENCRYPTED/.test(key) ? 'is encrypted' : 'cannot be read'}`)
  }
  if (leaf?.checkPrivateKey(read) !== true)
    throw new Error('certificate.key does not belong to certificate.crt')
}

/** The certificates of a PEM text. Throws where there is none, or one that cannot be read: OpenSSL would pass over it. */
export function certificatesOf(pem: string, where: string): X509Certificate[] {
  const blocks = blocksOf(pem, 'CERTIFICATE')
  if (blocks.length === 0) throw new Error(`${where} holds no certificate in PEM form`)
  return blocks.map((block, index) => {
    try {
      const certificate = new X509Certificate(block)
      readCertificate(certificate.raw)
      return certificate
    } catch {
      throw new Error(`certificate ${index + 1} of ${where} cannot be read`)
    }
  })
}

/** The blocks of a PEM text that have that label. */
export function blocksOf(pem: string, label: string): string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----`, 'g')) ?? []
}

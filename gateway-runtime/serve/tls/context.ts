import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { tlsText } from '#contract/placing.ts'
import type { PeerCertificate } from '#policies/exchange.ts'
import type { InboundTls } from '#policies/settings.ts'
import { Admission } from '#tls/admission.ts'
import { inboundContext, spokenProtocols } from '#tls/secure-context.ts'
import type { RefusalCode } from '../refusals.ts'

/** Told once how a handshake ended. */
export interface HandshakeEnd {
  secured(socket: TLSSocket): void
  failed(error: NodeJS.ErrnoException): void
}

/** TLS as one or several APIs want it towards their clients, ready for handshakes. */
export class TlsContext {
  readonly settings: InboundTls
  readonly admission: Admission
  private readonly server: Server

  /** Throws a TlsFault where the settings cannot be used. */
  constructor(settings: InboundTls) {
    const context = inboundContext(settings)
    this.settings = settings
    this.admission = new Admission(settings)
    this.server = serverOf(settings, context)
  }

  /** Does the handshake of a connection of which all bytes read so far are in the socket's buffer. */
  handshake(socket: Socket, end: HandshakeEnd): void {
    // Everything of the server but the one who is told: Node emits what comes of a handshake on the very object
    // that was given the connection.
    const ours: Server & { end?: HandshakeEnd } = Object.create(this.server)
    // Whoever leaves in the middle comes to no request; half open it would count until the handshake is too late.
    socket.allowHalfOpen = false
    ours.end = end
    ours.emit('connection', socket)
  }

  /** Why a client with that certificate, or without one, may not come in; its chain has been verified before. */
  faultOf(peer: PeerCertificate | undefined): RefusalCode | null {
    return this.admission.faultOf(peer)
  }
}

/** The contexts in use, by their settings: APIs with the same ones share one, over plans. */
export class TlsContexts {
  private readonly byKey = new Map<string, TlsContext>()
  private readonly keys = new WeakMap<InboundTls, string>()

  /** Throws a TlsFault where the settings cannot be used. */
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

  /** The same for settings that are the same. */
  keyOf(settings: InboundTls): string {
    let key = this.keys.get(settings)
    if (key === undefined) this.keys.set(settings, (key = hash('sha256', tlsText(settings), 'hex')))
    return key
  }
}

function serverOf(settings: InboundTls, context: SecureContext): Server {
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
  server._sharedCreds = context
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

/** The bound of those who own the connection is shorter. */
const HANDSHAKE_TIMEOUT_MS = 60_000

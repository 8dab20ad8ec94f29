import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { ConnectionOptions, PeerCertificate, SecureContext, TLSSocket } from 'node:tls'
import type { OutboundTls } from '#policies/settings.ts'
import { compileNames } from '#domain/subject-alt-names.ts'
import { readCertificate } from '#tls/certificate.ts'
import { outboundContext } from '#tls/secure-context.ts'
import { agreementOf } from '../agreements.ts'
import { PeerCounters, type Trust } from '../peers.ts'

/** Why TLS with an upstream did not come about. Each is a code of refusals.ts. */
export type TlsFailure =
  | 'upstream_tls_untrusted'
  | 'upstream_tls_cert_expired'
  | 'upstream_tls_cert_not_yet_valid'
  | 'upstream_tls_cert_revoked'
  | 'upstream_tls_name_mismatch'
  | 'upstream_tls_san_not_allowed'
  | 'upstream_tls_pin_mismatch'
  | 'upstream_tls_client_cert_refused'
  | 'upstream_tls_handshake'

/** Handshakes with an upstream by how they ended. */
export interface TlsFigures {
  /** False where any certificate is taken (`skipValidation`). */
  readonly verifies: boolean
  readonly established: number
  readonly failed: Readonly<Partial<Record<TlsFailure, number>>>
  /** What the last failed handshake said. */
  readonly lastFault: string | undefined
  /** Handshakes by what the upstream showed (peers.ts). */
  readonly peers: ReadonlyMap<string, number>
}

/** The certificate verified, but is not one that this upstream may show. */
class NotAccepted extends Error {
  readonly failure: TlsFailure

  constructor(failure: TlsFailure, detail: string) {
    super(detail)
    this.failure = failure
  }
}

/** TLS towards the endpoints of one upstream. Every connection makes a full handshake, so that none skips a check. */
export class OutboundContext {
  private readonly settings: OutboundTls | undefined
  private readonly context: SecureContext
  private readonly spoken: string
  private readonly allows: ReturnType<typeof compileNames>
  private readonly failed: Partial<Record<TlsFailure, number>> = {}
  private readonly peers = new PeerCounters()
  private established = 0
  private lastFault: string | undefined

  /** `spoken` is the one protocol that the pool speaks, by its ALPN name. Throws a TlsFault where the settings cannot be used. */
  constructor(settings: OutboundTls | undefined, spoken: string) {
    this.settings = settings
    this.context = outboundContext(settings)
    this.allows = compileNames(settings?.subjectAltNames ?? [])
    this.spoken = spoken
  }

  get figures(): TlsFigures {
    const { established, lastFault } = this
    const { figures: peers } = this.peers
    return { verifies: this.verifies, established, failed: { ...this.failed }, lastFault, peers }
  }

  /** False where any certificate is taken. */
  get verifies(): boolean {
    return this.settings?.skipValidation !== true
  }

  /** What `tls.connect` needs beside the place to connect to. */
  optionsFor(host: string): ConnectionOptions {
    return this.optionsWith(host, (peer) => this.see(peer))
  }

  /** The same for whoever only looks: what it meets is no peer of any traffic. */
  probeOptionsFor(host: string): ConnectionOptions {
    return this.optionsWith(host, () => undefined)
  }

  private optionsWith(host: string, accepted: (peer: PeerCertificate) => void): ConnectionOptions {
    const named = this.settings?.serverName ?? ''
    const name = (named === '' ? host : named).replace(/\.$/, '')
    return {
      secureContext: this.context,
      // RFC 6066 §3: an address is no server name.
      servername: isIP(name) === 0 ? name : '',
      ALPNProtocols: [this.spoken],
      rejectUnauthorized: this.verifies,
      checkServerIdentity: (_host, peer) => {
        const fault = this.faultOf(peer, name)
        if (fault === undefined) accepted(peer)
        return fault
      },
    }
  }

  /** Counts a handshake, and gives what it came to. */
  succeeded(socket: TLSSocket): number {
    this.established++
    // The signature schemes of a CertificateRequest are all that Node tells of it (RFC 8446 §4.3.2, RFC 5246 §7.4.4).
    const isAsked = socket.getSharedSigalgs().length > 0
    return agreementOf(socket, isAsked && this.settings?.certificate !== undefined)
  }

  /** The code of a handshake that failed, which is counted. */
  failureOf(error: NodeJS.ErrnoException | null): TlsFailure {
    const failure = classified(error)
    this.failed[failure] = (this.failed[failure] ?? 0) + 1
    this.lastFault = faultText(error)
    return failure
  }

  private see(peer: PeerCertificate): void {
    const parts = partsOf(peer.raw)
    if (parts === undefined) return
    const { subject, issuer, subjectAltNames } = parts
    const sha256 = peer.fingerprint256.replaceAll(':', '').toLowerCase()
    this.peers.seen(
      { sha256, subject, issuer, subjectAltNames, chain: chainOf(peer) },
      this.settings ?? system,
      undefined,
    )
  }

  // Called once OpenSSL has verified the chain.
  private faultOf(peer: PeerCertificate, name: string): Error | undefined {
    const { subjectAltNames = [], spkiHashes = [] } = this.settings ?? {}
    if (subjectAltNames.length === 0 && !isFor(new X509Certificate(peer.raw), name))
      return new NotAccepted('upstream_tls_name_mismatch', `the certificate is not for ${name}`)
    if (subjectAltNames.length === 0 && spkiHashes.length === 0) return undefined
    const parts = partsOf(peer.raw)
    if (parts === undefined || !this.allows(parts.subjectAltNames))
      return new NotAccepted('upstream_tls_san_not_allowed', 'no name of the certificate is allowed')
    if (spkiHashes.length > 0 && !spkiHashes.includes(parts.spkiHash))
      return new NotAccepted('upstream_tls_pin_mismatch', 'the public key of the certificate is not pinned')
    return undefined
  }
}

/** The CAs of the system that the gateway runs on, which are known by no name here. */
const system: Trust = { trustedCa: '' }
const CHAIN_MAX = 10

function chainOf(leaf: PeerCertificate & { issuerCertificate?: PeerCertificate }): X509Certificate[] {
  const chain: X509Certificate[] = []
  // The last one names itself.
  for (let each: typeof leaf | undefined = leaf; each && chain.length < CHAIN_MAX; ) {
    chain.push(new X509Certificate(each.raw))
    each = each.issuerCertificate === each ? undefined : each.issuerCertificate
  }
  return chain
}

// RFC 9525 §6: subject alternative names alone, never the common name; a wildcard is a whole label.
const NAMES_ONLY = { subject: 'never', partialWildcards: false } as const

/** Whether a certificate is for a host or an address. */
function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  return certificate.checkHost(name, NAMES_ONLY) !== undefined
}

// One that cannot be read to the end, or with a forged name, has no name that counts.
function partsOf(der: Buffer): ReturnType<typeof readCertificate> | undefined {
  try {
    return readCertificate(der)
  } catch {
    return undefined
  }
}

const CLIENT_REFUSED =
  /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|NO_CERTIFICATE|ACCESS_DENIED)/

/** Whether the peer said by an alert that it does not take our certificate, or misses one. With TLS 1.3 it does so late. */
export function refusesClient(error: NodeJS.ErrnoException | null): boolean {
  return CLIENT_REFUSED.test(error?.code ?? '')
}

/** The code of a handshake that did not come about. */
export function classified(error: NodeJS.ErrnoException | null): TlsFailure {
  if (error instanceof NotAccepted) return error.failure
  if (refusesClient(error)) return 'upstream_tls_client_cert_refused'
  const code = error?.code ?? 'ECONNRESET'
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'upstream_tls_cert_expired'
    case 'CERT_NOT_YET_VALID':
      return 'upstream_tls_cert_not_yet_valid'
    case 'CERT_REVOKED':
      return 'upstream_tls_cert_revoked'
    default:
      // What OpenSSL says of certificates has names of its own, neither of Node nor of the system.
      return /^(?:ERR_|E[A-Z0-9]+$)/.test(code) ? 'upstream_tls_handshake' : 'upstream_tls_untrusted'
  }
}

// The message of OpenSSL's own errors begins with numbers and ends with places in its source.
export function faultText(error: (NodeJS.ErrnoException & { reason?: unknown }) | null): string {
  if (error === null) return 'the connection ended inside the handshake'
  return typeof error.reason === 'string' ? error.reason : error.message
}

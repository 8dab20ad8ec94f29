import type { X509Certificate } from 'node:crypto'
import type { ClientFault } from '#domain/handshake.ts'
import { compileNames } from '#domain/subject-alt-names.ts'
import type { PeerCertificate } from '#policies/exchange.ts'
import type { InboundTls } from '#policies/settings.ts'
import { type Judged, judge } from './client-certificate.ts'
import { VerifiedPeer } from './verified-peer.ts'

type Admitting = Pick<InboundTls, 'mode' | 'subjectAltNames' | 'spkiHashes'>

/** What came of a handshake: the peer where it may come in with its certificate. */
export interface Admitted {
  /** Undefined where none was shown or asked for, or where `fault` says why it does not count. */
  readonly peer: VerifiedPeer | undefined
  readonly fault: ClientFault | null
}

/** Which clients TLS settings let in, once OpenSSL has looked at the chain. */
export class Admission {
  private readonly settings: Admitting
  private readonly allows: ReturnType<typeof compileNames>

  constructor(settings: Admitting) {
    this.settings = settings
    this.allows = compileNames(settings.subjectAltNames)
  }

  get asksForCertificate(): boolean {
    return this.settings.mode !== 'DISABLE'
  }

  /** `error` is OpenSSL's code for what is wrong with the chain; undefined where it verified. */
  judge(certificate: X509Certificate | undefined, error: string | undefined, nowMs: number): Admitted {
    if (certificate === undefined || !this.asksForCertificate)
      return { peer: undefined, fault: this.faultOf(undefined) }
    const { peer, fault: wrong }: Judged = judge(certificate, error, nowMs)
    const fault = wrong ?? this.faultOf(peer)
    return { peer: fault === null ? peer : undefined, fault }
  }

  /** Why a client with that certificate, or without one, may not come in; its chain has been verified before. */
  faultOf(peer: PeerCertificate | undefined): ClientFault | null {
    const { mode, spkiHashes } = this.settings
    if (mode === 'DISABLE') return null
    if (peer === undefined) return mode === 'STRICT' ? 'client_cert_missing' : null
    if (!this.allows(peer.subjectAltNames)) return 'client_cert_san_not_allowed'
    if (spkiHashes.length === 0) return null
    const isPinned = peer instanceof VerifiedPeer && spkiHashes.includes(peer.spkiHash)
    return isPinned ? null : 'client_cert_pin_mismatch'
  }
}

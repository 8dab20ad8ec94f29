import type { Observed, ObservedPeer } from '../peer.ts'
import { inDays } from './certificates.ts'

/** Somebody who called Orders yesterday with a certificate of the internal CA, unless it is said otherwise. */
export function peer(change: Partial<ObservedPeer> = {}): ObservedPeer {
  return {
    apiId: 'Orders',
    side: 'inbound',
    subject: 'CN=shop',
    issuer: 'CN=Internal CA',
    names: [],
    anchorSha256: null,
    partyId: null,
    lastSeenAt: inDays(-1),
    ...change,
  }
}

export function seen(...peers: ObservedPeer[]): Observed {
  return { since: inDays(-30), peers }
}

import type { Observed, ObservedAgreement, ObservedCaller, ObservedPeer } from '../peer.ts'
import { inDays } from './certificates.ts'

/** Somebody who called Orders yesterday with a certificate of the internal CA, unless it is said otherwise. */
export function peer(change: Partial<ObservedPeer> = {}): ObservedPeer {
  return {
    apiId: 'Orders',
    side: 'inbound',
    subject: 'CN=shop',
    issuer: 'CN=Internal CA',
    names: [],
    sha256: null,
    anchorSha256: null,
    clientIds: [],
    lastSeenAt: inDays(-1),
    ...change,
  }
}

/** A client under contract that called Orders yesterday; null for somebody without a name. */
export function caller(clientId: string | null, change: Partial<ObservedCaller> = {}): ObservedCaller {
  return { apiId: 'Orders', clientId, lastSeenAt: inDays(-1), ...change }
}

/** TLS 1.3 with certificates on both sides, by which Orders has been called for a week. */
export function agreement(change: Partial<ObservedAgreement> = {}): ObservedAgreement {
  return {
    apiId: 'Orders',
    side: 'inbound',
    version: '1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    isMutual: true,
    firstSeenAt: inDays(-7),
    lastSeenAt: inDays(-0.01),
    ...change,
  }
}

/** What nodes saw of Orders, which they have watched for thirty days. */
export function observing(change: Partial<Observed> = {}): Observed {
  return {
    apis: { Orders: { since: inDays(-30), publishedAt: inDays(-30) } },
    peers: [],
    callers: [],
    agreements: [],
    ...change,
  }
}

export function seen(...peers: ObservedPeer[]): Observed {
  return observing({ peers })
}

import { X509Certificate } from 'node:crypto'
import type { SubjectAltName } from '#domain/certificate.ts'

/** Far ends of TLS whose certificates have been verified, counted by what they showed. */

export interface ShownChain {
  /** Of the leaf, lower-case hex. */
  readonly sha256: string
  /** RFC 4514 text. */
  readonly subject: string
  readonly issuer: string
  readonly subjectAltNames: readonly SubjectAltName[]
  /** The leaf, then what was sent along with it. */
  readonly chain: readonly X509Certificate[]
}

export interface Trust {
  readonly trustedCa: string
}

/** What is reported of a peer; its JSON text is what counts are kept under. */
export type PeerFacts = readonly [
  subject: string,
  issuer: string,
  names: readonly SubjectAltName[],
  /** The SHA-256 of the trusted certificate that its chain ended at. */
  anchor: string | null,
]

/** Callers may come with any number of certificates. */
const PEERS_MAX = 200
const NAMES_MAX = 10

/** The peers of one API, or of one upstream. */
export class PeerCounters {
  private readonly known = new WeakMap<object, { count: number }>()
  private readonly counts = new Map<string, { count: number }>()

  /** `peer` is one and the same object for as long as its connection lasts. */
  seen(peer: ShownChain, trust: Trust): void {
    let counter = this.known.get(peer)
    if (counter === undefined) this.known.set(peer, (counter = this.counterOf(peer, trust)))
    counter.count++
  }

  private counterOf(peer: ShownChain, trust: Trust): { count: number } {
    const { subject, issuer, subjectAltNames } = peer
    const facts: PeerFacts = [subject, issuer, subjectAltNames.slice(0, NAMES_MAX), anchorOf(peer, trust)]
    const key = JSON.stringify(facts)
    let counter = this.counts.get(key)
    if (counter === undefined) {
      counter = { count: 0 }
      if (this.counts.size < PEERS_MAX) this.counts.set(key, counter)
    }
    return counter
  }

  get figures(): ReadonlyMap<string, number> {
    return new Map([...this.counts].map(([key, { count }]) => [key, count]))
  }
}

/** What a key of the figures says. */
export function peerFactsIn(key: string): PeerFacts {
  // Written above, in this process or a sibling of the same build.
  return JSON.parse(key) as PeerFacts
}

// ── whose chain ─────────────────────────────────────────────────────────────

interface Anchors {
  readonly trusted: readonly X509Certificate[]
  /** By the leaf. */
  readonly found: Map<string, string | null>
}

const anchors = new WeakMap<Trust, Anchors>()
const FOUND_MAX = 1_000

/** The trusted certificate that a verified chain ended at; null where the CAs are those of the system. */
function anchorOf({ sha256, chain }: ShownChain, trust: Trust): string | null {
  let known = anchors.get(trust)
  if (known === undefined)
    anchors.set(trust, (known = { trusted: certificatesIn(trust.trustedCa), found: new Map() }))
  let anchor = known.found.get(sha256)
  if (anchor === undefined) {
    anchor = anchorAmong(chain, known.trusted)
    if (known.found.size < FOUND_MAX) known.found.set(sha256, anchor)
  }
  return anchor
}

function anchorAmong(chain: readonly X509Certificate[], trusted: readonly X509Certificate[]): string | null {
  for (const certificate of chain) {
    const anchor =
      trusted.find((one) => one.raw.equals(certificate.raw)) ??
      trusted.find((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey))
    if (anchor !== undefined) return digestOf(anchor)
  }
  return null
}

function digestOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Those that can be read; what cannot was refused when its context was made. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

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
  /** The SHA-256 of the leaf. */
  sha256: string,
  /** The client that called, where a policy found one. */
  client: string | null,
]

/** Callers may come with any number of certificates. */
const PEERS_MAX = 200
const NAMES_MAX = 10
/** Of one connection; beyond it they count as one without a name. */
const CLIENTS_MAX = 50

/** `kept` until another took its place; `beyond` where there was none. */
interface Counter {
  count: number
  /** When figures were read last. */
  told: number
  state: 'kept' | 'gone' | 'beyond'
}

/** A connection's counters by the clients that came over it, which are one as a rule. */
interface Known {
  readonly client: string | undefined
  counter: Counter
  readonly next: Known | undefined
  readonly length: number
}

/** The peers of one API, or of one upstream. */
export class PeerCounters {
  private readonly known = new WeakMap<object, Known>()
  private readonly counts = new Map<string, Counter>()

  /** `peer` is one and the same object for as long as its connection lasts. */
  seen(peer: ShownChain, trust: Trust, client: string | undefined): void {
    const first = this.known.get(peer)
    let known = first
    while (known !== undefined && known.client !== client) known = known.next
    if (known === undefined) {
      if (client !== undefined && first !== undefined && first.length >= CLIENTS_MAX)
        return this.seen(peer, trust, undefined)
      const counter = this.counterOf(peer, trust, client)
      known = { client, counter, next: first, length: (first?.length ?? 0) + 1 }
      this.known.set(peer, known)
    } else if (known.counter.state === 'gone') known.counter = this.counterOf(peer, trust, client)
    known.counter.count++
  }

  private counterOf(peer: ShownChain, trust: Trust, client: string | undefined): Counter {
    const { subject, issuer, subjectAltNames, sha256 } = peer
    const names = subjectAltNames.slice(0, NAMES_MAX)
    const facts: PeerFacts = [subject, issuer, names, anchorOf(peer, trust), sha256, client ?? null]
    const key = JSON.stringify(facts)
    const before = this.counts.get(key)
    if (before !== undefined) return before
    const counter: Counter = { count: 0, told: 0, state: 'kept' }
    if (this.counts.size >= PEERS_MAX && !this.makesRoom()) counter.state = 'beyond'
    else this.counts.set(key, counter)
    return counter
  }

  /** Forgets one that did not come since figures were read, such as a certificate that was renewed. */
  private makesRoom(): boolean {
    for (const [key, counter] of this.counts) {
      if (counter.count !== counter.told) continue
      counter.state = 'gone'
      return this.counts.delete(key)
    }
    return false
  }

  get figures(): ReadonlyMap<string, number> {
    const figures = new Map<string, number>()
    for (const [key, counter] of this.counts) {
      counter.told = counter.count
      figures.set(key, counter.count)
    }
    return figures
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

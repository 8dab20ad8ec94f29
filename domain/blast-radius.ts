import { type CertificateFacts, earliestWatch, type Validity, validityOf, type Watch } from './certificate.ts'
import type { Subject } from './finding.ts'
import { ascending, count } from './listing.ts'
import { spokenBy, watchesOf } from './stored.ts'
import type { Topology } from './topology.ts'
import { allOf, flowsByLeg, type Use, usesOf } from './uses.ts'

/** What fails when a certificate lapses or a CA is dropped, and when that will be. */

export interface Reach {
  readonly contextIds: readonly string[]
  readonly legIds: readonly string[]
  readonly flowIds: readonly string[]
  readonly apiIds: readonly string[]
  readonly consumerIds: readonly string[]
}

export interface BlastRadius {
  readonly ofContext: (contextId: string) => Reach
  readonly ofCertificate: (certificateId: string) => Reach
  /** Every context that trusts it: whoever shows a certificate of it there is shut out without it. */
  readonly ofAuthority: (authorityId: string) => Reach
  /** Of a certificate that stands in policies, by its fingerprint. */
  readonly ofInline: (sha256: string) => Reach
}

/** Goes over the topology once, so that everything can be asked for at no cost. */
export function blastRadius(topology: Pick<Topology, 'legs' | 'flows' | 'apis' | 'contexts'>): BlastRadius {
  const { legs, flows, apis, contexts } = topology
  const uses = usesOf(legs, flowsByLeg(flows), apis)
  const ofContexts = (ids: readonly string[]) => reachOf(ids, ids.map(uses.ofContext))
  const inline = Map.groupBy(
    apis.flatMap((api) =>
      spokenBy(api).flatMap(({ side, tls }) =>
        (tls.inline?.chain ?? []).map(({ sha256 }) => ({ sha256, use: uses.ofSide(api.id, side) })),
      ),
    ),
    ({ sha256 }) => sha256,
  )
  return {
    ofContext: (contextId) => ofContexts([contextId]),
    ofCertificate: (id) =>
      ofContexts(contexts.filter(({ keystoreId }) => keystoreId === id).map((context) => context.id)),
    ofAuthority: (id) =>
      ofContexts(
        contexts.filter(({ authorityIds }) => authorityIds.includes(id)).map((context) => context.id),
      ),
    ofInline: (sha256) =>
      reachOf(
        [],
        (inline.get(sha256) ?? []).map(({ use }) => use),
      ),
  }
}

function reachOf(contextIds: readonly string[], uses: readonly Use[]): Reach {
  const { legIds, flowIds, apiIds, consumerIds } = allOf(uses)
  const inOrder = (ids: Iterable<string>) => [...ids].toSorted(ascending)
  return {
    contextIds: inOrder(contextIds),
    legIds: inOrder(legIds),
    flowIds: inOrder(flowIds),
    apiIds: inOrder(apiIds),
    consumerIds: inOrder(consumerIds),
  }
}

/** How far it goes, in a few words: `7 APIs, 12 consumers, 9 legs`. */
export function reachText({ apiIds, consumerIds, legIds }: Reach): string {
  if (legIds.length === 0) return 'nothing uses it'
  return [
    count(apiIds.length, 'API'),
    count(consumerIds.length, 'consumer'),
    count(legIds.length, 'leg'),
  ].join(', ')
}

// ── when ────────────────────────────────────────────────────────────────────

export interface Expiry extends Validity {
  /** What ends: a certificate, a CA, or the certificate in an API's policies. */
  readonly about: Subject
  /** Of an API: towards whom its policies show it. */
  readonly towards: string | null
  /** What is shown or trusted under that name; of its chain `subject` ends first. */
  readonly leaf: CertificateFacts
  readonly subject: string
  readonly notAfter: string
  readonly reach: Reach
}

interface Ending {
  readonly about: Subject
  readonly towards: string | null
  readonly chain: readonly CertificateFacts[]
  readonly reach: Reach
  readonly rotationWindowDays: number
}

/** Everything that will end, the soonest first; of a chain what ends first of it. */
export function expiries(topology: Topology, now: Date, watched: Watch): Expiry[] {
  const apis = new Map(topology.apis.map((api) => [api.id, api]))
  return endingsOf(topology)
    .flatMap(({ about, towards, chain, reach, rotationWindowDays }): Expiry[] => {
      const first = chain.toSorted((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))[0]
      const [leaf] = chain
      if (!first || !leaf) return []
      const { subject, notAfter } = first
      const concerned = reach.apiIds.flatMap((id) => apis.get(id) ?? [])
      const watch = earliestWatch(first, watchesOf(concerned, watched), rotationWindowDays)
      return [{ about, towards, leaf, subject, notAfter, reach, ...validityOf(first, now, watch) }]
    })
    .toSorted(
      (a, b) =>
        Date.parse(a.notAfter) - Date.parse(b.notAfter) ||
        ascending(`${a.about.kind} ${a.about.id} ${a.subject}`, `${b.about.kind} ${b.about.id} ${b.subject}`),
    )
}

function endingsOf(topology: Topology): Ending[] {
  const radius = blastRadius(topology)
  return [
    ...topology.certificates.map(({ id, name, chain, rotationWindowDays }) => ({
      about: { kind: 'certificate', id, name } as const,
      towards: null,
      chain,
      reach: radius.ofCertificate(id),
      rotationWindowDays: rotationWindowDays ?? 0,
    })),
    ...topology.authorities.map(({ id, name, certificate }) => ({
      about: { kind: 'authority', id, name } as const,
      towards: null,
      chain: [certificate],
      reach: radius.ofAuthority(id),
      rotationWindowDays: 0,
    })),
    ...topology.apis.flatMap(({ id, name, ...api }) =>
      spokenBy(api).map(({ towards, tls: { inline } }) => ({
        about: { kind: 'api', id, name } as const,
        towards,
        chain: inline?.chain ?? [],
        reach: radius.ofInline(inline?.chain[0]?.sha256 ?? ''),
        rotationWindowDays: 0,
      })),
    ),
  ]
}

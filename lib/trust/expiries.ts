import { blastRadius, type Expiry, expiries, type Reach } from '#domain/blast-radius.ts'
import { dayMs, earliestWatch, pathFrom, validityOf, warningMs, type Watch } from '#domain/certificate.ts'
import type { ExpiryEntry, ExpiryList, Standing } from '#domain/expiry.ts'
import { ascending } from '#domain/listing.ts'
import { Problem } from '#domain/problem.ts'
import { issuersIn } from '#domain/proof.ts'
import { type Stored, watchesOf } from '#domain/stored.ts'
import { describeTopology, type Topology } from '#domain/topology.ts'
import { type CertificateView, renewalMethods } from '#domain/trust.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { readStored } from '../networks/read.ts'
import { certificateIn } from './read.ts'

/** Everything of the organisation that can lapse, the soonest first, with what fails then; last what is only asked for. */
export async function listExpiries(actor: Actor, now = new Date()): Promise<ExpiryList> {
  requirePermission(actor, 'trust.read')
  const { organisationId } = actor
  const [stored, rows] = await Promise.all([
    readStored(actor, now),
    db().certificate.findMany({
      where: { organisationId },
      select: {
        id: true,
        name: true,
        kind: true,
        renewalMethod: true,
        versions: { select: { state: true } },
        kept: { select: { nodes: { select: { request: true } } } },
      },
      orderBy: { name: 'asc' },
    }),
  ])
  const topology = describeTopology(stored, now)
  const requested = new Set(
    rows.flatMap(({ id, versions, kept }) => {
      const isOut = versions.some(({ state }) => state === 'requested')
      return isOut || kept?.nodes.some(({ request }) => request !== null) ? [id] : []
    }),
  )
  const known = new Map(topology.certificates.map((certificate) => [certificate.id, certificate]))
  const waiting = rows.filter(({ id }) => !known.has(id))
  return {
    at: now.toISOString(),
    entries: [
      ...expiries(topology, now, stored.watch).map((expiry) => entryOf(expiry, topology, known, requested)),
      ...waiting.map((row) => waitingEntry(row, requested.has(row.id) || row.kept !== null)),
    ],
  }
}

function entryOf(
  { about, towards, leaf, subject, notAfter, state, daysLeft, reach }: Expiry,
  { apis, contexts }: Topology,
  known: ReadonlyMap<string, CertificateView>,
  requested: ReadonlySet<string>,
): ExpiryEntry {
  const certificate = about.kind === 'certificate' ? known.get(about.id) : undefined
  const reached = new Set(reach.contextIds)
  return {
    id: [about.kind, about.id, ...(towards === null ? [] : [towards])].join(' '),
    about,
    apiId: (about.kind === 'api' && apis.find(({ id }) => id === about.id)?.apiId) || null,
    towards,
    kind: certificate?.kind ?? (about.kind === 'authority' ? 'ca' : null),
    ends: {
      state,
      daysLeft,
      notBefore: leaf.notBefore,
      notAfter,
      subject: leaf.subject,
      issuer: leaf.issuer,
      names: leaf.names.map(({ value }) => value),
      first: subject === leaf.subject ? null : subject,
    },
    contexts: contexts.filter(({ id }) => reached.has(id)).map(({ id, name }) => ({ id, name })),
    breaks: {
      apis: reach.apiIds.length,
      consumers: reach.consumerIds.length,
      legs: reach.legIds.length,
    },
    renewalMethod: certificate?.renewalMethod ?? null,
    isRequested: requested.has(about.id),
  }
}

interface Waiting {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly renewalMethod: string
}

function waitingEntry({ id, name, kind, renewalMethod }: Waiting, isRequested: boolean) {
  return {
    id: `certificate ${id}`,
    about: { kind: 'certificate', id, name },
    apiId: null,
    towards: null,
    kind: kind === 'client' || kind === 'ca' ? kind : 'server',
    ends: null,
    contexts: [],
    breaks: { apis: 0, consumers: 0, legs: 0 },
    renewalMethod: renewalMethods.find((each) => each === renewalMethod) ?? null,
    isRequested,
  } satisfies ExpiryEntry
}

// ── one certificate ─────────────────────────────────────────────────────────

/** How a certificate stands at a moment: its chain up to a CA, and what fails when it lapses. */
export async function readStanding(actor: Actor, id: string, now = new Date()): Promise<Standing> {
  requirePermission(actor, 'trust.read')
  const [record, stored] = await Promise.all([
    certificateIn(db(), actor.organisationId, id),
    readStored(actor, now),
  ])
  const topology = describeTopology(stored, now)
  const certificate = topology.certificates.find((each) => each.id === record.id)
  const reach = blastRadius(topology).ofCertificate(id)
  const contexts = topology.contexts.filter(({ keystoreId }) => keystoreId === id)
  const used = { ...namesOf(reach, topology), contexts: contexts.map(contextOf) }
  const at = now.toISOString()
  if (!certificate) {
    const chain = { links: [], anchor: null, missing: null, known: null }
    return { at, validity: null, chain, ...used }
  }
  const concerned = topology.apis.filter(({ id: apiId }) => reach.apiIds.includes(apiId))
  const wanted = watchesOf(concerned, stored.watch)
  const watchOf = (each: CertificateView['chain'][number]) =>
    earliestWatch(each, wanted, certificate.rotationWindowDays ?? 0)
  const trusted = contexts.length > 0 ? new Set(contexts.flatMap(({ authorityIds }) => authorityIds)) : null
  return {
    at,
    validity: validityIn(certificate, now, watchOf),
    chain: chainOf(certificate, stored, trusted, now, watchOf),
    ...used,
  }
}

type WatchOf = (certificate: CertificateView['chain'][number]) => Watch

const contextOf = ({ id, name, class: cls }: Topology['contexts'][number]) => ({ id, name, class: cls })

function validityIn({ chain }: CertificateView, now: Date, watchOf: WatchOf): Standing['validity'] {
  const [first] = chain.toSorted((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))
  if (!first) throw new Problem('not-found', 'There is no such certificate.')
  const { subject, notAfter } = first
  const watch = watchOf(first)
  return {
    ...validityOf(first, now, watch),
    subject,
    notAfter,
    warningDays: Math.round(warningMs(first, watch) / dayMs),
  }
}

// Where no context says which CAs are meant, any that is known here may be.
function chainOf(
  { chain: [leaf, ...sent] }: CertificateView,
  stored: Stored,
  trusted: ReadonlySet<string> | null,
  now: Date,
  watchOf: WatchOf,
): Standing['chain'] {
  if (!leaf) return { links: [], anchor: null, missing: null, known: null }
  const authorities = stored.authorities.filter(({ id }) => trusted === null || trusted.has(id))
  const anchors = authorities.map(({ certificate }) => certificate)
  const { certificates, anchor, missing } = pathFrom(leaf, sent, anchors)
  const came = new Set([leaf, ...sent].map(({ sha256 }) => sha256))
  const end = authorities.find(({ certificate }) => certificate.sha256 === anchor?.sha256)
  const known = issuersIn(stored).find(({ subject }) => subject === missing)
  return {
    links: certificates.map((each) => ({
      ...each,
      ...validityOf(each, now, watchOf(each)),
      isSent: came.has(each.sha256),
    })),
    anchor: end ? { id: end.id, name: end.name } : null,
    missing,
    known: known ? known.subject : null,
  }
}

function namesOf(reach: Reach, { apis, parties, legs }: Topology) {
  const [apiIds, consumerIds, legIds] = [reach.apiIds, reach.consumerIds, reach.legIds].map(
    (ids) => new Set(ids),
  )
  const byName = (a: { name: string }, b: { name: string }) => ascending(a.name, b.name)
  return {
    apis: apis
      .filter(({ id }) => apiIds?.has(id))
      .map(({ id, apiId, name, label }) => ({ id, apiId, name, label }))
      .toSorted(byName),
    consumers: parties
      .filter(({ id }) => consumerIds?.has(id))
      .map(({ id, name }) => ({ id, name }))
      .toSorted(byName),
    legs: legs
      .filter(({ id }) => legIds?.has(id))
      .map(({ id, from, to }) => ({ id, from: from.name, to: to.name })),
  }
}

import { dayMs } from '../certificate.ts'
import { type Finding, found } from '../finding.ts'
import { listed } from '../listing.ts'
import type { ObservedCaller, PeerView } from '../peer.ts'
import { type ApiView, type Spoken, spokenBy } from '../stored.ts'
import { compileNames } from '../subject-alt-names.ts'
import { nobodyElse, type Seen, seenOf } from './seen.ts'
import { aboutApi, touching, type World } from './world.ts'

/** Where those that nodes see differ from those that are declared. */
export function lintPeers(world: World): Finding[] {
  return seenOf(world).flatMap((seen) => [
    ...undeclared(seen, world),
    ...undeclaredCallers(seen, world),
    ...neverSeen(seen, world),
  ])
}

/** Whoever was not there for so long is nobody's concern. */
const concernDays = 30
/** Until what is published is served and calls from before have been reported. */
const settlingMs = 60_000

// ── undeclared ──────────────────────────────────────────────────────────────

function undeclared(seen: Seen, world: World): Finding[] {
  const strangers = new Map<string, { peer: PeerView; why: string }>()
  for (const peer of seen.peers) {
    if (isForgotten(peer.lastSeenAt, world)) continue
    const why = whyUndeclared(seen, peer, world)
    const name = `${peer.side} ${peer.subject} ${peer.issuer}`
    const known = strangers.get(name)
    if (why !== null && (!known || known.peer.lastSeenAt < peer.lastSeenAt))
      strangers.set(name, { peer, why })
  }
  return [...strangers].map(([name, { peer, why }]) => {
    const { api } = seen
    const towards = peer.side === 'inbound' ? `calls ${api.name}` : `answers for ${api.name}`
    return found(
      {
        code: 'flow.undeclared-peer',
        severity: 'warning',
        about: aboutApi(api),
        why: `${peer.subject}, from ${peer.issuer}, ${towards} and was last seen on ${peer.lastSeenAt}: ${why}.`,
        fix: peer.side === 'inbound' ? declare(api) : sayWho(api),
        ...touching(world.uses.ofSide(api.id, peer.side)),
      },
      name,
    )
  })
}

function declare({ id, name }: ApiView): Finding['fix'] {
  const label = `Declare the flow to ${name}, or shut it out`
  return { kind: 'add-flow', label, target: { kind: 'api', id }, isSafe: false }
}

function sayWho({ id, name }: ApiView): Finding['fix'] {
  const label = `Say who may answer for ${name}`
  return { kind: 'edit-tls', label, target: { kind: 'api', id }, isSafe: false }
}

function whyUndeclared(seen: Seen, peer: PeerView, world: World): string | null {
  const why = peer.side === 'inbound' ? whyNoConsumer(seen, peer, world) : whyNoProvider(seen, peer, world)
  if (why !== null) return why
  // Of several upstreams nobody knows which one answered: one that would have it is enough.
  const faults = spokenBy(seen.api)
    .filter(({ side }) => side === peer.side)
    .map(({ tls }) => whyStrange(tls, peer, world))
  return faults.length > 0 && faults.every((fault) => fault !== null) ? (faults[0] ?? null) : null
}

function whyNoConsumer(seen: Seen, peer: PeerView, world: World): string | null {
  const { partyId, possibleIds } = peer
  const declared = new Set(seen.flows.map(({ consumerId }) => consumerId))
  const mayBe = partyId === null ? possibleIds : [partyId]
  if (mayBe.length > 0 && !mayBe.some((id) => declared.has(id)))
    return `no flow from ${partyNames(mayBe, 'or', world)} to it is declared`
  if (declared.size === 0) return 'no flow to it is declared'
  if (mayBe.length > 0 || !nobodyElse(seen.flows, world)) return null
  return `it is none of the declared consumers (${partyNames(declared, 'and', world)})`
}

function whyNoProvider({ api }: Seen, { partyId, possibleIds }: PeerView, world: World): string | null {
  const mayBe = partyId === null ? possibleIds : [partyId]
  if (api.providerId === null || mayBe.length === 0 || mayBe.includes(api.providerId)) return null
  return `it is ${partyNames(mayBe, 'or', world)}, and ${partyNames([api.providerId], 'or', world)} is declared to provide it`
}

function partyNames(ids: Iterable<string>, joint: 'and' | 'or', { at }: World): string {
  const names = listed([...ids].map((id) => at.parties.get(id)?.name ?? id))
  return joint === 'and' ? names : names.replace(/ and (?=[^,]*$)/, ' or ')
}

function whyStrange(tls: Spoken['tls'], peer: PeerView, world: World): string | null {
  if (!compileNames(tls.subjectAltNames)(peer.names))
    return `it has none of the allowed names (${listed(tls.subjectAltNames)})`
  return strangeCa(tls.contextId, peer, world)
}

// An issuer below a CA of the context that nobody has seen yet cannot be told from a stranger but by its anchor.
function strangeCa(contextId: string | null, { anchorSha256 }: PeerView, world: World): string | null {
  const context = contextId === null ? undefined : world.contexts.get(contextId)
  if (!context || anchorSha256 === null) return null
  if (context.authorities.some(({ certificate }) => certificate.sha256 === anchorSha256)) return null
  return `its chain ends at no CA of the context ${context.ref.name}`
}

/** A key or token names its party, so that one without a flow is a stranger by name. */
function undeclaredCallers({ api, callers, flows, publishedAt }: Seen, world: World): Finding[] {
  // What a key opens follows flows at once: whoever called before knew no better.
  if (publishedAt === null) return []
  const since = new Date(Date.parse(publishedAt) + settlingMs).toISOString()
  const declared = new Set(flows.map(({ consumerId }) => consumerId))
  return callers.flatMap(({ clientId, lastSeenAt }: ObservedCaller) => {
    const party = clientId === null ? undefined : world.at.parties.get(clientId)
    if (!party || declared.has(party.id) || lastSeenAt < since || isForgotten(lastSeenAt, world)) return []
    return [
      found(
        {
          code: 'flow.undeclared-peer',
          severity: 'warning',
          about: aboutApi(api),
          why: `${party.name} calls ${api.name} with a key or token and was last seen on ${lastSeenAt}: no flow from ${party.name} to it is declared.`,
          fix: declare(api),
          ...touching(world.uses.ofSide(api.id, 'inbound')),
        },
        `client ${party.id}`,
      ),
    ]
  })
}

// ── never seen ──────────────────────────────────────────────────────────────

function neverSeen(seen: Seen, world: World): Finding[] {
  const { api, since, flows } = seen
  // A flow may rest for a night.
  if (since === null || ageMs(since, world) < dayMs || world.servedOf(api).length === 0) return []
  return flows
    .filter(({ declaredAt }) => declaredAt === undefined || ageMs(declaredAt, world) >= dayMs)
    .filter((flow) => !mayHaveBeenSeen(flow, seen, world))
    .map(({ id, consumerId, declaredAt = since, legs }) => {
      const consumer = world.at.parties.get(consumerId)?.name ?? consumerId
      const name = `${consumer} to ${api.name}`
      const from = declaredAt > since ? declaredAt : since
      return found({
        code: 'flow.never-seen',
        severity: 'warning',
        about: { kind: 'flow', id, name },
        why: `${name} is declared, but no node has seen ${consumer} call since ${from.slice(0, 10)}.`,
        fix: {
          kind: 'remove-flow',
          label: `Remove the flow ${name}`,
          target: { kind: 'flow', id },
          isSafe: false,
        },
        // The hop that is the consumer's own; others come by the rest.
        legIds: legs.slice(0, 1),
        flowIds: [id],
      })
    })
}

/** Somebody whom nobody can name may be any consumer, but for one that would have been recognised. */
function mayHaveBeenSeen(flow: Seen['flows'][number], seen: Seen, world: World): boolean {
  const { consumerId, declaredAt = '' } = flow
  const isSince = ({ lastSeenAt }: { readonly lastSeenAt: string }) => lastSeenAt >= declaredAt
  const isKnown = (id: string | null) => id !== null && world.at.parties.has(id)
  const callers = seen.callers.filter(isSince)
  if (callers.some(({ clientId }) => clientId === consumerId || !isKnown(clientId))) return true
  const isRecognisable = nobodyElse([flow], world)
  return seen.peers
    .filter((peer) => peer.side === 'inbound' && isSince(peer))
    .some(({ partyId, possibleIds }) => {
      if (partyId !== null) return partyId === consumerId
      return possibleIds.length > 0 ? possibleIds.includes(consumerId) : !isRecognisable
    })
}

function isForgotten(lastSeenAt: string, world: World): boolean {
  return ageMs(lastSeenAt, world) > concernDays * dayMs
}

function ageMs(moment: string, { now }: World): number {
  return now.getTime() - Date.parse(moment)
}

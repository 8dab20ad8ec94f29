import { dayMs } from '../certificate.ts'
import { type Finding, found } from '../finding.ts'
import { listed } from '../listing.ts'
import type { Observed, ObservedPeer } from '../peer.ts'
import { type ApiView, type Spoken, type StoredFlow, spokenBy } from '../stored.ts'
import { compileNames } from '../subject-alt-names.ts'
import { aboutApi, touching, type World } from './world.ts'

/** Where those that nodes see differ from those that are declared. */
export function lintPeers(world: World): Finding[] {
  const { observed, apis } = world.stored
  if (!observed) return []
  const peersOf = Map.groupBy(observed.peers, ({ apiId }) => apiId)
  const flowsOf = Map.groupBy(world.flows, ({ apiId }) => apiId)
  return apis.flatMap((api) => {
    const peers = peersOf.get(api.id) ?? []
    const flows = flowsOf.get(api.id) ?? []
    return [...undeclared(api, peers, flows, world), ...neverSeen(api, peers, flows, observed, world)]
  })
}

// ── undeclared ──────────────────────────────────────────────────────────────

function undeclared(
  api: ApiView,
  peers: readonly ObservedPeer[],
  flows: readonly StoredFlow[],
  world: World,
): Finding[] {
  const strangers = new Map<string, { peer: ObservedPeer; why: string }>()
  for (const peer of peers) {
    const why = whyUndeclared(api, peer, flows, world)
    const name = `${peer.side} ${peer.subject} ${peer.issuer}`
    const known = strangers.get(name)
    if (why !== null && (!known || known.peer.lastSeenAt < peer.lastSeenAt))
      strangers.set(name, { peer, why })
  }
  return [...strangers].map(([name, { peer, why }]) => {
    const towards = peer.side === 'inbound' ? `calls ${api.name}` : `answers for ${api.name}`
    return found(
      {
        code: 'flow.undeclared-peer',
        severity: 'warning',
        about: aboutApi(api),
        why: `${peer.subject}, from ${peer.issuer}, ${towards} and was last seen on ${peer.lastSeenAt}: ${why}.`,
        fix:
          peer.side === 'inbound'
            ? {
                kind: 'add-flow',
                label: `Declare the flow to ${api.name}, or shut it out`,
                target: { kind: 'api', id: api.id },
                isSafe: false,
              }
            : {
                kind: 'edit-tls',
                label: `Say who may answer for ${api.name}`,
                target: { kind: 'api', id: api.id },
                isSafe: false,
              },
        ...touching(world.uses.ofSide(api.id, peer.side)),
      },
      name,
    )
  })
}

function whyUndeclared(
  api: ApiView,
  peer: ObservedPeer,
  flows: readonly StoredFlow[],
  world: World,
): string | null {
  if (peer.side === 'inbound') {
    const { partyId } = peer
    if (partyId !== null && !flows.some(({ consumerId }) => consumerId === partyId))
      return `no flow from ${world.at.parties.get(partyId)?.name ?? partyId} to it is declared`
    if (flows.length === 0) return 'no flow to it is declared'
  }
  // Of several upstreams nobody knows which one answered: one that would have it is enough.
  const faults = spokenBy(api)
    .filter(({ side }) => side === peer.side)
    .map(({ tls }) => whyStrange(tls, peer, world))
  return faults.length > 0 && faults.every((fault) => fault !== null) ? (faults[0] ?? null) : null
}

function whyStrange(tls: Spoken['tls'], peer: ObservedPeer, world: World): string | null {
  if (!compileNames(tls.subjectAltNames)(peer.names))
    return `it has none of the allowed names (${listed(tls.subjectAltNames)})`
  return strangeCa(tls.contextId, peer, world)
}

// An issuer below a CA of the context that nobody has seen yet cannot be told from a stranger but by its anchor.
function strangeCa(contextId: string | null, { anchorSha256 }: ObservedPeer, world: World): string | null {
  const context = contextId === null ? undefined : world.contexts.get(contextId)
  if (!context || anchorSha256 === null) return null
  if (context.authorities.some(({ certificate }) => certificate.sha256 === anchorSha256)) return null
  return `its chain ends at no CA of the context ${context.ref.name}`
}

// ── never seen ──────────────────────────────────────────────────────────────

function neverSeen(
  api: ApiView,
  peers: readonly ObservedPeer[],
  flows: World['flows'],
  { since }: Observed,
  world: World,
): Finding[] {
  // A flow may rest for a night.
  if (!isOld(since, world)) return []
  // Where anybody gets in without a certificate, nobody need have been seen.
  const ways = world.servedOf(api)
  if (ways.length === 0 || ways.some(({ holder }) => holder?.inbound?.mode !== 'STRICT')) return []
  const callers = peers.filter(({ side }) => side === 'inbound')
  // Somebody whom nobody can name may be any of them.
  if (callers.some(({ partyId }) => partyId === null)) return []
  const seen = new Set(callers.map(({ partyId }) => partyId))
  const young = new Set(
    world.stored.flows.flatMap(({ id, declaredAt }) =>
      declaredAt === undefined || isOld(declaredAt, world) ? [] : [id],
    ),
  )
  return flows
    .filter(({ id, consumerId }) => !seen.has(consumerId) && !young.has(id))
    .map(({ id, consumerId, legs }) => {
      const consumer = world.at.parties.get(consumerId)?.name ?? consumerId
      const name = `${consumer} to ${api.name}`
      return found({
        code: 'flow.never-seen',
        severity: 'warning',
        about: { kind: 'flow', id, name },
        why: `${name} is declared, but no node has seen ${consumer} call since ${since.slice(0, 10)}.`,
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

function isOld(moment: string, { now }: World): boolean {
  return now.getTime() - Date.parse(moment) >= dayMs
}

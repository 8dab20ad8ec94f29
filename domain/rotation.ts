import { type CertificateFacts, dayMs, issuedByName, pathFrom, validityOf } from './certificate.ts'
import { contextOf } from './context.ts'
import { readingsOf } from './leg.ts'
import { ascending, count, listed } from './listing.ts'
import type { ObservedPeer } from './peer.ts'
import { issuersIn } from './proof.ts'
import {
  type BlindSpot,
  type Move,
  type Rotation,
  type RotationStep,
  type StepKind,
  stepKinds,
  type TrustChange,
} from './rotation-plan.ts'
import type { Topology } from './topology.ts'
import type { AuthorityView, CertificateView, ContextView } from './trust.ts'

/**
 * Replacing a CA without a failed handshake: trust both, issue anew, see that every peer has followed, drop the old
 * one. Where a rotation stands is read from the world itself, so that it can be left, taken up and taken back at will.
 */

/** A rotation of all contexts that trust a CA now. */
export function rotationOf(contexts: readonly ContextView[], fromId: string, toId: string): Rotation {
  const trusting = contexts.filter(({ authorityIds }) => authorityIds.includes(fromId))
  return { fromId, toId, contextIds: trusting.map(({ id }) => id).toSorted(ascending), vouchedIds: [] }
}

type World = Pick<
  Topology,
  | 'contexts'
  | 'authorities'
  | 'certificates'
  | 'legs'
  | 'flows'
  | 'apis'
  | 'parties'
  | 'gateways'
  | 'observed'
>

/** A peer that was not seen for so long counts no more. */
const liveDays = 30

/** The four steps as they stand: what each would change, whether it may go, why not, and how it is taken back. */
export function planRotation(rotation: Rotation, world: World, now: Date): RotationStep[] {
  const at = situation(rotation, world, now)
  if (typeof at === 'string') return stepKinds.map((kind) => impossible(kind, at))
  const steps = [overlap(at), reissue(at), verify(at), drop(at)]
  // Once the old CA is out, nobody can be seen to show it.
  const isOver = steps.at(-1)?.isDone === true
  const next = isOver ? steps.length : steps.findIndex(({ isDone }) => !isDone)
  return steps.map(({ isDone: _, ...step }, index): RotationStep => {
    const state = index < next ? 'done' : index === next ? 'next' : 'later'
    const waits = state === 'later' ? [`${stepKinds[next]} comes first`] : []
    const whyNot = state === 'done' ? [] : [...waits, ...step.whyNot]
    return { ...step, state, whyNot, may: state === 'next' && whyNot.length === 0 }
  })
}

// ── the situation ───────────────────────────────────────────────────────────

interface Situation {
  readonly rotation: Rotation
  readonly world: World
  readonly now: Date
  readonly from: AuthorityView
  readonly to: AuthorityView
  readonly contexts: readonly ContextView[]
  /** The keystores of those contexts. */
  readonly keystores: readonly CertificateView[]
  readonly issuers: readonly CertificateFacts[]
}

function situation(rotation: Rotation, world: World, now: Date): Situation | string {
  const [from, to] = [rotation.fromId, rotation.toId].map((id) =>
    world.authorities.find((authority) => authority.id === id),
  )
  if (!from || !to) return 'one of the two CAs is not there any more'
  if (from.certificate.sha256 === to.certificate.sha256) return 'both CAs are the same one'
  const contexts = world.contexts.filter(({ id }) => rotation.contextIds.includes(id))
  const keystoreIds = new Set(contexts.map(({ keystoreId }) => keystoreId))
  const keystores = world.certificates.filter(({ id }) => keystoreIds.has(id))
  return { rotation, world, now, from, to, contexts, keystores, issuers: issuersIn(world) }
}

type Judged = Omit<RotationStep, 'state' | 'may'> & { readonly isDone: boolean }

const nothingToDo: Move = { changes: [], may: false, whyNot: ['there is nothing to take back'] }

function impossible(kind: StepKind, why: string): RotationStep {
  const blank = { changes: [], cautions: [], blind: [], reverse: nothingToDo }
  return { kind, state: 'later', may: false, whyNot: [why], ...blank }
}

function move(changes: readonly TrustChange[], whyNot: readonly string[]): Move {
  if (changes.length === 0) return nothingToDo
  return { changes, may: whyNot.length === 0, whyNot }
}

const trusts = ({ authorityIds }: ContextView, { id }: AuthorityView) => authorityIds.includes(id)

/** Whether a chain leads to a CA, over whatever CAs are known. */
function isUnder(
  [leaf, ...sent]: readonly CertificateFacts[],
  ca: AuthorityView,
  { issuers }: Situation,
): boolean {
  return leaf !== undefined && pathFrom(leaf, [...sent, ...issuers], [ca.certificate]).anchor !== null
}

// ── the steps ───────────────────────────────────────────────────────────────

function overlap(at: Situation): Judged {
  const { contexts, to, now } = at
  const lacking = contexts.filter((context) => !trusts(context, to))
  const { state } = validityOf(to.certificate, now)
  const ours = lacking.filter(
    (context) => context.class === 'non-org-external' && to.runBy === 'organisation',
  )
  return {
    kind: 'overlap',
    isDone: contexts.length > 0 && lacking.length === 0,
    changes: lacking.map((context) => trusting('trust', context, to)),
    whyNot: [
      ...(contexts.length === 0 ? ['no context trusts the old CA'] : []),
      ...(to.certificate.isCa ? [] : [`${to.name} is not the certificate of a CA`]),
      ...(state === 'expired' || state === 'not-yet-valid'
        ? [`${to.name} is ${state.replaceAll('-', ' ')}`]
        : []),
      ...(ours.length > 0
        ? [`the organisation runs ${to.name}, and in ${namesOf(ours)} the third party must run the CA`]
        : []),
    ],
    cautions: [],
    blind: [],
    reverse: distrust(at),
  }
}

/** Taking the new CA out again, before anybody shows a certificate of it. */
function distrust(at: Situation): Move {
  const { contexts, from, to, keystores } = at
  const holding = contexts.filter((context) => trusts(context, to))
  const bare = holding.filter((context) => !trusts(context, from))
  const reissued = keystores.filter(({ chain }) => isUnder(chain, to, at))
  const followed = livePeers(at).filter((peer) => whose(peer, at) === 'to')
  return move(
    holding.map((context) => trusting('drop', context, to)),
    [
      ...(bare.length > 0 ? [`nobody would be trusted any more in ${namesOf(bare)}`] : []),
      ...(reissued.length > 0 ? [`${to.name} has already issued ${namesOf(reissued)}`] : []),
      ...(followed.length > 0 ? [`it would cut off ${peersIn(followed, at)}`] : []),
    ],
  )
}

function reissue(at: Situation): Judged {
  const { contexts, keystores, from, to, world } = at
  const issuer = issuerUnder(at)
  const late = behind(at)
  const old = keystores.filter(({ chain }) => !isUnder(chain, to, at))
  const overlapping = contexts.every((context) => trusts(context, to))
  const consumers = listed(farEnds(at))
  return {
    kind: 'reissue',
    isDone: overlapping && old.length === 0,
    changes: old.map(({ id, name }) => ({
      kind: 'reissue',
      certificateId: id,
      authorityId: issuer?.id ?? to.id,
      byHand: issuer === null,
      text: issuer
        ? `${issuer.name} issues ${name} anew, in the place of the one from ${from.name}`
        : `${name} is replaced by one that ${to.name} issued, which somebody must bring`,
    })),
    whyNot: late.map(({ why }) => why),
    blind: late.map(({ spot }) => spot),
    cautions:
      consumers === '' ? [] : [`${consumers} must trust ${to.name} before they are shown certificates of it`],
    reverse: restore(at, world),
  }
}

/** Who issues for the new CA: one below it whose key is here, which spares the new one's own; the newest of several. */
function issuerUnder({ to, world, now }: Situation): AuthorityView | null {
  const able = world.authorities.filter(
    (ca) => ca.canIssue && ca.parentId === to.id && validityOf(ca.certificate, now).state !== 'expired',
  )
  const [newest] = able.toSorted((a, b) => ascending(b.certificate.notBefore, a.certificate.notBefore))
  return newest ?? (to.canIssue ? to : null)
}

/** What holds a step up for want of anybody who sees, and why. */
interface Blind {
  readonly spot: BlindSpot
  readonly why: string
}

/** Nodes that may not have the truststore with both CAs yet. */
function behind({ world, rotation, contexts }: Situation): Blind[] {
  const used = new Set(contexts.map(({ id }) => id))
  const apiIds = new Set(
    world.legs
      .flatMap(readingsOf)
      .flatMap(({ actual, apiIds: ids }) => (used.has(contextOf(actual)?.id ?? '') ? ids : [])),
  )
  const gatewayIds = new Set(world.apis.filter(({ id }) => apiIds.has(id)).map(({ gatewayId }) => gatewayId))
  return world.gateways
    .filter(({ id }) => gatewayIds.has(id) && !rotation.vouchedIds.includes(id))
    .flatMap(({ id, name, nodes }): Blind[] => {
      const spot = { id, kind: 'gateway', name } as const
      if (nodes === null) return [{ spot, why: `what nodes of ${name} serve is not known` }]
      if (nodes.current >= nodes.total) return []
      const late = `${nodes.total - nodes.current} of ${count(nodes.total, 'node')} of ${name}`
      return [{ spot, why: `${late} may lack the newest revision` }]
    })
}

function restore(at: Situation, { contexts }: World): Move {
  const { keystores, from, to, now } = at
  const made = keystores.filter(({ chain }) => isUnder(chain, to, at))
  const closed = contexts.filter(
    (context) => made.some(({ id }) => id === context.keystoreId) && !trusts(context, from),
  )
  const ended = validityOf(from.certificate, now).state === 'expired'
  return move(
    made.map(({ id, name }) => ({
      kind: 'restore',
      certificateId: id,
      text: `${name} goes back to the version before, from ${from.name}`,
    })),
    [
      ...(closed.length > 0 ? [`${from.name} is no longer trusted in ${namesOf(closed)}`] : []),
      ...(ended ? [`${from.name} has expired`] : []),
    ],
  )
}

function verify(at: Situation): Judged {
  const { from, now } = at
  const live = livePeers(at)
  const late = live.filter((peer) => whose(peer, at) === 'from')
  const unclear = live.filter((peer) => whose(peer, at) === 'unclear')
  const blind = unseen(at, live)
  const whyNot = [
    ...(late.length > 0 ? [`a chain of ${from.name} is still shown by ${peersIn(late, at)}`] : []),
    ...(unclear.length > 0 ? [`nobody can tell whose chain is shown by ${peersIn(unclear, at)}`] : []),
    ...blind.map(({ why }) => why),
  ]
  const asleep = peersOf(at).filter(({ lastSeenAt }) => !isLive(lastSeenAt, now))
  const resting = asleep.filter((peer) => whose(peer, at) === 'from')
  return {
    kind: 'verify',
    isDone: whyNot.length === 0,
    changes: [],
    whyNot,
    blind: blind.map(({ spot }) => spot),
    cautions:
      resting.length > 0
        ? [
            `a chain of ${from.name} was shown, over ${liveDays} days ago and for the last time, by ${peersIn(resting, at)}`,
          ]
        : [],
    reverse: nothingToDo,
  }
}

function drop(at: Situation): Judged {
  const { contexts, from, to } = at
  const holding = contexts.filter((context) => trusts(context, from))
  const bare = holding.filter((context) => !trusts(context, to))
  const dropped = contexts.filter((context) => !trusts(context, from))
  const cut = livePeers(at).filter((peer) => whose(peer, at) === 'from')
  return {
    kind: 'drop',
    isDone: contexts.length > 0 && holding.length === 0,
    changes: holding.map((context) => trusting('drop', context, from)),
    whyNot: [
      ...(bare.length > 0 ? [`nobody would be trusted any more in ${namesOf(bare)}`] : []),
      ...(cut.length > 0 ? [`it would cut off ${peersIn(cut, at)}`] : []),
    ],
    cautions: [],
    blind: [],
    reverse: move(
      dropped.map((context) => trusting('trust', context, from)),
      [],
    ),
  }
}

function trusting(kind: 'trust' | 'drop', context: ContextView, authority: AuthorityView): TrustChange {
  const verb = kind === 'trust' ? 'trusts' : 'no longer trusts'
  const text = `${context.name} ${verb} ${authority.name}`
  return { kind, contextId: context.id, authorityId: authority.id, text }
}

// ── peers ───────────────────────────────────────────────────────────────────

/** The contexts of the rotation by the side and API on which their peers are seen. */
function contextsBySide({ world, contexts }: Situation): Map<string, Set<string>> {
  const rotating = new Set(contexts.map(({ id }) => id))
  const found = new Map<string, Set<string>>()
  for (const leg of world.legs)
    for (const { actual, apiIds } of readingsOf(leg)) {
      const id = contextOf(actual)?.id
      if (id === undefined || !rotating.has(id)) continue
      for (const apiId of apiIds) {
        const name = `${leg.side} ${apiId}`
        found.set(name, (found.get(name) ?? new Set()).add(id))
      }
    }
  return found
}

/** Everybody who was seen there, each as they were seen last: whoever has followed has done with the old chain. */
function peersOf(at: Situation): ObservedPeer[] {
  const sides = contextsBySide(at)
  const latest = new Map<string, ObservedPeer>()
  for (const peer of at.world.observed?.peers ?? []) {
    if (!sides.has(`${peer.side} ${peer.apiId}`)) continue
    const who =
      peer.names
        .map(({ type, value }) => `${type}:${value}`)
        .toSorted(ascending)
        .join() || peer.subject
    const name = `${peer.side} ${peer.apiId} ${who}`
    const before = latest.get(name)
    if (!before || Date.parse(before.lastSeenAt) < Date.parse(peer.lastSeenAt)) latest.set(name, peer)
  }
  return [...latest.values()]
}

function livePeers(at: Situation): ObservedPeer[] {
  return peersOf(at).filter(({ lastSeenAt }) => isLive(lastSeenAt, at.now))
}

function isLive(lastSeenAt: string, now: Date): boolean {
  return now.getTime() - Date.parse(lastSeenAt) <= liveDays * dayMs
}

/** Whose chain a peer showed: by the anchor that a node names, else by the name of its issuer. */
function whose(peer: ObservedPeer, at: Situation): 'from' | 'to' | 'other' | 'unclear' {
  const { from, to } = at
  if (peer.anchorSha256 !== null) {
    if (peer.anchorSha256 === from.certificate.sha256) return 'from'
    return peer.anchorSha256 === to.certificate.sha256 ? 'to' : 'other'
  }
  const trusted = at.world.authorities.filter((authority) =>
    at.contexts.some((context) => trusts(context, authority)),
  )
  const issuing = [...new Set([from, to, ...trusted])].filter((ca) => issuersUnder(ca, at).has(peer.issuer))
  if (issuing.length !== 1) return 'unclear'
  return issuing[0] === from ? 'from' : issuing[0] === to ? 'to' : 'other'
}

/** The names under which a CA issues: its own, and those of the CAs that it vouches for. */
function issuersUnder({ certificate }: AuthorityView, { issuers }: Situation): Set<string> {
  const under = [certificate]
  for (const ca of under)
    for (const each of issuers) if (!under.includes(each) && issuedByName(each, ca)) under.push(each)
  return new Set(under.map(({ subject }) => subject))
}

/** The contexts of which nobody was seen, where nobody vouches for them either. */
function unseen(at: Situation, live: readonly ObservedPeer[]): Blind[] {
  const { world, contexts, rotation } = at
  const sides = contextsBySide(at)
  const seen = new Set(live.flatMap(({ side, apiId }) => [...(sides.get(`${side} ${apiId}`) ?? [])]))
  return contexts.flatMap(({ id, name }): Blind[] => {
    if (rotation.vouchedIds.includes(id)) return []
    const spot = { id, kind: 'context', name } as const
    const legs = world.legs.filter((leg) =>
      readingsOf(leg).some(({ actual }) => contextOf(actual)?.id === id),
    )
    const blind = legs.filter((leg) => leg.apiIds.length === 0)
    if (blind.length > 0) {
      const firewalls = listed(
        blind
          .flatMap(({ from, to }) => [from, to].filter(({ kind }) => kind === 'firewall'))
          .map((each) => each.name),
      )
      const why = `no node sees who meets the firewall ${firewalls} under ${name}, so somebody must vouch for it`
      return [{ spot, why }]
    }
    if (legs.length === 0 || seen.has(id)) return []
    const why = `no node has seen a peer of ${name} in ${liveDays} days, so somebody must vouch for it`
    return [{ spot, why }]
  })
}

// ── words ───────────────────────────────────────────────────────────────────

function peersIn(peers: readonly ObservedPeer[], { world }: Situation): string {
  return listed(
    peers.map(({ subject, apiId }) => {
      const api = world.apis.find(({ id }) => id === apiId)
      return `${subject} at ${api?.name ?? apiId}`
    }),
  )
}

/** Those who are shown certificates of these contexts. */
function farEnds({ world, contexts }: Situation): string[] {
  const ids = new Set(contexts.map(({ id }) => id))
  return world.legs
    .filter((leg) => readingsOf(leg).some(({ actual }) => ids.has(contextOf(actual)?.id ?? '')))
    .map(({ side, from, to }) => (side === 'inbound' ? from.name : to.name))
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return listed(all.map(({ name }) => name))
}

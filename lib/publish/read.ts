import {
  type Difference,
  type Draft,
  type InstanceDeployment,
  type InstanceState,
  type NodeDeployment,
  nodeStateOf,
  type RevisionDetail,
  type RevisionList,
  type RevisionSummary,
  revisionStateOf,
} from '#domain/deployment.ts'
import { ratesOf } from '#domain/node-report.ts'
import { Problem } from '#domain/problem.ts'
import type { Acknowledgement, Prisma, Revision as RevisionRow } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { pulseOf, withPulse } from '../gateways/pulse.ts'
import { gateFor } from '../reviews/gate.ts'
import { type Hashes, hashesOf, instanceOf } from './compile.ts'
import { configurationOf, deployedAt, differenceBetween } from './configuration.ts'
import { draftOf, faultsIn, type GatewayHead, gatewayIn, manifestOf } from './draft.ts'
import { draftedOf } from './drafted.ts'
import { instanceDraft } from './instance-draft.ts'

/** The draft of a gateway against what is deployed there. */
export async function readDraft(actor: Actor, gatewayId: string): Promise<Draft> {
  requirePermission(actor, 'revisions.read')
  const tx = db()
  const gateway = await gatewayIn(tx, actor.organisationId, gatewayId)
  const { items, faults } = await draftOf(tx, gateway)
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  const draft = configurationOf(tx, gateway.organisationId, hashesOf(items), items)
  return {
    gatewayId,
    gatewayName: gateway.name,
    headRevision: gateway.headRevision,
    difference: await differenceBetween(head, draft, gateway),
    faults: faultsIn(items, faults),
    signOff: await gateFor(tx, gateway, async () => hashesOf(items)),
  }
}

/** What changes from one revision to another, in either direction. */
export async function compareRevisions(
  actor: Actor,
  gatewayId: string,
  from: number,
  to: number,
): Promise<Difference> {
  requirePermission(actor, 'revisions.read')
  const gateway = await gatewayIn(db(), actor.organisationId, gatewayId)
  return differenceOf(gateway, from, to)
}

async function differenceOf(gateway: GatewayHead, from: number, to: number): Promise<Difference> {
  const [before, after] = [await deployedAt(db(), gateway, from), await deployedAt(db(), gateway, to)]
  return differenceBetween(before, after, gateway)
}

// What a list shows of a revision: manifests are long, and of no use there.
const withoutManifest = { omit: { manifest: true } } as const
type Revision = Omit<RevisionRow, 'manifest'>

/** The newest revisions of a gateway first, up to and without `before`. */
export async function listRevisions(
  actor: Actor,
  gatewayId: string,
  page: { before?: number | undefined; limit: number },
): Promise<RevisionSummary[]> {
  requirePermission(actor, 'revisions.read')
  const { organisationId } = actor
  const gateway = await gatewayIn(db(), organisationId, gatewayId)
  const revisions = await db().revision.findMany({
    where: {
      gatewayId,
      organisationId,
      ...(page.before === undefined ? {} : { number: { lt: page.before } }),
    },
    orderBy: { number: 'desc' },
    take: page.limit,
    ...withoutManifest,
  })
  const numbers = revisions.map(({ number }) => number)
  const acknowledgements = await db().acknowledgement.findMany({
    where: { gatewayId, organisationId, revision: { in: numbers } },
    orderBy: { at: 'asc' },
  })
  const nodes = await db().node.findMany({ where: { gatewayId, organisationId }, include: withPulse })
  return revisions.map((revision) => {
    const own = acknowledgements.filter((ack) => ack.revision === revision.number)
    return summaryOf(revision, gateway, own, nodes)
  })
}

/** A page of a gateway's history, newest first. */
export async function revisionPage(
  actor: Actor,
  gatewayId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<RevisionList> {
  const before = cursor === undefined ? undefined : Number(cursor)
  const found = await listRevisions(actor, gatewayId, { before, limit: limit + 1 })
  const revisions = found.slice(0, limit)
  return { revisions, nextCursor: found.length > limit ? String(revisions.at(-1)?.number) : null }
}

function summaryOf(
  revision: Revision,
  gateway: GatewayHead,
  acknowledgements: readonly Acknowledgement[],
  nodes: readonly NodeRow[],
): RevisionSummary {
  const isHead = revision.number === gateway.headRevision
  const last = new Map(acknowledgements.map((ack) => [ack.nodeId, ack]))
  const states = nodesUnder(revision, isHead, nodes, last)
  const outcomes = [...last.values()].map((ack) => ack.outcome)
  // A node that already served these items got no push and sent no acknowledgement.
  const applied = states.filter(({ state }) => state === 'applied').length
  return {
    gatewayId: revision.gatewayId,
    number: revision.number,
    kind: revision.kind,
    restoresNumber: revision.restoresNumber,
    hash: revision.hash,
    note: revision.note,
    createdAt: revision.createdAt.toISOString(),
    createdBy: revision.createdBy,
    isHead,
    state: revisionStateOf(isHead, states),
    appliedBy: isHead ? applied : outcomes.filter((outcome) => outcome === 'applied').length,
    refusedBy: outcomes.filter((outcome) => outcome === 'refused').length,
  }
}

/** A revision with its nodes and what it changed. */
export async function readRevision(actor: Actor, gatewayId: string, number: number): Promise<RevisionDetail> {
  requirePermission(actor, 'revisions.read')
  const { organisationId } = actor
  const gateway = await gatewayIn(db(), organisationId, gatewayId)
  const revision = await db().revision.findFirst({
    where: { gatewayId, organisationId, number },
    ...withoutManifest,
  })
  if (!revision) throw new Problem('not-found', `There is no revision ${number} of ${gateway.name}.`)
  const nodes = await db().node.findMany({
    where: { gatewayId, organisationId },
    orderBy: [{ hostname: 'asc' }, { id: 'asc' }],
    include: withPulse,
  })
  const acknowledgements = await acknowledgementsOf(organisationId, gatewayId, number)
  const isHead = number === gateway.headRevision
  const last = new Map(acknowledgements.map((ack) => [ack.nodeId, ack]))
  return {
    ...summaryOf(revision, gateway, acknowledgements, nodes),
    gatewayName: gateway.name,
    nodes: nodesUnder(revision, isHead, nodes, last),
    difference: await differenceOf(gateway, number - 1, number),
  }
}

function acknowledgementsOf(organisationId: string, gatewayId: string, revision: number) {
  return db().acknowledgement.findMany({
    where: { gatewayId, organisationId, revision },
    orderBy: { at: 'asc' },
  })
}

type NodeRow = Prisma.NodeGetPayload<{ include: typeof withPulse }>

function nodesUnder(
  revision: { number: number; hash: string },
  isHead: boolean,
  nodes: readonly NodeRow[],
  last: ReadonlyMap<string, Acknowledgement>,
): NodeDeployment[] {
  const now = new Date()
  // Of an earlier revision only its own acknowledgements still say something.
  const concerned = isHead ? nodes : nodes.filter((node) => last.has(node.id))
  return concerned.map((node) => {
    const ack = last.get(node.id)
    const past = ack?.outcome ?? 'waiting'
    return {
      nodeId: node.id,
      name: node.hostname,
      state: isHead ? nodeStateOf(node, revision, ack?.outcome ?? null, now) : past,
      servesRevision: node.appliedRevision,
      servesHash: node.appliedHash,
      lastSeenAt: node.lastSeenAt?.toISOString() ?? null,
      acknowledgedAt: ack?.at.toISOString() ?? null,
      durationMs: ack?.durationMs ?? null,
      reasons: ack?.outcome === 'refused' ? reasonsOf(ack) : [],
      ...loadOf(node, now),
    }
  })
}

function reasonsOf(ack: Acknowledgement): NodeDeployment['reasons'] {
  // Written by the hub from a parsed acknowledgement (contract/events.ts).
  return ack.reasons as NodeDeployment['reasons']
}

function loadOf(node: NodeRow, now: Date): Pick<NodeDeployment, 'requestsPerSecond' | 'p99Ms'> {
  const pulse = pulseOf(node, now)
  if (!pulse || pulse.intervalMs <= 0) return { requestsPerSecond: null, p99Ms: null }
  const { requestsPerSecond } = ratesOf(pulse, pulse.intervalMs)
  return { requestsPerSecond, p99Ms: pulse.latencyMs?.p99 ?? null }
}

/** How one API instance's draft stands to what runs, and on which nodes. */
export async function deploymentOf(actor: Actor, instanceId: string): Promise<InstanceDeployment> {
  requirePermission(actor, 'revisions.read')
  const { organisationId } = actor
  const instance = await db().apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: { gatewayId: true },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  const gateway = await gatewayIn(db(), organisationId, instance.gatewayId)
  const head = await deployedAt(db(), gateway, gateway.headRevision)
  const { items, faults } = await instanceDraft(db(), gateway, head, instanceId)
  const deployed = { ...head, hashes: onlyOf(head.hashes, instanceId) }
  const draft = configurationOf(db(), organisationId, onlyOf(hashesOf(items), instanceId), items)
  const changes = await differenceBetween(deployed, draft, gateway)
  return {
    instanceId,
    gatewayId: gateway.id,
    gatewayName: gateway.name,
    state: stateOf(head.hashes[`api:${instanceId}`] !== undefined, changes.count > 0),
    headRevision: gateway.headRevision,
    changes: changes.count,
    difference: changes,
    faults,
    signOff: await gateFor(
      db(),
      gateway,
      async () => (await draftedOf(db(), gateway, head, instanceId)).hashes,
    ),
    nodes: await nodesOfHead(gateway),
  }
}

function stateOf(deployed: boolean, changed: boolean): InstanceState {
  if (!deployed) return 'not-deployed'
  return changed ? 'changed' : 'in-sync'
}

function onlyOf(hashes: Hashes, instanceId: string): Hashes {
  return Object.fromEntries(Object.entries(hashes).filter(([id]) => instanceOf(id) === instanceId))
}

async function nodesOfHead(gateway: GatewayHead): Promise<NodeDeployment[]> {
  if (gateway.headRevision === 0) return []
  const { id: gatewayId, organisationId, headRevision } = gateway
  const revision = await db().revision.findFirst({
    where: { gatewayId, organisationId, number: headRevision },
    ...withoutManifest,
  })
  if (!revision) return []
  const nodes = await db().node.findMany({
    where: { gatewayId, organisationId },
    orderBy: [{ hostname: 'asc' }, { id: 'asc' }],
    include: withPulse,
  })
  const acknowledgements = await acknowledgementsOf(organisationId, gatewayId, headRevision)
  return nodesUnder(revision, true, nodes, new Map(acknowledgements.map((ack) => [ack.nodeId, ack])))
}

/** The state of every API instance of the organisation, for lists; compares hashes alone. */
export async function instanceStates(actor: Actor): Promise<Map<string, InstanceState>> {
  requirePermission(actor, 'revisions.read')
  const gateways = await db().gateway.findMany({
    where: { organisationId: actor.organisationId },
    select: { id: true, organisationId: true, name: true, listeners: true, headRevision: true },
  })
  const states = new Map<string, InstanceState>()
  for (const gateway of gateways) {
    const draft = await draftOf(db(), gateway)
    const manifest = await manifestOf(db(), gateway, gateway.headRevision)
    const instances = await db().apiInstance.findMany({
      where: { gatewayId: gateway.id, organisationId: gateway.organisationId },
      select: { id: true },
    })
    const deployed = byInstance(manifest?.items ?? {})
    const wanted = byInstance(hashesOf(draft.items))
    for (const { id } of instances) {
      const now = deployed.get(id)
      states.set(id, stateOf(now !== undefined, now !== wanted.get(id)))
    }
  }
  return states
}

/** The hashes of each instance's items, as one text to compare. */
function byInstance(hashes: Readonly<Record<string, string>>): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [id, hash] of Object.entries(hashes).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const instanceId = instanceOf(id)
    if (instanceId !== null) texts.set(instanceId, `${texts.get(instanceId) ?? ''}${id} ${hash}\n`)
  }
  return texts
}

/** The organisation's gateways with their newest revision, by name. */
export function listHeads(actor: Actor) {
  requirePermission(actor, 'revisions.read')
  return db().gateway.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { name: 'asc' },
    select: { id: true, name: true, headRevision: true },
  })
}

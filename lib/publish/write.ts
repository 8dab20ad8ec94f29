import type { Item } from '#contract/items.ts'
import type { Manifest } from '#contract/manifest.ts'
import { Problem } from '#domain/problem.ts'
import { Prisma } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange, publishedChannel } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { sealedItem } from '../policies/sealing.ts'
import { sealerOf } from '../trust/sealing.ts'
import { hashesOf, hashOf, type Items, withContracts, withInstance } from './compile.ts'
import { difference } from './difference.ts'
import {
  draftOf,
  faultsIn,
  type GatewayHead,
  gatewayIn,
  instancesOf,
  itemsNamed,
  manifestOf,
} from './draft.ts'
import { signManifest } from './signing.ts'

export interface Deployment {
  /** The revision against which the caller saw the difference; 0 before the first. */
  expectedHeadRevision: number
  note: string
  /** Deploys this instance alone and leaves everybody else's draft a draft. */
  instanceId?: string | undefined
}

/** Makes the draft, or one instance of it, the gateway's next revision. Answers its number. */
export async function publish(actor: Actor, gatewayId: string, wish: Deployment): Promise<number> {
  requirePermission(actor, 'revisions.deploy')
  return transaction(async (tx) => {
    const gateway = await lockGateway(tx, actor.organisationId, gatewayId)
    const head = await requireHead(tx, gateway, wish.expectedHeadRevision)
    const draft = await draftOf(tx, gateway, wish.instanceId)
    if (wish.instanceId !== undefined) await requireInstance(tx, gateway, head.items, wish.instanceId)
    const items =
      wish.instanceId === undefined ? draft.items : withInstance(head.items, draft.items, wish.instanceId)
    const relevant = draft.faults.filter(
      ({ pointer }) => wish.instanceId === undefined || pointer.includes(wish.instanceId),
    )
    return commit(tx, actor, gateway, head, {
      kind: 'deploy',
      items,
      faults: faultsIn(items, relevant),
      ...wish,
    })
  })
}

export interface Rollback {
  expectedHeadRevision: number
  note: string
}

/**
 * Serves an earlier revision's items again, as a new revision, to those who may call today. The draft stays as
 * it is.
 */
export async function rollBack(
  actor: Actor,
  gatewayId: string,
  toNumber: number,
  wish: Rollback,
): Promise<number> {
  requirePermission(actor, 'revisions.deploy')
  return transaction(async (tx) => {
    const gateway = await lockGateway(tx, actor.organisationId, gatewayId)
    const head = await requireHead(tx, gateway, wish.expectedHeadRevision)
    const earlier = await itemsNamed(tx, gateway.organisationId, await manifestOf(tx, gateway, toNumber))
    const items = withContracts(earlier, await instancesOf(tx, gateway))
    const faults = faultsIn(items, [])
    if (faults.length > 0) {
      throw new Problem('revision.too-old', `Gateways would refuse revision ${toNumber} today.`, { faults })
    }
    return commit(tx, actor, gateway, head, {
      kind: 'rollback',
      restoresNumber: toNumber,
      items,
      faults,
      ...wish,
    })
  })
}

interface Head {
  manifest: Manifest | null
  items: Items
}

/**
 * Publications of a gateway go one after the other. Its instances are held still while they are compiled:
 * who edits an instance or its policies writes the instance row too.
 */
export async function lockGateway(tx: Tx, organisationId: string, gatewayId: string): Promise<GatewayHead> {
  await gatewayIn(tx, organisationId, gatewayId)
  await tx.$queryRaw`SELECT 1 FROM "Gateway" WHERE "id" = ${gatewayId}::uuid FOR UPDATE`
  await tx.$queryRaw`SELECT 1 FROM "ApiInstance" WHERE "gatewayId" = ${gatewayId}::uuid ORDER BY "id" FOR SHARE`
  return gatewayIn(tx, organisationId, gatewayId)
}

async function requireHead(tx: Tx, gateway: GatewayHead, expected: number): Promise<Head> {
  const manifest = await manifestOf(tx, gateway, gateway.headRevision)
  const items = await itemsNamed(tx, gateway.organisationId, manifest)
  if (expected === gateway.headRevision) return { manifest, items }
  // A number that never was has no items to compare with.
  const seen = expected < gateway.headRevision ? await manifestOf(tx, gateway, expected) : null
  if (seen && manifest && isButContracts(seen, manifest)) return { manifest, items }
  const before = { revision: expected, items: await itemsNamed(tx, gateway.organisationId, seen) }
  const changes = difference(before, { revision: gateway.headRevision, items }, gateway)
  throw new Problem(
    'revision.raced',
    `You compared with revision ${expected}; revision ${gateway.headRevision} is deployed by now.`,
    { extra: { headRevision: gateway.headRevision, changes } },
  )
}

// A key that was issued or revoked meanwhile changes nothing of what the caller decided on.
function isButContracts(seen: Manifest, now: Manifest): boolean {
  const ids = new Set([...Object.keys(seen.items), ...Object.keys(now.items)])
  return [...ids].every((id) => id.startsWith('contracts:') || seen.items[id] === now.items[id])
}

async function requireInstance(tx: Tx, gateway: GatewayHead, deployed: Items, instanceId: string) {
  const { id: gatewayId, organisationId } = gateway
  const where = { id: instanceId, gatewayId, organisationId }
  // One that was deleted is still deployed until its absence is.
  if (deployed.has(`api:${instanceId}`) || (await tx.apiInstance.findFirst({ where, select: { id: true } })))
    return
  throw new Problem('not-found', 'There is no such API at this gateway.')
}

interface Candidate {
  kind: 'deploy' | 'rollback'
  restoresNumber?: number
  instanceId?: string | undefined
  note: string
  items: Items
  faults: readonly { pointer: string; detail: string }[]
}

/** Makes a candidate the next revision of a gateway that is locked. Answers its number. */
export async function commit(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  head: Head,
  candidate: Candidate,
): Promise<number> {
  if (candidate.faults.length > 0) {
    const [first] = candidate.faults
    throw new Problem('revision.invalid', first?.detail ?? '', { faults: candidate.faults })
  }
  const hashes = hashesOf(candidate.items)
  const hash = hashOf(hashes)
  if (hash === head.manifest?.hash) {
    throw new Problem('revision.empty', `Revision ${gateway.headRevision} is exactly this already.`)
  }
  const number = gateway.headRevision + 1
  const { organisationId, id: gatewayId } = gateway
  await storeItems(tx, organisationId, added(candidate.items, head.items))
  await storeRevision(tx, actor, gateway, candidate, { number, hash, items: hashes })
  const changes = difference(
    { revision: gateway.headRevision, items: head.items },
    { revision: number, items: candidate.items },
    gateway,
  )
  await audit(tx, actor, {
    action: `revision.${candidate.kind}`,
    subjectKind: 'gateway',
    subjectId: gatewayId,
    before: { revision: gateway.headRevision },
    after: auditedAs(candidate, number, hash, changes),
  })
  await announceChange(tx, organisationId, { topic: 'revisions', id: gatewayId })
  const payload = JSON.stringify({ organisationId, gatewayId, number })
  await tx.$executeRaw`SELECT pg_notify(${publishedChannel}, ${payload})`
  return number
}

function auditedAs(
  { note, restoresNumber, instanceId }: Candidate,
  revision: number,
  hash: string,
  changes: ReturnType<typeof difference>,
) {
  const texts = changes.groups.flatMap((group) => group.changes.map(({ text }) => `${group.title}: ${text}`))
  return { revision, hash, note, restoresNumber, instanceId, changes: texts.slice(0, 200) }
}

/** The items that the head revision did not have yet. */
function added(items: Items, before: Items): Item[] {
  return [...items].filter(([id, item]) => !same(item, before.get(id))).map(([, item]) => item)
}

function same(a: Item, b: Item | undefined): boolean {
  return b !== undefined && hashOf(a) === hashOf(b)
}

async function storeItems(tx: Tx, organisationId: string, items: readonly Item[]): Promise<void> {
  const sealer = await sealerOf(tx, organisationId)
  const data = items.map((content) => ({
    organisationId,
    hash: hashOf(content),
    kind: content.kind,
    content: sealedItem(content, sealer) as Prisma.InputJsonObject,
  }))
  await tx.item.createMany({ data, skipDuplicates: true })
}

async function storeRevision(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  candidate: Candidate,
  made: { number: number; hash: string; items: Record<string, string> },
): Promise<void> {
  const { id: gatewayId, organisationId } = gateway
  const publishedAt = new Date()
  const manifest: Manifest = {
    gatewayId,
    revision: made.number,
    items: made.items,
    hash: made.hash,
    publishedAt: publishedAt.toISOString(),
  }
  const signed = await signManifest(tx, organisationId, manifest)
  await tx.revision.create({
    data: {
      organisationId,
      gatewayId,
      number: made.number,
      kind: candidate.kind,
      restoresNumber: candidate.restoresNumber ?? null,
      hash: made.hash,
      manifest,
      signature: signed.signature,
      signingKeyId: signed.keyId,
      note: candidate.note,
      createdAt: publishedAt,
      createdBy: actor.name,
    },
  })
  await tx.gateway.update({ where: { id: gatewayId }, data: { headRevision: made.number } })
}

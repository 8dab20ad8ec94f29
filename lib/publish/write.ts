import type { Item } from '#contract/items.ts'
import { inOrder, itemsJson, type Manifest, manifestJson } from '#contract/manifest.ts'
import { changeBetween } from '#contract/manifest-delta.ts'
import type { Difference } from '#domain/deployment.ts'
import { Problem } from '#domain/problem.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange, publishedChannel } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { hasSecrets, sealedItem } from '../policies/sealing.ts'
import { contextItems } from '../trust/material.ts'
import { requireSignOff } from '../reviews/gate.ts'
import { sealerOf } from '../trust/sealing.ts'
import {
  contextRefsIn,
  type Hashes,
  hashesOf,
  hashOf,
  type Items,
  sha256,
  withContexts,
  withContracts,
} from './compile.ts'
import { configurationOf, type Deployed, deployedAt, differenceBetween } from './configuration.ts'
import { faultsIn, type GatewayHead, gatewayHeld, instancesOf, itemsNamed, manifestOf } from './draft.ts'
import { type Drafted, draftedOf } from './drafted.ts'
import { keepManifest } from './manifests.ts'
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
    const gateway = await lockGateway(tx, actor.organisationId, gatewayId, wish.instanceId)
    const head = await requireHead(tx, gateway, wish.expectedHeadRevision)
    const drafted = await draftedOf(tx, gateway, head, wish.instanceId)
    await requireSignOff(tx, gateway, drafted.hashes)
    return commit(tx, actor, gateway, head, { kind: 'deploy', ...drafted, ...wish })
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
    const contexts = await contextItems(tx, gateway.organisationId, contextRefsIn(earlier.values()))
    const items = withContexts(withContracts(earlier, await instancesOf(tx, gateway)), contexts)
    const faults = faultsIn(items, [])
    if (faults.length > 0) {
      throw new Problem('revision.too-old', `Gateways would refuse revision ${toNumber} today.`, { faults })
    }
    await requireSignOff(tx, gateway, hashesOf(items), hashesOf(earlier))
    return commit(tx, actor, gateway, head, {
      kind: 'rollback',
      restoresNumber: toNumber,
      hashes: hashesOf(items),
      items,
      faults,
      ...wish,
    })
  })
}

/**
 * Publications of a gateway go one after the other. Its instances, or the one that is named, are held still while
 * they are compiled: who edits an instance or its policies writes the instance row too.
 */
export async function lockGateway(
  tx: Tx,
  organisationId: string,
  gatewayId: string,
  instanceId?: string,
): Promise<GatewayHead> {
  const gateway = await gatewayHeld(tx, organisationId, gatewayId)
  await (instanceId === undefined
    ? tx.$queryRaw`SELECT count(*) FROM (SELECT 1 FROM "ApiInstance" WHERE "gatewayId" = ${gatewayId}::uuid ORDER BY "id" FOR SHARE) AS locked`
    : tx.$queryRaw`SELECT 1 FROM "ApiInstance" WHERE "gatewayId" = ${gatewayId}::uuid AND "id" = ${instanceId}::uuid FOR SHARE`)
  return gateway
}

async function requireHead(tx: Tx, gateway: GatewayHead, expected: number): Promise<Deployed> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  if (expected === gateway.headRevision) return head
  // A number that never was has no items to compare with.
  const seen = await deployedAt(tx, gateway, expected < gateway.headRevision ? expected : 0)
  if (seen.manifest && head.manifest && isButContracts(seen.hashes, head.hashes)) return head
  const changes = await differenceBetween({ ...seen, revision: expected }, head, gateway)
  throw new Problem(
    'revision.raced',
    `You compared with revision ${expected}; revision ${gateway.headRevision} is deployed by now.`,
    { extra: { headRevision: gateway.headRevision, changes } },
  )
}

// A key that was issued or revoked meanwhile, or a certificate, changes nothing of what the caller decided on.
function isButContracts(seen: Hashes, now: Hashes): boolean {
  const ids = new Set([...Object.keys(seen), ...Object.keys(now)])
  return [...ids].every((id) => /^(?:contracts|tls-context):/.test(id) || seen[id] === now[id])
}

interface Candidate extends Drafted {
  kind: 'deploy' | 'rollback'
  restoresNumber?: number
  instanceId?: string | undefined
  note: string
}

/** Makes a candidate the next revision of a gateway that is locked. Answers its number. */
export async function commit(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  head: Deployed,
  candidate: Candidate,
): Promise<number> {
  if (candidate.faults.length > 0) {
    const [first] = candidate.faults
    throw new Problem('revision.invalid', first?.detail ?? '', { faults: candidate.faults })
  }
  const { organisationId, id: gatewayId } = gateway
  const hashes = inOrder(candidate.hashes)
  const json = itemsJson(hashes)
  const hash = sha256(json)
  if (hash === head.manifest?.hash) {
    throw new Problem('revision.empty', `Revision ${gateway.headRevision} is exactly this already.`)
  }
  const number = gateway.headRevision + 1
  await storeItems(tx, organisationId, added(candidate.items, head.hashes))
  await storeRevision(tx, actor, gateway, head, { ...candidate, hashes }, { number, hash, itemsJson: json })
  const next = { ...configurationOf(tx, organisationId, hashes, candidate.items), revision: number }
  await audit(tx, actor, {
    action: `revision.${candidate.kind}`,
    subjectKind: 'gateway',
    subjectId: gatewayId,
    before: { revision: gateway.headRevision },
    after: auditedAs(candidate, number, hash, await differenceBetween(head, next, gateway)),
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
  changes: Difference,
) {
  const texts = changes.groups.flatMap((group) => group.changes.map(({ text }) => `${group.title}: ${text}`))
  return { revision, hash, note, restoresNumber, instanceId, changes: texts.slice(0, 200) }
}

/** The items that the head revision did not have yet. */
function added(items: Items, before: Hashes): Item[] {
  return [...items].filter(([id, item]) => hashOf(item) !== before[id]).map(([, item]) => item)
}

/** Keeps items under their hashes; those that are there already stay. */
export async function storeItems(tx: Tx, organisationId: string, items: readonly Item[]): Promise<void> {
  const sealer = items.some(hasSecrets) ? await sealerOf(tx, organisationId) : undefined
  const data = items.map((content) => ({
    organisationId,
    hash: hashOf(content),
    kind: content.kind,
    content: (sealer === undefined ? content : sealedItem(content, sealer)) as Prisma.InputJsonObject,
  }))
  await tx.item.createMany({ data, skipDuplicates: true })
}

async function storeRevision(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  head: Deployed,
  candidate: Candidate,
  { number, hash, itemsJson }: { number: number; hash: string; itemsJson: string },
): Promise<void> {
  const { id: gatewayId, organisationId } = gateway
  const createdAt = new Date()
  const named = { gatewayId, revision: number, hash, publishedAt: createdAt.toISOString() }
  const json = manifestJson(named, itemsJson)
  const signed = await signManifest(tx, organisationId, json)
  const { id } = await tx.revision.create({
    data: {
      organisationId,
      gatewayId,
      number,
      kind: candidate.kind,
      restoresNumber: candidate.restoresNumber ?? null,
      hash,
      manifest: {},
      signature: signed.signature,
      signingKeyId: signed.keyId,
      note: candidate.note,
      createdAt,
      createdBy: actor.name,
    },
    select: { id: true },
  })
  await storeManifest(tx, { id, named, hashes: candidate.hashes, json }, head)
  keepManifest(id, { ...named, items: candidate.hashes })
  await tx.gateway.updateMany({ where: { id: gatewayId, organisationId }, data: { headRevision: number } })
}

interface Stored {
  /** Of the revision's row. */
  id: string
  named: Omit<Manifest, 'items'>
  hashes: Hashes
  json: string
}

/**
 * With thousands of items nearly all of a manifest is that of the one before, of which the database makes it: as text
 * it would be a megabyte to send, to parse and to put in order. Even so it goes past the client, which would copy it.
 */
async function storeManifest(tx: Tx, { id, named, hashes, json }: Stored, head: Deployed): Promise<void> {
  if (head.manifest === null) {
    await tx.$executeRaw`UPDATE "Revision" SET "manifest" = ${json}::jsonb WHERE "id" = ${id}::uuid`
    return
  }
  const { set, removed } = changeBetween(head.hashes, hashes)
  await tx.$executeRaw`
    UPDATE "Revision" SET "manifest" = ${JSON.stringify(named)}::jsonb || jsonb_build_object(
      'items', (before."manifest" -> 'items') - ${removed}::text[] || ${JSON.stringify(set)}::jsonb)
    FROM "Revision" AS before
    WHERE "Revision"."id" = ${id}::uuid
      AND before."gatewayId" = ${named.gatewayId}::uuid AND before."number" = ${head.manifest.revision}`
}

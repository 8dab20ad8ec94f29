import type { NewReview, Review, ReviewDetail, ReviewState } from '#domain/review.ts'
import { stands } from '#domain/sign-off.ts'
import { Problem } from '#domain/problem.ts'
import { compareFindings, notComparedOf } from '#domain/topology-comparison.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { itemsIn } from '../history/moments.ts'
import { readTopologyAt } from '../history/read.ts'
import { type Hashes, hashOf } from '../publish/compile.ts'
import { configurationOf, deployedAt, differenceBetween } from '../publish/configuration.ts'
import { type GatewayHead, gatewayIn } from '../publish/draft.ts'
import { draftedOf } from '../publish/drafted.ts'
import { lockGateway, storeItems } from '../publish/write.ts'
import { signatoriesOf } from './sign-offs.ts'
import { lastSignOff } from './standing.ts'
import { shortSignOff, toSignOff } from './stored.ts'

const withGateway = {
  gateway: { select: { name: true, environment: { select: { name: true, demandsSignOff: true } } } },
} satisfies Prisma.ReviewInclude
type ReviewRow = Prisma.ReviewGetPayload<{ include: typeof withGateway }>

const reviewsMax = 100

/** Reviews: open ones first, the newest first. */
export async function listReviews(actor: Actor): Promise<Review[]> {
  requirePermission(actor, 'reviews.read')
  const rows = await db().review.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { createdAt: 'desc' },
    take: reviewsMax,
    include: withGateway,
  })
  const reviews = await Promise.all(rows.map((row) => reviewOf(actor, row)))
  const weight = ({ state }: Review) => (state === 'open' ? 0 : 1)
  return reviews.map(({ review }) => review).toSorted((a, b) => weight(a) - weight(b))
}

/** A review with all that one needs to judge it. */
export async function readReview(actor: Actor, id: string): Promise<ReviewDetail> {
  requirePermission(actor, 'reviews.read')
  const row = await db().review.findFirst({
    where: { id, organisationId: actor.organisationId },
    include: withGateway,
  })
  if (!row) throw absent()
  const { review, gateway, last, difference } = await reviewOf(actor, row)
  const since = last?.signOff ?? null
  const [before, after, signatories] = await Promise.all([
    since && readTopologyAt(actor, { kind: 'sign-off', id: since.id }),
    readTopologyAt(actor, { kind: 'review', id }),
    signatoriesOf(db(), actor, gateway, last, itemsIn(row)),
  ])
  return {
    ...review,
    since,
    from: since && `sign-off:${since.id}`,
    to: `review:${id}`,
    difference,
    findings: compareFindings(
      before?.topology.findings ?? [],
      after.topology.findings,
      notComparedOf(before?.unknown ?? [], after.unknown),
    ),
    signatories,
  }
}

async function reviewOf(actor: Actor, row: ReviewRow) {
  const { organisationId } = actor
  const gateway = await gatewayIn(db(), organisationId, row.gatewayId)
  const hashes = itemsIn(row)
  const given = await db().signOff.findFirst({
    where: { organisationId, gatewayId: gateway.id, hash: row.hash },
    orderBy: { createdAt: 'desc' },
    ...shortSignOff,
  })
  // What was signed off stays compared with what was signed off before it.
  const last = await lastSignOff(db(), gateway, given ? row.hash : undefined)
  const difference = await differenceBetween(
    configurationOf(db(), organisationId, last?.hashes ?? {}),
    { ...configurationOf(db(), organisationId, hashes), revision: row.revision },
    gateway,
  )
  const changes = difference.groups.flatMap((group) => group.changes)
  const signOff = given && toSignOff(given)
  const review: Review = {
    id: row.id,
    gatewayId: gateway.id,
    gatewayName: gateway.name,
    environment: row.gateway.environment.name,
    demanded: row.gateway.environment.demandsSignOff,
    hash: row.hash,
    revision: row.revision,
    api: row.instanceId === null ? null : await apiName(row.instanceId, organisationId),
    note: row.note,
    requestedBy: row.requestedBy,
    requestedAt: row.createdAt.toISOString(),
    state: await stateOf(row, gateway, signOff && stands(signOff)),
    signOff,
    changes: changes.length,
    weakening: changes.filter(({ weakens }) => weakens).length,
  }
  return { review, gateway, last, difference }
}

async function apiName(instanceId: string, organisationId: string): Promise<string> {
  const instance = await db().apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: { apiVersion: { select: { label: true, api: { select: { title: true } } } } },
  })
  return instance
    ? `${instance.apiVersion.api.title} ${instance.apiVersion.label}`
    : 'an API that was deleted'
}

/** `counts` is whether its sign-off does; null without one. */
async function stateOf(row: ReviewRow, gateway: GatewayHead, counts: boolean | null): Promise<ReviewState> {
  if (counts !== null) return counts ? 'signed-off' : 'objected'
  if (row.withdrawnAt) return 'withdrawn'
  return (await isCurrent(db(), row, gateway)) ? 'open' : 'moved-on'
}

/** Whether what is to be judged is still what there is. */
async function isCurrent(tx: Tx, row: ReviewRow, gateway: GatewayHead): Promise<boolean> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  if (head.manifest?.hash === row.hash) return true
  if (row.revision !== null) return false
  const drafted = await draftedOf(tx, gateway, head, row.instanceId ?? undefined).catch((error: unknown) => {
    // The API that was to be deployed alone is gone.
    if (error instanceof Problem && error.code === 'not-found') return null
    throw error
  })
  return drafted !== null && hashOf(drafted.hashes) === row.hash
}

/** Asks that what a gateway serves, or would serve, be judged. Answers the review's id. */
export function requestReview(actor: Actor, gatewayId: string, wish: NewReview): Promise<string> {
  requirePermission(actor, 'reviews.write')
  return transaction(async (tx) => {
    const { organisationId } = actor
    const gateway = await lockGateway(tx, organisationId, gatewayId)
    const { hashes, revision } = await asked(tx, gateway, wish)
    const hash = hashOf(hashes)
    const same = { organisationId, gatewayId, hash }
    const open = await tx.review.findFirst({ where: { ...same, withdrawnAt: null }, select: { id: true } })
    const signed = await tx.signOff.findFirst({ where: same, select: { id: true } })
    if (open && !signed)
      throw new Problem('review.open', 'Somebody has asked for a review of exactly this.', {
        extra: { reviewId: open.id },
      })
    const { id } = await tx.review.create({
      data: {
        ...same,
        items: hashes,
        revision,
        instanceId: wish.instanceId ?? null,
        note: wish.note,
        requestedById: actor.id,
        requestedBy: actor.name,
      },
      select: { id: true },
    })
    await record(tx, actor, 'review.create', { id, gatewayId }, { hash, revision, note: wish.note })
    return id
  })
}

async function asked(
  tx: Tx,
  gateway: GatewayHead,
  { of, instanceId }: NewReview,
): Promise<{ hashes: Hashes; revision: number | null }> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  if (of === 'deployed') {
    if (!head.manifest) throw new Problem('revision.empty', `Nothing is deployed at ${gateway.name} yet.`)
    return { hashes: head.hashes, revision: gateway.headRevision }
  }
  const { hashes, items, faults } = await draftedOf(tx, gateway, head, instanceId)
  if (faults.length > 0)
    throw new Problem('revision.invalid', 'Gateways would refuse this: mend it first.', { faults })
  if (hashOf(hashes) === head.manifest?.hash)
    throw new Problem('revision.empty', `The draft is exactly revision ${gateway.headRevision}: review that.`)
  // A draft goes on; what was to be judged stays readable.
  await storeItems(tx, gateway.organisationId, [...items.values()])
  return { hashes, revision: null }
}

/** Nobody need look at it any more. */
export function withdrawReview(actor: Actor, id: string): Promise<void> {
  requirePermission(actor, 'reviews.write')
  return transaction(async (tx) => {
    const row = await tx.review.findFirst({ where: { id, organisationId: actor.organisationId } })
    if (!row) throw absent()
    if (row.withdrawnAt) return
    await tx.review.update({ where: { id }, data: { withdrawnAt: new Date() } })
    await record(tx, actor, 'review.withdraw', row, { hash: row.hash })
  })
}

async function record(
  tx: Tx,
  actor: Actor,
  action: string,
  { id, gatewayId }: { id: string; gatewayId: string },
  after: object,
): Promise<void> {
  await audit(tx, actor, {
    action,
    subjectKind: 'gateway',
    subjectId: gatewayId,
    after: { reviewId: id, ...after },
  })
  await announceChange(tx, actor.organisationId, { topic: 'reviews', id })
}

function absent(): Problem {
  return new Problem('not-found', 'There is no such review.')
}

import { listed } from '#domain/listing.ts'
import { Problem } from '#domain/problem.ts'
import type { Signatories, SignOff, SignOffStanding } from '#domain/sign-off.ts'
import { allows } from '#domain/access.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { type Hashes, hashesOf, hashOf, instanceOf } from '../publish/compile.ts'
import { deployedAt } from '../publish/configuration.ts'
import { draftOf, type GatewayHead, gatewayIn } from '../publish/draft.ts'
import { draftedOf } from '../publish/drafted.ts'
import { lockGateway } from '../publish/write.ts'
import { type Authored, authorsOf, signersBut } from './authors.ts'
import { lastSignOff, type Signed, standingFor } from './standing.ts'
import { shortSignOff, toSignOff } from './stored.ts'

/** How every gateway stands to what was signed off, by name. */
export async function listStandings(actor: Actor): Promise<SignOffStanding[]> {
  requirePermission(actor, 'reviews.read')
  const { organisationId } = actor
  const gateways = await db().gateway.findMany({
    where: { organisationId },
    orderBy: { name: 'asc' },
    select: { id: true, environment: { select: { demandsSignOff: true } } },
  })
  return Promise.all(
    gateways.map(async ({ id, environment }) => {
      const gateway = await gatewayIn(db(), organisationId, id)
      const head = await deployedAt(db(), gateway, gateway.headRevision)
      const hash = head.manifest?.hash ?? null
      const last = await lastSignOff(db(), gateway)
      return {
        gatewayId: id,
        gatewayName: gateway.name,
        demanded: environment.demandsSignOff,
        revision: gateway.headRevision,
        hash,
        signOff: hash === null ? null : await standingFor(db(), gateway, hash),
        last: last?.signOff ?? null,
        ...(await signatoriesOf(db(), actor, gateway, last, head.hashes)),
      }
    }),
  )
}

/** Who may sign something off, and why the actor may not. */
export async function signatoriesOf(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  last: Signed | null,
  hashes: Hashes,
): Promise<Signatories> {
  const authors = await authorsOf(tx, gateway, last, hashes)
  return {
    authors: [...authors.values()].map(({ name }) => name).toSorted((a, b) => a.localeCompare(b, 'en')),
    mayBeSignedBy: await signersBut(tx, gateway.organisationId, new Set(authors.keys())),
    refusal: refusalFor(actor, authors),
  }
}

function refusalFor(actor: Actor, authors: ReadonlyMap<string, Authored>): string | null {
  if (!allows(actor.role, 'reviews.sign')) return `Reviewers and admins sign off; your role is ${actor.role}.`
  if (actor.kind !== 'user') return 'A person must sign it off, not a machine.'
  const own = authors.get(actor.id)
  return own
    ? `You changed something in it yourself (${own.action}): a second person must sign it off.`
    : null
}

export interface NewSignOff {
  readonly hash: string
  readonly note: string
}

/** Answers for what a gateway is to serve, or for a draft under review, by the hash of its manifest. */
export function signOff(actor: Actor, gatewayId: string, wish: NewSignOff): Promise<SignOff> {
  requirePermission(actor, 'reviews.sign')
  return transaction(async (tx) => {
    // Nothing of it changes while it is judged.
    const gateway = await lockGateway(tx, actor.organisationId, gatewayId)
    const { hashes, revision } = await lookedAt(tx, gateway, wish.hash)
    const last = await lastSignOff(tx, gateway)
    const { refusal, mayBeSignedBy } = await signatoriesOf(tx, actor, gateway, last, hashes)
    if (refusal !== null) {
      const who = mayBeSignedBy.length > 0 ? ` ${listed(mayBeSignedBy)} may.` : ''
      throw new Problem('sign-off.not-yours', `${refusal}${who}`, { extra: { mayBeSignedBy } })
    }
    if (await standingFor(tx, gateway, wish.hash))
      throw new Problem('sign-off.given', 'Somebody answers for exactly this already.')
    const row = await tx.signOff.create({
      data: {
        organisationId: gateway.organisationId,
        gatewayId,
        ...wish,
        items: hashes,
        revision,
        auditSequence: await newestEntry(tx, gateway.organisationId),
        openSince: await openInstances(tx, gateway, last, hashes),
        signedById: actor.id,
        signedBy: actor.name,
      },
      ...shortSignOff,
    })
    const made = toSignOff(row)
    await record(tx, actor, 'sign-off.create', made, { hash: made.hash, revision, note: made.note })
    return made
  })
}

/** What the hash is of: what is deployed, or a draft that is still what was to be reviewed. */
async function lookedAt(
  tx: Tx,
  gateway: GatewayHead,
  hash: string,
): Promise<{ hashes: Hashes; revision: number | null }> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  if (head.manifest?.hash === hash) return { hashes: head.hashes, revision: gateway.headRevision }
  const review = await tx.review.findFirst({
    where: { organisationId: gateway.organisationId, gatewayId: gateway.id, hash, withdrawnAt: null },
    orderBy: { createdAt: 'desc' },
    select: { revision: true, instanceId: true },
  })
  const moved = new Problem(
    'sign-off.moved-on',
    review === null || review.revision !== null
      ? `Revision ${gateway.headRevision} of ${gateway.name} is another than you looked at. Look at it again.`
      : `The draft of ${gateway.name} has changed since the review was requested. Ask for a review again.`,
  )
  if (review === null || review.revision !== null) throw moved
  const { hashes } = await draftedOf(tx, gateway, head, review.instanceId ?? undefined).catch(() => {
    throw moved
  })
  if (hashOf(hashes) !== hash) throw moved
  return { hashes, revision: null }
}

async function newestEntry(tx: Tx, organisationId: string): Promise<number> {
  const newest = await tx.auditEntry.aggregate({ where: { organisationId }, _max: { sequence: true } })
  return newest._max.sequence ?? 0
}

/** Instances whose draft is another than what is signed: who made it so is an author of what comes next. */
async function openInstances(
  tx: Tx,
  gateway: GatewayHead,
  last: Signed | null,
  signed: Hashes,
): Promise<Record<string, number>> {
  const { items } = await draftOf(tx, gateway)
  const [drafts, wanted] = [byInstance(hashesOf(items)), byInstance(signed)]
  const rows = await tx.apiInstance.findMany({ where: { gatewayId: gateway.id }, select: { id: true } })
  const ids = new Set([...rows.map(({ id }) => id), ...wanted.keys()])
  const open = [...ids].filter((id) => wanted.get(id) === undefined || wanted.get(id) !== drafts.get(id))
  return Object.fromEntries(open.map((id) => [id, last?.openSince[id] ?? last?.auditSequence ?? 0]))
}

function byInstance(hashes: Hashes): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const id of Object.keys(hashes).toSorted()) {
    const instanceId = instanceOf(id)
    if (instanceId !== null) texts.set(instanceId, `${texts.get(instanceId) ?? ''}${id} ${hashes[id]}\n`)
  }
  return texts
}

/** Every sign-off, the newest first. */
export async function listSignOffs(actor: Actor): Promise<SignOff[]> {
  requirePermission(actor, 'reviews.read')
  const rows = await db().signOff.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { createdAt: 'desc' },
    take: 200,
    ...shortSignOff,
  })
  return rows.map(toSignOff)
}

/** Says something against a sign-off. It is kept, and counts no more. */
export function object(actor: Actor, signOffId: string, reason: string): Promise<SignOff> {
  requirePermission(actor, 'reviews.sign')
  return transaction(async (tx) => {
    const { organisationId } = actor
    const row = await tx.signOff.findFirst({ where: { id: signOffId, organisationId }, select: { id: true } })
    if (!row) throw new Problem('not-found', 'There is no such sign-off.')
    await tx.objection.create({
      data: { organisationId, signOffId, reason, raisedById: actor.id, raisedBy: actor.name },
    })
    const changed = toSignOff(
      await tx.signOff.findUniqueOrThrow({ where: { id: signOffId }, ...shortSignOff }),
    )
    await record(tx, actor, 'objection.create', changed, { hash: changed.hash, reason })
    return changed
  })
}

async function record(tx: Tx, actor: Actor, action: string, { gatewayId, id }: SignOff, after: object) {
  await audit(tx, actor, {
    action,
    subjectKind: 'gateway',
    subjectId: gatewayId,
    after: { signOffId: id, ...after },
  })
  await announceChange(tx, actor.organisationId, { topic: 'reviews', id })
}

import { z } from 'zod'
import { type Moment, type MomentChoices, momentText, type MomentView } from '#domain/moment.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import type { Hashes } from '../publish/compile.ts'
import { type Reach, reaches, reachOf } from './reach.ts'
import type { Instead } from './stored-at.ts'

/** A moment with everything that is needed to say what stood there. */
export interface Found {
  readonly view: MomentView
  /** Null for the drafts of today. */
  readonly at: Date | null
  readonly instead?: Instead
}

export async function findMoment(tx: Tx, organisationId: string, moment: Moment, now: Date): Promise<Found> {
  const known = { moment: momentText(moment), gatewayId: null, revision: null }
  switch (moment.kind) {
    case 'draft':
      return { view: { ...known, label: 'Now, with drafts', at: now.toISOString() }, at: null }
    case 'deployed':
      return { view: { ...known, label: 'Now, as deployed', at: now.toISOString() }, at: now }
    case 'date': {
      const at = new Date(moment.at)
      if (at > now) throw new Problem('topology.not-kept', `${moment.at} is still to come.`)
      await requireKept(tx, organisationId, at, `it was ${moment.at}`)
      return { view: { ...known, label: moment.at, at: moment.at }, at }
    }
    case 'revision':
      return findRevision(tx, organisationId, moment)
    case 'sign-off':
      return findSignOff(tx, organisationId, moment.id)
    case 'review':
      return findReview(tx, organisationId, moment.id, now)
  }
}

async function findRevision(
  tx: Tx,
  organisationId: string,
  moment: Extract<Moment, { kind: 'revision' }>,
): Promise<Found> {
  const { gateway: name, number } = moment
  const gateway = await tx.gateway.findFirst({ where: { organisationId, name }, select: { id: true } })
  const absent = new Problem('not-found', `There is no revision ${number} of a gateway ${name}.`)
  if (!gateway) throw absent
  const [row] = await headsOf(tx, organisationId, gateway.id, number)
  if (!row) {
    const where = { organisationId, gatewayId: gateway.id, number }
    if (!(await tx.revision.findFirst({ where, select: { id: true } }))) throw absent
    throw notKept(`revision ${number} of ${name} was deployed`, await reachOf(tx, organisationId))
  }
  await requireKept(tx, organisationId, row.at, `revision ${number} of ${name} was deployed`)
  const label = `Revision ${number} of ${name}`
  const at = row.at
  const view = {
    moment: momentText(moment),
    label,
    at: at.toISOString(),
    gatewayId: gateway.id,
    revision: number,
  }
  return { view, at }
}

/** When revisions of a gateway became what it was to serve, as far as that was kept; one alone where it is named. */
function headsOf(tx: Tx, organisationId: string, gatewayId: string, number?: number) {
  return tx.$queryRaw<{ number: number; at: Date }[]>`
    SELECT ("content" ->> 'headRevision')::int AS "number", min("validFrom") AS "at" FROM "PastRow"
    WHERE "organisationId" = ${organisationId}::uuid AND "kind" = 'Gateway' AND "rowId" = ${gatewayId}
      AND (${number ?? null}::int IS NULL OR ("content" ->> 'headRevision')::int = ${number ?? null}::int)
    GROUP BY 1 ORDER BY 1 DESC`
}

// Written by lib/reviews out of a manifest's items.
const hashes = z.record(z.string(), z.string())

async function findSignOff(tx: Tx, organisationId: string, id: string): Promise<Found> {
  const row = await tx.signOff.findFirst({ where: { id, organisationId }, include: withGateway })
  if (!row) throw new Problem('not-found', 'There is no such sign-off.')
  const { gateway, revision, createdAt: at, signedBy } = row
  const what = revision === null ? `the draft of ${gateway.name}` : `revision ${revision} of ${gateway.name}`
  return {
    view: {
      moment: `sign-off:${id}`,
      label: `Signed off by ${signedBy}: ${what}`,
      at: at.toISOString(),
      gatewayId: gateway.id,
      revision,
    },
    at,
    instead: { gatewayId: gateway.id, hashes: itemsIn(row) },
  }
}

async function findReview(tx: Tx, organisationId: string, id: string, now: Date): Promise<Found> {
  const row = await tx.review.findFirst({ where: { id, organisationId }, include: withGateway })
  if (!row) throw new Problem('not-found', 'There is no such review.')
  const { gateway, revision } = row
  const what = revision === null ? `the draft of ${gateway.name}` : `revision ${revision} of ${gateway.name}`
  return {
    view: {
      moment: `review:${id}`,
      label: `Under review: ${what}`,
      at: now.toISOString(),
      gatewayId: gateway.id,
      revision,
    },
    at: now,
    instead: { gatewayId: gateway.id, hashes: itemsIn(row) },
  }
}

const withGateway = { gateway: { select: { id: true, name: true } } } as const

/** The items that a record names. */
export function itemsIn({ items }: { items: unknown }): Hashes {
  return hashes.parse(items)
}

// ── What is kept ────────────────────────────────────────────────────────────

async function requireKept(tx: Tx, organisationId: string, at: Date, when: string): Promise<void> {
  const reach = await reachOf(tx, organisationId)
  if (!reaches(reach, at)) throw notKept(when, reach)
}

function notKept(when: string, { since, isCut, keptDays }: Reach): Problem {
  const why = isCut ? `, and what ended more than ${keptDays} days ago is cut` : ''
  const from = since === null ? 'nothing was kept yet' : `it is kept since ${since.toISOString()}${why}`
  return new Problem(
    'topology.not-kept',
    `What stood around the gateways when ${when} was not kept: ${from}.`,
  )
}

const isKnown = (at: Date | undefined, reach: Reach) => at !== undefined && reaches(reach, at)

const revisionsMax = 50

/** The moments that one can go to: the newest revisions of every gateway. */
export async function listMoments(actor: Actor): Promise<MomentChoices> {
  requirePermission(actor, 'topology.read')
  const { organisationId } = actor
  const tx = db()
  const reach = await reachOf(tx, organisationId)
  const gateways = await tx.gateway.findMany({
    where: { organisationId },
    orderBy: { name: 'asc' },
    select: {
      id: true,
      name: true,
      revisions: {
        orderBy: { number: 'desc' },
        take: revisionsMax,
        select: { number: true, hash: true, note: true, createdAt: true, createdBy: true },
      },
      signOffs: { where: { objections: { none: {} } }, select: { hash: true, signedBy: true } },
    },
  })
  const choices = await Promise.all(
    gateways.map(async ({ id, name, revisions, signOffs }) => {
      const heads = new Map((await headsOf(tx, organisationId, id)).map((head) => [head.number, head.at]))
      const signed = new Map(signOffs.map(({ hash, signedBy }) => [hash, signedBy]))
      return revisions.map(({ number, hash, note, createdAt, createdBy }) => ({
        moment: momentText({ kind: 'revision', gateway: name, number }),
        label: `Revision ${number} of ${name}`,
        at: (heads.get(number) ?? createdAt).toISOString(),
        gatewayId: id,
        revision: number,
        note,
        by: createdBy,
        signedOffBy: signed.get(hash) ?? null,
        isKept: isKnown(heads.get(number), reach),
      }))
    }),
  )
  return {
    keptSince: reach.since?.toISOString() ?? null,
    keptDays: reach.keptDays,
    choices: choices.flat().toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)),
  }
}

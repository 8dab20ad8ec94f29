import type { Thread } from '#domain/review.ts'
import { thread } from '#domain/review.ts'
import type { SignOff } from '#domain/sign-off.ts'
import type { Prisma } from '#prisma/generated/client.ts'

/** Rows as the domain knows them. */

export const withObjections = {
  gateway: { select: { name: true } },
  objections: { orderBy: { createdAt: 'asc' } },
} satisfies Prisma.SignOffInclude
// Of a gateway with thousands of APIs the items have a megabyte, which few have a use for.
export const shortSignOff = { include: withObjections, omit: { items: true, openSince: true } } as const

export type SignOffRow = Prisma.SignOffGetPayload<typeof shortSignOff>

export function toSignOff(row: SignOffRow): SignOff {
  return {
    id: row.id,
    gatewayId: row.gatewayId,
    gatewayName: row.gateway.name,
    hash: row.hash,
    revision: row.revision,
    note: row.note,
    at: row.createdAt.toISOString(),
    by: row.signedBy,
    objections: row.objections.map(({ id, reason, createdAt, raisedBy }) => ({
      id,
      reason,
      at: createdAt.toISOString(),
      by: raisedBy,
    })),
  }
}

export const withComments = {
  comments: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] },
} satisfies Prisma.ThreadInclude

export function toThread(row: Prisma.ThreadGetPayload<{ include: typeof withComments }>): Thread {
  return thread.parse({
    id: row.id,
    subject: { kind: row.subjectKind, id: row.subjectId, name: row.subjectName, legId: row.legId },
    comments: row.comments.map(({ id, text, createdAt, authorName }) => ({
      id,
      text,
      at: createdAt.toISOString(),
      author: authorName,
    })),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    resolvedBy: row.resolvedBy,
  })
}

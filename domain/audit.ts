import { z } from 'zod'

/** The audit trail as pages and machines see it. */

export const auditEntry = z.object({
  sequence: z.int(),
  at: z.iso.datetime(),
  actorKind: z.string(),
  actorName: z.string(),
  action: z.string(),
  subjectKind: z.string(),
  subjectId: z.string(),
  outcome: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})

/** A page of the trail, newest first. */
export const auditPage = z.object({
  entries: z.array(auditEntry),
  /** Give it back as `cursor` to read on; null at the end. */
  nextCursor: z.string().nullable(),
})

/** Whether every entry still follows from the one before it. */
export const auditVerification = z.object({
  entries: z.int(),
  /** The first entry that does not fit; null when all do. */
  brokenAt: z.int().nullable(),
  verifiedAt: z.iso.datetime(),
})

export type AuditEntry = z.infer<typeof auditEntry>
export type AuditPage = z.infer<typeof auditPage>
export type AuditVerification = z.infer<typeof auditVerification>

import { z } from 'zod'

/** Sign-offs: who answers for a manifest, and who may. */

const id = z.string()
const at = z.iso.datetime()
const hash = z.string().regex(/^[0-9a-f]{64}$/)

const objection = z.object({ id, reason: z.string(), at, by: z.string() })

/** Somebody answers for a manifest, which its hash names. */
export const signOff = z.object({
  id,
  gatewayId: id,
  gatewayName: z.string(),
  hash: hash.describe('Of the manifest'),
  revision: z.int().nullable().describe('Null for a draft'),
  note: z.string(),
  at,
  by: z.string(),
  objections: z.array(objection).describe('Said against it later; with any it counts no more'),
})
export const signOffList = z.object({ signOffs: z.array(signOff).describe('Newest first') })
export type SignOff = z.infer<typeof signOff>

export const newSignOff = z.strictObject({
  hash: hash.meta({ description: 'Of the manifest that you looked at' }),
  note: z.string().trim().max(500).default(''),
})
export const newObjection = z.strictObject({ reason: z.string().trim().min(1, 'Say why.').max(500) })

/** Whether it counts: nobody has said anything against it. */
export function stands({ objections }: Pick<SignOff, 'objections'>): boolean {
  return objections.length === 0
}

/** Who may sign a manifest off. */
export const signatories = z.object({
  authors: z.array(z.string()).describe('Who changed something in it, and so may not'),
  mayBeSignedBy: z.array(z.string()),
  refusal: z.string().nullable().describe('Why whoever asks may not; null where they may'),
})
export type Signatories = z.infer<typeof signatories>

/** How what a gateway is to serve stands to what was signed off. */
export const signOffStanding = signatories.extend({
  gatewayId: id,
  gatewayName: z.string(),
  demanded: z.boolean().describe('Nothing is deployed here that nobody has signed off'),
  revision: z.int().describe('The newest; 0 before the first'),
  hash: hash.nullable(),
  signOff: signOff.nullable().describe('Of exactly this'),
  last: signOff.nullable().describe('The newest that counts, of whatever'),
})
export const signOffStandings = z.object({ gateways: z.array(signOffStanding) })
export type SignOffStanding = z.infer<typeof signOffStanding>

/** What stands between a draft and its deployment. */
export const signOffGate = z.object({
  demanded: z.boolean(),
  hash,
  signOff: signOff.nullable(),
  reviewId: id.nullable().describe('An open review of exactly this'),
  mayBeSignedBy: z.array(z.string()),
})
export type SignOffGate = z.infer<typeof signOffGate>

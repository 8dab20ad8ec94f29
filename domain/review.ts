import { z } from 'zod'
import { difference } from './deployment.ts'
import { findingView } from './topology.ts'

/** Comments, reviews and sign-offs: who looked at what, and who answers for it. */

const id = z.string()
const at = z.iso.datetime()
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const text = (title: string, max: number) => z.string().trim().min(1, `${title} is empty.`).max(max)

// ── Comments ────────────────────────────────────────────────────────────────

export const threadSubjects = ['leg', 'finding'] as const

const comment = z.object({ id, text: z.string(), at, author: z.string() })

/** Comments on one leg or finding. */
export const thread = z.object({
  id,
  subject: z.object({
    kind: z.enum(threadSubjects),
    id,
    name: z.string().describe('As it was called when the first comment was made'),
    legId: id.nullable().describe('Where the topology shows it'),
  }),
  comments: z.array(comment).min(1),
  resolvedAt: at.nullable(),
  resolvedBy: z.string().nullable(),
})
export const threadList = z.object({ threads: z.array(thread).describe('Newest first') })

export const newComment = z.strictObject({ text: text('The comment', 4_000) })
export const newThread = newComment.extend({
  subject: z.strictObject({ kind: z.enum(threadSubjects), id: z.string().min(1).max(500) }),
})
export const threadChange = z.strictObject({ resolved: z.boolean() })

export type Thread = z.infer<typeof thread>
export type ThreadSubject = Thread['subject']

// ── Sign-offs ───────────────────────────────────────────────────────────────

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
export const newObjection = z.strictObject({ reason: text('The reason', 500) })

/** Whether it counts: nobody has said anything against it. */
export function stands({ objections }: Pick<SignOff, 'objections'>): boolean {
  return objections.length === 0
}

/** Who may sign a manifest off. */
const signatories = z.object({
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

// ── Reviews ─────────────────────────────────────────────────────────────────

export const reviewStates = ['open', 'signed-off', 'objected', 'moved-on', 'withdrawn'] as const
export type ReviewState = (typeof reviewStates)[number]

/** Somebody asks that a revision or a draft be judged. */
export const review = z.object({
  id,
  gatewayId: id,
  gatewayName: z.string(),
  environment: z.string(),
  demanded: z.boolean().describe('It cannot be deployed before it is signed off'),
  hash: hash.describe('That the manifest has, or will have'),
  revision: z.int().nullable().describe('Null for a draft'),
  api: z.string().nullable().describe('The one API that is to be deployed, where it is not the whole draft'),
  note: z.string(),
  requestedBy: z.string(),
  requestedAt: at,
  state: z.enum(reviewStates),
  signOff: signOff.nullable(),
  changes: z.int().describe('Since what was signed off last'),
  weakening: z.int().describe('Of them, those that take protection away'),
})
export const reviewList = z.object({ reviews: z.array(review).describe('Open ones first, newest first') })

export const reviewDetail = review.extend({
  since: signOff.nullable().describe('What was signed off last'),
  from: z.string().nullable().describe('The moment to compare with; null before the first sign-off'),
  to: z.string().describe('The moment that is reviewed'),
  difference,
  findings: z.object({ added: z.array(findingView), gone: z.array(findingView) }),
  signatories,
})

export const newReview = z.strictObject({
  of: z.enum(['draft', 'deployed']).default('draft'),
  instanceId: z
    .uuid()
    .optional()
    .meta({ description: 'One API of the draft, which is to be deployed alone' }),
  note: z.string().trim().max(500).default('').meta({ description: 'What to look at' }),
})

export type Review = z.infer<typeof review>
export type ReviewDetail = z.infer<typeof reviewDetail>
export type NewReview = z.output<typeof newReview>

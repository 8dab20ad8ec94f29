import { z } from 'zod'
import { difference } from './deployment.ts'
import { signatories, signOff } from './sign-off.ts'
import { findingView } from './topology.ts'

/** Comments and reviews: who looked at what, and what they said. */

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

export type Thread = z.infer<typeof thread>
export type ThreadSubject = Thread['subject']

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

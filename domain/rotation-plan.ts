import { z } from 'zod'

/** The replacing of a CA as it is kept, planned and shown: which steps there are, and what each would change. */

const id = z.string()

export const rotation = z.object({
  fromId: id,
  toId: id,
  /** The contexts that trusted the old CA when the rotation began. */
  contextIds: z.array(id).readonly(),
  /** Contexts and gateways for which somebody answers where nobody can see: firewalls, machines that are gone. */
  vouchedIds: z.array(id).readonly(),
})

export const stepKinds = ['overlap', 'reissue', 'verify', 'drop'] as const

const trustChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['trust', 'drop']), contextId: id, authorityId: id, text: z.string() }),
  z.object({
    kind: z.literal('reissue'),
    certificateId: id,
    /** The CA that issues it: the new one, or one below whose key is here. */
    authorityId: id,
    /** Where the portal lacks the key of such a CA: somebody must bring the certificate. */
    byHand: z.boolean(),
    text: z.string(),
  }),
  /** Back to the version before. */
  z.object({ kind: z.literal('restore'), certificateId: id, text: z.string() }),
])

/** Something that can be done, as it would be done now. */
const move = z.object({
  changes: z.array(trustChange).readonly(),
  may: z.boolean(),
  whyNot: z.array(z.string()).readonly(),
})

/** What nobody here can see, so that somebody must answer for it. */
const blindSpot = z.object({ id, kind: z.enum(['context', 'gateway']), name: z.string() })

export const rotationStep = move.extend({
  kind: z.enum(stepKinds),
  state: z.enum(['done', 'next', 'later']),
  /** What should be known before, though nobody here can see it. */
  cautions: z.array(z.string()).readonly(),
  /** What holds it up and may be vouched for. */
  blind: z.array(blindSpot).readonly(),
  reverse: move,
})

export type Rotation = z.infer<typeof rotation>
export type StepKind = (typeof stepKinds)[number]
export type TrustChange = z.infer<typeof trustChange>
export type Move = z.infer<typeof move>
export type BlindSpot = z.infer<typeof blindSpot>
export type RotationStep = z.infer<typeof rotationStep>

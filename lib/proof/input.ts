import { z } from 'zod'

/** What proofs are asked for, and what they answer. */

const pem = z.string().max(200_000).meta({ description: 'A chain as PEM, the leaf first.' })

export const simulation = z.strictObject({
  certificate: z
    .discriminatedUnion('from', [
      z
        .strictObject({ from: z.literal('stored'), certificateId: z.uuid() })
        .meta({ title: 'One that is here' }),
      z.strictObject({ from: z.literal('pem'), pem }).meta({ title: 'Any other, without its key' }),
      z.strictObject({ from: z.literal('none') }).meta({ title: 'A client that shows none' }),
    ])
    .meta({ description: 'What the client shows.' }),
  at: z
    .discriminatedUnion('kind', [
      z
        .strictObject({
          kind: z.literal('api'),
          instanceId: z.uuid(),
          state: z
            .enum(['deployed', 'draft'])
            .optional()
            .meta({ description: 'As it is deployed where it is, else as it is drafted.' }),
        })
        .meta({ title: 'The clients of an API' }),
      z
        .strictObject({ kind: z.literal('context'), contextId: z.uuid() })
        .meta({ title: 'Whoever an mTLS context lets in' }),
    ])
    .meta({ description: 'Where the client knocks.' }),
})
export type Simulation = z.output<typeof simulation>

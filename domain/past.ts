import { z } from 'zod'

/** For how long what stood there is kept. */

export const keptDays = z
  .int()
  .min(30)
  .max(36_500)
  .meta({ title: 'Days', description: 'For how many days rows are kept after they have ended' })

export const pastReach = z.object({
  keptDays,
  since: z.iso
    .datetime()
    .nullable()
    .describe('From when on everything is kept; null while nothing stood anywhere'),
  held: z
    .int()
    .describe(
      'How many moments before that are kept all the same: what was signed off, and what is deployed',
    ),
  version: z.int(),
})
export type PastReach = z.infer<typeof pastReach>

export const pastReachChange = z.strictObject({ keptDays })

import { z } from 'zod'

/** The organisation as a whole, as its settings and machines see it. */

const warningDays = z.int().min(1).max(365).meta({
  title: 'Warning days',
  description:
    'Days before their end from which certificates are warned of, where neither they nor an API say otherwise.',
})

export const organisation = z.object({
  id: z.uuid(),
  name: z.string(),
  warningDays,
  version: z.int(),
})

export const organisationChange = z.strictObject({ warningDays })

export type OrganisationView = z.infer<typeof organisation>
export type OrganisationChange = z.infer<typeof organisationChange>

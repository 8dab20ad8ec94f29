import { z } from 'zod'
import type { Ports } from './definition.ts'
import type { Destination } from './exchange.ts'

/** What policies that choose an upstream have in common. */

export const destinationRef = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .meta({ title: 'Destination', description: 'One of the destinations of the API, by its name.' }),
  kind: z.literal('Service', { error: 'must be Service' }).optional().meta({ hidden: true }),
  namespace: z.string().max(200).optional().meta({ hidden: true }),
})

/** Put in front of the path that goes on. */
export const destinationPath = z
  .string()
  .max(2_000)
  .regex(/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/, { error: 'must be a plain path that begins with a slash' })
  .optional()
  .meta({
    title: 'Path',
    description:
      'Put in front of what goes on: what the groups of the rule capture, or all of the path behind the base path of the API.',
    examples: ['/v2'],
  })

/** The destination of that name. Throws an Error where the API has none. */
export function destinationOf({ name }: z.infer<typeof destinationRef>, ports: Ports): Destination {
  const destination = ports.destination(name)
  if (destination === undefined) throw new Error(`the API has no destination ${name}`)
  return destination
}

import { z } from 'zod'

const number = z.coerce.number().int().min(0).max(2_147_483_647)

/** What the address of the deployments page says. What does not fit is left out. */
export const deploymentsAddress = z.object({
  gateway: z.uuid().optional().catch(undefined),
  revision: number.optional().catch(undefined),
  /** Two revisions, the earlier first: 3..7 */
  compare: z
    .string()
    .regex(/^\d{1,9}\.\.\d{1,9}$/)
    .transform((text): [number, number] => {
      const [from, to] = text.split('..')
      return [Number(from), Number(to)]
    })
    .optional()
    .catch(undefined),
})

/** The address of a view of the deployments page. */
export function deploymentsHref(view: {
  gateway: string
  revision?: number
  compare?: readonly [number, number]
}): string {
  const query = new URLSearchParams({ gateway: view.gateway })
  if (view.compare) query.set('compare', view.compare.join('..'))
  else if (view.revision !== undefined) query.set('revision', String(view.revision))
  return `/deployments?${query}`
}

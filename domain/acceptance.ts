import { z } from 'zod'
import { type Finding, severities } from './finding.ts'

/** Accepted findings: somebody answers for one until a date, after which it returns. */

export const acceptance = z.object({
  id: z.string(),
  findingId: z.string(),
  /** What was accepted; a graver finding is another matter. */
  severity: z.enum(severities),
  owner: z.string(),
  reason: z.string(),
  until: z.iso.datetime(),
})
export type Acceptance = z.infer<typeof acceptance>

/** Who answers for a finding at a moment, or null: nobody does, the date has passed, or it has become graver. */
export function acceptanceOf(
  { id, severity }: Pick<Finding, 'id' | 'severity'>,
  acceptances: readonly Acceptance[],
  now: Date,
): Acceptance | null {
  return acceptances.reduce<Acceptance | null>((held, each) => {
    const holds =
      each.findingId === id &&
      severities.indexOf(severity) >= severities.indexOf(each.severity) &&
      now.getTime() < Date.parse(each.until)
    return holds && (!held || Date.parse(each.until) > Date.parse(held.until)) ? each : held
  }, null)
}

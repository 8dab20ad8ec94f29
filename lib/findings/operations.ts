import { z } from 'zod'
import { published } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { fixFinding } from './fix.ts'

export const findingsOperations: readonly Operation[] = [
  endpoint({
    id: 'finding.fix.run',
    method: 'POST',
    path: '/findings/fix',
    tag: 'Topology',
    summary:
      'Have what a finding is about mended where its fix is safe: certificates are served at once, policies stand in the draft',
    access: 'topology.write',
    body: z.strictObject({ findingId: z.string().min(1).max(500) }),
    output: z.object({
      published: z.array(published).describe('Revisions that came of it; none where it is in a draft'),
    }),
    problems: [
      'not-found',
      'finding.undecided',
      'write.stale',
      'certificate.refused',
      'instance.tls-differs',
    ],
    run: ({ body }, { actor }) => fixFinding(actor, body.findingId),
  }),
]

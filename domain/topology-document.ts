import { z } from 'zod'
import { topologyComparison } from './topology-comparison.ts'
import { topologyView } from './topology.ts'

/** The topology as a document that leaves the portal: to keep, to compare, to hand to somebody else. */
export const topologyDocument = z.object({
  format: z.literal('hexgate-topology/1'),
  organisation: z.string(),
  hash: z.string().describe('SHA-256 of the canonical JSON (RFC 8785) of `topology`'),
  topology: topologyView,
})
export type TopologyDocument = z.infer<typeof topologyDocument>

/** Two moments laid over each other, as a document. */
export const comparisonDocument = z.object({
  format: z.literal('hexgate-comparison/1'),
  organisation: z.string(),
  hash: z.string().describe('SHA-256 of the canonical JSON (RFC 8785) of `comparison`'),
  comparison: topologyComparison,
})
export type ComparisonDocument = z.infer<typeof comparisonDocument>

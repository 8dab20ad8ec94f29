import { z } from 'zod'
import { documentFile } from './documents.ts'
import { networkPolicySpec } from './network-policy.ts'
import { policyStandings } from './network-policy-comparison.ts'
import { findingView } from './topology.ts'

/** The NetworkPolicies that somebody says are applied around a gateway in its cluster. */

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const namespace = z.string().regex(label, 'must be the name of a namespace')
const app = z.string().regex(label, 'must be the value of the label app')

/** Where the pods of a gateway run, which the portal does not know. */
export const gatewayPods = z.strictObject({
  namespace: namespace.default('default'),
  app: app.default('hexgate'),
})

/** What is kept of a policy: what is judged, and the comment, which may promise something. */
export const appliedPolicy = z.object({
  namespace: z.string(),
  name: z.string(),
  comment: z.string(),
  spec: networkPolicySpec,
})
export type AppliedPolicy = z.infer<typeof appliedPolicy>

export const appliedWish = z.strictObject({
  files: z.array(documentFile).min(1).max(200),
  namespace: namespace.optional().meta({
    description: 'Where the pods of the gateway run. Left out: the only one that the documents can mean.',
  }),
  app: app.optional().meta({
    description: 'The value of their label app. Left out: the pods are found among the documents.',
  }),
})
export type AppliedWish = z.input<typeof appliedWish>

/** How the pods of the gateway were told from others. */
export const podsKnownBy = ['given', 'image', 'name', 'nothing'] as const

const excess = z.object({
  /** Null where none selects the pods. */
  policy: z.string().nullable(),
  direction: z.enum(['egress', 'ingress']),
  text: z.string(),
})

export const appliedNetworkPolicies = z.object({
  gatewayId: z.string(),
  gatewayName: z.string(),
  version: z.int().describe('0 while nothing is said to be applied'),
  applied: z
    .object({
      namespace: z.string(),
      app: z.string().nullable(),
      podLabels: z.record(z.string(), z.string()),
      podsKnownBy: z.enum(podsKnownBy),
      policies: z.int(),
      yaml: z.string(),
      at: z.iso.datetime(),
      by: z.string(),
    })
    .nullable(),
  generated: z.object({ yaml: z.string() }).describe('What lets through what is declared and nothing else'),
  comparison: z.object({
    policies: z.array(
      z.object({ namespace: z.string(), name: z.string(), standing: z.enum(policyStandings) }),
    ),
    excess: z.array(excess).describe('What the applied ones let through and nothing declared needs'),
  }),
  findings: z.array(findingView),
})
export type AppliedNetworkPolicies = z.infer<typeof appliedNetworkPolicies>

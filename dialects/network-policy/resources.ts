import { z } from 'zod'
import { networkPolicySpec } from '#domain/network-policy.ts'

/**
 * Kubernetes' NetworkPolicy (networking.k8s.io/v1), whole: a member that is not in that API is a fault, because a
 * cluster would drop it in silence and the policy would not say what its author thinks it says.
 */

const labelName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, hyphens and dots')

export const networkPolicy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1', { error: () => 'must be networking.k8s.io/v1' }),
  kind: z.literal('NetworkPolicy'),
  metadata: z.looseObject({
    name: labelName,
    namespace: labelName.default('default'),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: networkPolicySpec,
})

export type NetworkPolicy = z.infer<typeof networkPolicy>

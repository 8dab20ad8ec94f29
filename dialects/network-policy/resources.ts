import { z } from 'zod'

/**
 * Kubernetes' NetworkPolicy (networking.k8s.io/v1), whole: a member that is not in that API is a fault, because a
 * cluster would drop it in silence and the policy would not say what its author thinks it says.
 */

const labelName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, hyphens and dots')

const requirement = z
  .strictObject({
    key: z.string().min(1),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(z.string()).optional(),
  })
  .check(({ value, issues }) => {
    const wantsValues = value.operator === 'In' || value.operator === 'NotIn'
    const hasValues = (value.values?.length ?? 0) > 0
    if (wantsValues === hasValues) return
    const message = wantsValues ? `${value.operator} needs values` : `${value.operator} takes no values`
    issues.push({ code: 'custom', path: ['values'], message, input: value.values })
  })

/** An empty selector is everything. */
const selector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(requirement).optional(),
})

const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: () => 'must be a range such as 10.0.0.0/8' })

const peer = z
  .strictObject({
    podSelector: selector.optional(),
    namespaceSelector: selector.optional(),
    ipBlock: z.strictObject({ cidr, except: z.array(cidr).optional() }).optional(),
  })
  .check(({ value, issues }) => {
    const { ipBlock, ...selectors } = value
    const hasSelector = Object.values(selectors).some((one) => one !== undefined)
    if ((ipBlock === undefined) !== hasSelector)
      issues.push({
        code: 'custom',
        path: [],
        message: 'must be an ipBlock, or a podSelector and namespaceSelector',
        input: value,
      })
  })

const port = z
  .strictObject({
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
    port: z
      .union([z.int().min(1).max(65_535), z.string().regex(/^(?=.*[a-z])[a-z0-9-]{1,15}$/)], {
        error: () => "must be a number from 1 to 65535 or a port's name",
      })
      .optional(),
    endPort: z.int().min(1).max(65_535).optional(),
  })
  .refine((one) => one.endPort === undefined || (typeof one.port === 'number' && one.port <= one.endPort), {
    path: ['endPort'],
    message: 'needs a port that is a number and not above it',
  })

const ports = z.array(port).optional()

export const networkPolicy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1', { error: () => 'must be networking.k8s.io/v1' }),
  kind: z.literal('NetworkPolicy'),
  metadata: z.looseObject({
    name: labelName,
    namespace: labelName.default('default'),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    podSelector: selector.default({}),
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])).optional(),
    ingress: z.array(z.strictObject({ from: z.array(peer).optional(), ports })).optional(),
    egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports })).optional(),
  }),
})

export type NetworkPolicy = z.infer<typeof networkPolicy>

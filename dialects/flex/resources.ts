import { z } from 'zod'

/** The Flex resources that are understood, in both of their forms. What is not listed here is refused. */

function unsupported(reason: string) {
  return z.never({ error: () => reason }).optional()
}

const noTls = unsupported('TLS is not supported here yet')
const noRules = unsupported('rules are not supported here yet; a policy acts on the whole API')

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, hyphens and dots')

const metadata = z.strictObject({
  name,
  namespace: name.default('default'),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})

const gatewayVersion = z.literal('gateway.mulesoft.com/v1alpha1', {
  error: () => 'must be gateway.mulesoft.com/v1alpha1',
})

const policyRef = z.strictObject({ name: z.string().min(1).max(200), namespace: name.optional() })
const config = z.record(z.string(), z.unknown()).default({})

const inlinePolicy = z.strictObject({ policyRef, order: z.int().optional(), config, rules: noRules })

const destinationPath = z
  .string()
  .regex(/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/, 'must be a plain path that begins with a slash')

const upstreamService = z.strictObject({
  address: z.string(),
  routes: z
    .array(
      z.strictObject({
        rules: unsupported('route rules are not supported here yet; make it an API instance of its own'),
        config: z.strictObject({ destinationPath: destinationPath.optional() }).optional(),
      }),
    )
    .max(1, 'several routes are not supported here yet; make each an API instance of its own')
    .optional(),
  tls: noTls,
})

export const apiInstance = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('ApiInstance'),
  metadata,
  spec: z.strictObject({
    address: z.string(),
    services: z.record(z.string(), upstreamService).optional(),
    policies: z.array(inlinePolicy).max(100).optional(),
    tls: noTls,
  }),
})

export const service = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({ address: z.string(), tls: noTls }),
})

const policyBinding = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('PolicyBinding'),
  metadata,
  spec: z.strictObject({
    targetRef: z.strictObject({
      kind: z
        .literal('ApiInstance', { error: () => 'only an ApiInstance can be the target for now' })
        .default('ApiInstance'),
      name,
      namespace: name.optional(),
    }),
    policyRef,
    order: z.int().optional(),
    config,
    rules: noRules,
  }),
})

/** The type of a Secret that holds API keys: under each client's name its key, or `sha256:` and the key's hash. */
export const apiKeysType = 'hexgate.io/api-keys'

export const secret = z.strictObject({
  apiVersion: z.literal('v1', { error: () => 'must be v1' }),
  kind: z.literal('Secret'),
  metadata,
  type: z.literal(apiKeysType, {
    error: () => `only secrets of the type ${apiKeysType} are supported here yet`,
  }),
  data: z.record(z.string(), z.string()).optional(),
  stringData: z.record(z.string(), z.string()).optional(),
})

/** What a binding of the `route` policy may say: which Service is the upstream. */
export const routeConfig = z.strictObject({
  destinationRef: z.strictObject({
    kind: z.literal('Service', { error: () => 'must be Service' }).default('Service'),
    name,
    namespace: name.optional(),
  }),
  destinationPath: destinationPath.optional(),
})

/** How a binding of `api-key-auth` names the Secret with its keys. */
export const apiKeysRef = z.strictObject({ secretName: name })

export const resource = z.discriminatedUnion('kind', [apiInstance, service, policyBinding, secret], {
  error: (issue) =>
    issue.code === 'invalid_union' ? 'must be ApiInstance, PolicyBinding, Service or Secret' : undefined,
})

export type ApiInstance = z.infer<typeof apiInstance>
export type Service = z.infer<typeof service>
export type PolicyBinding = z.infer<typeof policyBinding>
export type Secret = z.infer<typeof secret>
export type Resource = z.infer<typeof resource>

import { z } from 'zod'

/** The units of configuration that a runtime takes one by one. Each is named by the SHA-256 of its canonical JSON. */

const id = z.string().min(1).max(200)

export const listenerItem = z.strictObject({
  kind: z.literal('listener'),
  id,
  protocol: z.literal('http'),
  address: z.string(),
  port: z.int().min(0).max(65535),
})

export const upstreamItem = z.strictObject({
  kind: z.literal('upstream'),
  id,
  endpoints: z.array(z.strictObject({ url: z.url({ protocol: /^http$/ }) })).min(1),
  connectTimeoutMs: z.int().min(1).max(600_000).default(5_000),
  responseTimeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  /** The longest pause inside a body. */
  idleTimeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  maxConnections: z.int().min(1).max(100_000).default(1_024),
  maxPending: z.int().min(0).max(100_000).default(1_024),
})

export const attachedPolicy = z.strictObject({
  id,
  kind: z.string(),
  policyVersion: z.string(),
  label: z.string().default(''),
  order: z.int(),
  /** Checked against the policy's own schema when the plan is built. */
  config: z.record(z.string(), z.unknown()),
})

export const apiItem = z.strictObject({
  kind: z.literal('api'),
  id,
  name: z.string(),
  version: z.string(),
  /** Lower-case, without port; * for any. */
  host: z.string(),
  /** Begins with /, ends without one unless it is the root. */
  basePath: z.string().regex(/^\/(?:[^/?#\s]+(?:\/[^/?#\s]+)*)?$/),
  stripBasePath: z.boolean(),
  upstream: id,
  policies: z.array(attachedPolicy),
  /** The contract set whose clients may call. */
  contracts: id.optional(),
})

export const contractsItem = z.strictObject({
  kind: z.literal('contracts'),
  id,
  clients: z.array(
    z.strictObject({
      id,
      name: z.string(),
      keyHashes: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
    }),
  ),
})

export const item = z.discriminatedUnion('kind', [listenerItem, upstreamItem, apiItem, contractsItem])

export type ListenerItem = z.infer<typeof listenerItem>
export type UpstreamItem = z.infer<typeof upstreamItem>
export type AttachedPolicy = z.infer<typeof attachedPolicy>
export type ApiItem = z.infer<typeof apiItem>
export type ContractsItem = z.infer<typeof contractsItem>
export type Item = z.infer<typeof item>

import { z } from 'zod'
import { pointerOf } from '#domain/json-pointer.ts'
import { policyRules } from '#domain/policy-rule.ts'
import { balancing, hashOn, mainUpstream } from '#domain/routing.ts'
import type { Contexts } from '#policies/settings.ts'

/** The units of configuration that a runtime takes one by one. Each is named by the SHA-256 of its canonical JSON. */

const id = z.string().min(1).max(200)

export const listenerItem = z.strictObject({
  kind: z.literal('listener'),
  id,
  /** With https the certificates come from the `tls` policies of the APIs, by host. */
  protocol: z.enum(['http', 'https']),
  address: z.string(),
  port: z.int().min(0).max(65535),
  /** Connections begin with a PROXY header, v1 or v2; others are refused. */
  proxyProtocol: z.boolean().optional(),
})

export const upstreamItem = z.strictObject({
  kind: z.literal('upstream'),
  id,
  endpoints: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        /** Its share of the requests; 0 takes none. */
        weight: z.int().min(0).max(1_000_000).optional(),
      }),
    )
    .min(1),
  /** What is spoken behind the connection; `http2` is with prior knowledge or by ALPN (RFC 9113 §3). */
  protocol: z.enum(['http1', 'http2']).optional(),
  balancing: balancing.optional(),
  /** What a consistent hash is taken of; without it of the client's address. */
  hashOn: hashOn.optional(),
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
  dryRun: z.boolean().optional(),
  rules: policyRules.optional(),
  automated: z.boolean().optional(),
  /** Which upstreams of the API a policy about them is for; all of them without this. */
  upstreams: z.array(id).min(1).optional(),
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
  /** The listeners that it is served on; all of them without this. */
  listeners: z.array(id).min(1).optional(),
  upstream: id,
  /** Other upstreams that its policies may send requests to, by the names that they use. */
  destinations: z.record(z.string().min(1).max(200), id).optional(),
  /** What its requests are counted by. */
  operations: z
    .array(z.strictObject({ method: z.string().max(20), path: z.string().startsWith('/').max(1_000) }))
    .max(5_000)
    .optional(),
  /** Its OpenAPI document, for policies that judge by it. */
  document: id.optional(),
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
      /** What its contract allows it, for policies that hold clients to that. */
      tier: z
        .strictObject({
          name: z.string().min(1).max(200),
          limits: z
            .array(
              z.strictObject({
                maximumRequests: z.int().min(1).max(1_000_000_000),
                timePeriodInMilliseconds: z
                  .int()
                  .min(1)
                  .max(31 * 24 * 3_600_000),
              }),
            )
            .min(1)
            .max(8),
        })
        .optional(),
    }),
  ),
})

export const documentItem = z.strictObject({
  kind: z.literal('document'),
  id,
  openapi: z.record(z.string(), z.unknown()),
})

/** What the TLS of APIs takes from an mTLS context; its id is `tls-context:` and their policies' `contextRef`. */
export const tlsContextItem = z.strictObject({
  kind: z.literal('tls-context'),
  id,
  /** What people call it. */
  name: z.string().min(1).max(200),
  /** The CAs that validate the far side, as PEM. */
  trustedCa: z.string().min(1),
  /** What is shown to the far side, as PEM; a context without one only validates. */
  keystore: z
    .strictObject({
      /** The leaf and its intermediates. */
      certificate: z.string().min(1),
      key: z.string().min(1),
    })
    .optional(),
  /** In the place of a keystore: each node of that gateway shows what was signed for a key of its own. */
  kept: z.strictObject({ certificateId: id, gatewayId: id }).optional(),
})

export const item = z.discriminatedUnion(
  'kind',
  [listenerItem, upstreamItem, apiItem, contractsItem, documentItem, tlsContextItem],
  { error: 'is of a kind that is not known here' },
)

export type ListenerItem = z.infer<typeof listenerItem>
export type UpstreamItem = z.infer<typeof upstreamItem>
export type AttachedPolicy = z.infer<typeof attachedPolicy>
export type ApiItem = z.infer<typeof apiItem>
export type ContractsItem = z.infer<typeof contractsItem>
export type DocumentItem = z.infer<typeof documentItem>
export type TlsContextItem = z.infer<typeof tlsContextItem>
export type Item = z.infer<typeof item>

/** The upstreams of an API by their ids, and what it calls them. */
export function upstreamNames({ upstream, destinations = {} }: ApiItem): ReadonlyMap<string, string> {
  return new Map([
    [upstream, mainUpstream],
    ...Object.entries(destinations).map(([name, id]) => [id, name] as const),
  ])
}

/** The id of the item that a `contextRef` in a policy names. */
export function tlsContextId(ref: string): string {
  return `tls-context:${ref}`
}

/** The mTLS contexts that policies find among items. */
export function contextsAmong(find: (id: string) => Item | undefined): Contexts {
  return (ref) => {
    const found = find(tlsContextId(ref))
    if (found?.kind !== 'tls-context') return undefined
    return { trustedCa: found.trustedCa, certificate: found.keystore }
  }
}

/** A place inside an item, as faults name it. */
export function itemPointer(id: string, ...path: readonly PropertyKey[]): string {
  return pointerOf(['items', id, ...path])
}

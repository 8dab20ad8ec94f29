import { z } from 'zod'
import { item } from './items.ts'
import { sha256Hex, signedManifest } from './manifest.ts'

/** Everything that crosses the sockets between portal, nodes and browsers. */

export const runtimeNamespace = '/runtime'
export const liveNamespace = '/live'

/** Each namespace has an engine of its own, since a node's reports outgrow what a browser may send. */
export const runtimeSocketPath = '/socket.io/runtime'
export const liveSocketPath = '/socket.io/live'
/** The most that a node may send at once. */
export const runtimeMessageBytesMax = 4_194_304
/** The most that a browser may send at once. */
export const liveMessageBytesMax = 65_536

// ── REST: POST /api/v1/gateways/register ────────────────────────────────────

export const registration = z.strictObject({
  gatewayKey: z.string().min(1).max(200),
  hostname: z.string().min(1).max(255),
  capabilities: z.array(z.string().max(100)).max(200),
  /** Made by the node once and kept in its store; the same id is the same node. */
  installationId: z.uuid(),
  runtimeVersion: z.string().max(50),
})
export const registered = z.object({
  nodeId: z.string(),
  gatewayId: z.string(),
  gatewayName: z.string(),
  /** SPKI, PEM. The node keeps it and trusts manifests signed with it alone. */
  signingKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
})

// ── Socket.IO /runtime ──────────────────────────────────────────────────────

/** Handshake auth of a node. */
export const runtimeAuth = z.object({ gatewayKey: z.string(), nodeId: z.string() })

/** node → portal, first of all and after every reconnection. */
export const hello = z.object({
  hostname: z.string().max(255),
  runtimeVersion: z.string().max(50),
  capabilities: z.array(z.string()),
  appliedRevision: z.int().nullable(),
  appliedHash: sha256Hex.nullable(),
})

/** portal → node, answered with an acknowledgement. `items` holds only what the node does not have. */
export const config = z.strictObject({ signed: signedManifest, items: z.record(sha256Hex, item) })

/** node → portal: hashes that the manifest names and the node lacks; answered with their contents. */
export const itemsWanted = z.object({ gatewayId: z.string(), hashes: z.array(sha256Hex).max(10_000) })
export const itemsGiven = z.object({ items: z.record(sha256Hex, z.unknown()) })

export const reason = z.object({ pointer: z.string(), reason: z.string() })
export const acknowledgement = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('applied'),
    revision: z.int(),
    hash: sha256Hex,
    durationMs: z.number(),
    persisted: z.boolean(),
  }),
  z.object({
    status: z.literal('refused'),
    revision: z.int(),
    reasons: z.array(reason).min(1).max(100),
    /** What the node goes on serving. */
    servingRevision: z.int().nullable(),
  }),
])

export const nodeStatuses = ['healthy', 'degraded'] as const

const quantiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() })

const upstreamReport = z.object({
  connections: z.int(),
  /** Requests that wait for a connection. */
  pending: z.int(),
  /** In how many workers the circuit is open. */
  circuitsOpen: z.int(),
  retries: z.int(),
  /** Of how many there are. */
  endpoints: z.int(),
  unhealthyEndpoints: z.int(),
  ejectedEndpoints: z.int(),
})

/** node → portal, every 5 s. Counters are of the last interval. */
export const report = z.object({
  status: z.enum(nodeStatuses),
  /** Why it is degraded. */
  problems: z.array(z.string()).max(50),
  uptimeSeconds: z.number(),
  appliedRevision: z.int().nullable(),
  appliedHash: sha256Hex.nullable(),
  intervalMs: z.number(),
  requests: z.int(),
  /** Answered 5xx. */
  errors: z.int(),
  /** Refused by a policy. */
  refused: z.int(),
  latencyMs: quantiles.nullable(),
  connections: z.int(),
  webSockets: z.int(),
  rssBytes: z.int(),
  /** Per API instance id. */
  apis: z.record(
    z.string(),
    z.object({
      requests: z.int(),
      errors: z.int(),
      refused: z.int(),
      /** Would have been refused by a policy in dry run. */
      dryRefused: z.int().optional(),
      latencyMs: quantiles.optional(),
    }),
  ),
  /** TLS handshakes and PROXY headers by how they ended. */
  handshakes: z.record(z.string(), z.int()).optional(),
  /** Answers of the gateway's own by their codes. */
  codes: z.record(z.string(), z.int()).optional(),
  /** Per upstream id, those in trouble first. Connections, pending and endpoints are of now. */
  upstreams: z.record(z.string(), upstreamReport).optional(),
  /** Those that expire first. */
  certificates: z
    .array(
      z.object({
        use: z.enum(['listener', 'listener-ca', 'upstream', 'upstream-ca']),
        apiId: z.string(),
        subject: z.string(),
        notAfter: z.iso.datetime(),
      }),
    )
    .max(100)
    .optional(),
  /** Open WebSockets, those that were opened first. */
  sessions: z
    .array(
      z.object({
        apiId: z.string(),
        client: z.string().nullable(),
        /** Of the verified token. */
        subject: z.string().nullable(),
        openedAt: z.iso.datetime(),
        expiresAt: z.iso.datetime().nullable(),
      }),
    )
    .max(200)
    .optional(),
  /** The processes that serve. */
  workers: z
    .array(
      z.object({
        worker: z.int(),
        isServing: z.boolean(),
        /** Since the node was started. */
        crashes: z.int(),
        connections: z.int(),
        rssBytes: z.int(),
      }),
    )
    .max(256)
    .optional(),
})

/** node → portal, when it happens. */
export const nodeEvent = z.object({
  level: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  detail: z.string(),
  at: z.iso.datetime(),
})

export type Registration = z.infer<typeof registration>
export type Registered = z.infer<typeof registered>
export type Hello = z.infer<typeof hello>
export type Config = z.infer<typeof config>
export type Reason = z.infer<typeof reason>
export type Acknowledgement = z.infer<typeof acknowledgement>
export type Report = z.infer<typeof report>
export type NodeEvent = z.infer<typeof nodeEvent>

/** What a node may say and hear on `/runtime`. */
export interface NodeToPortal {
  hello(message: Hello, done: (answer: { ok: true } | { ok: false; reason: string }) => void): void
  items(message: z.infer<typeof itemsWanted>, done: (answer: z.infer<typeof itemsGiven>) => void): void
  report(message: Report): void
  event(message: NodeEvent): void
}
export interface PortalToNode {
  config(message: Config, done: (answer: Acknowledgement) => void): void
}

// ── Socket.IO /live, for browsers ───────────────────────────────────────────

/** Says that something changed; the browser asks what. */
export const topics = ['apis', 'policies', 'gateways', 'nodes', 'revisions', 'topology'] as const
export const changed = z.object({ topic: z.enum(topics), id: z.string() })
export type Topic = (typeof topics)[number]
export type Changed = z.infer<typeof changed>
export interface PortalToBrowser {
  changed(message: Changed): void
}

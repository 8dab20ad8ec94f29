import { z } from 'zod'
import { nodeDetails, nodePulse } from '#domain/node-report.ts'
import { probeReport, probeTarget } from '#domain/probe.ts'
import { item } from './items.ts'
import type { KeptOrders, KeptOrdersAnswer, SigningAnswer, SigningRequest } from './kept-certificates.ts'
import { sha256Hex, signedManifest } from './manifest.ts'
import { signedDelta } from './manifest-delta.ts'

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

/**
 * portal → node that has `deltaCapability`: the same, as what differs from a configuration that the node serves. One
 * that serves another answers so, and is sent the whole.
 */
export const configDelta = z.strictObject({ signed: signedDelta, items: z.record(sha256Hex, z.unknown()) })
export const deltaCapability = 'config/delta'

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

export const deltaAnswer = z.union([acknowledgement, z.object({ status: z.literal('other-base') })])

/** node → portal, every 5 s. */
export const report = nodePulse.extend({ ...nodeDetails.shape, appliedHash: sha256Hex.nullable() })

/** node → portal, when it happens. */
export const nodeEvent = z.object({
  level: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  detail: z.string(),
  at: z.iso.datetime(),
})

/** portal → node: something to do at once, answered with how it went. Nodes that can say so among their capabilities. */
export const command = z.discriminatedUnion('kind', [
  /** Ends an open WebSocket of the last report with a close frame. */
  z.strictObject({ kind: z.literal('evict'), sessionId: z.uuid() }),
  /** Connects to what it serves or leads to, and says what it finds; answered within `probeMsMax`. */
  z.strictObject({ kind: z.literal('probe'), target: probeTarget }),
])
export const commandAnswer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done') }),
  z.object({ status: z.literal('probed'), report: probeReport }),
  /** What it is about is not there, or no more. */
  z.object({ status: z.literal('not-found') }),
  /** This node does not understand it. */
  z.object({ status: z.literal('unknown') }),
])
/** The capability of a node that takes a command. */
export const capabilityOf = (kind: Command['kind']) => `command/${kind}`

export type Registration = z.infer<typeof registration>
export type Registered = z.infer<typeof registered>
export type Hello = z.infer<typeof hello>
export type Config = z.infer<typeof config>
export type ConfigDelta = z.infer<typeof configDelta>
export type DeltaAnswer = z.infer<typeof deltaAnswer>
export type Reason = z.infer<typeof reason>
export type Acknowledgement = z.infer<typeof acknowledgement>
export type Report = z.infer<typeof report>
export type NodeEvent = z.infer<typeof nodeEvent>
export type Command = z.infer<typeof command>
export type CommandAnswer = z.infer<typeof commandAnswer>

/** What a node may say and hear on `/runtime`. */
export interface NodeToPortal {
  hello(message: Hello, done: (answer: { ok: true } | { ok: false; reason: string }) => void): void
  items(message: z.infer<typeof itemsWanted>, done: (answer: z.infer<typeof itemsGiven>) => void): void
  report(message: Report): void
  sign(message: SigningRequest, done: (answer: SigningAnswer) => void): void
  event(message: NodeEvent): void
}
export interface PortalToNode {
  config(message: Config, done: (answer: Acknowledgement) => void): void
  delta(message: ConfigDelta, done: (answer: DeltaAnswer) => void): void
  command(message: Command, done: (answer: CommandAnswer) => void): void
  certificates(message: KeptOrders, done: (answer: KeptOrdersAnswer) => void): void
}

// ── Socket.IO /live, for browsers ───────────────────────────────────────────

/** Says that something changed; the browser asks what. */
export const topics = [
  'apis',
  'policies',
  'gateways',
  'nodes',
  'revisions',
  'topology',
  'trust',
  'reviews',
] as const
export const changed = z.object({ topic: z.enum(topics), id: z.string() })
export type Topic = (typeof topics)[number]
export type Changed = z.infer<typeof changed>
export interface PortalToBrowser {
  changed(message: Changed): void
}

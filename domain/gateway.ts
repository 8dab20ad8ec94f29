import { z } from 'zod'
import { nodeStates } from './deployment.ts'
import { gatewayTrouble } from './gateway-reports.ts'
import { nodeStatuses } from './node-status.ts'

/** Gateways, their nodes and the keys that nodes register with, as pages and machines see them. */

export const environmentKinds = ['development', 'production'] as const
export type EnvironmentKind = (typeof environmentKinds)[number]

export const environment = z.object({
  id: z.uuid(),
  name: z.string(),
  kind: z.enum(environmentKinds),
  demandsSignOff: z.boolean().describe('Nothing is deployed here that nobody has signed off'),
  version: z.int(),
})

export const environmentChange = z.strictObject({ demandsSignOff: z.boolean() })

export const listener = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must be lower-case letters, digits and hyphens')
    .meta({ title: 'Name', examples: ['https'] }),
  /** With https the certificates come from the APIs' tls policies. */
  protocol: z.enum(['http', 'https']),
  address: z
    .string()
    .refine((text) => z.union([z.ipv4(), z.ipv6()]).safeParse(text).success, 'must be an IP address')
    .default('0.0.0.0')
    .meta({ title: 'Address' }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({ title: 'Port', examples: [8443] }),
  /** Connections begin with a PROXY header, as balancers write it. */
  proxyProtocol: z
    .boolean()
    .optional()
    .meta({ title: 'PROXY protocol', description: 'A balancer in front says who the client is.' }),
})

export const traffic = z.object({
  requestsPerSecond: z.number(),
  errorsPerSecond: z.number(),
  refusedPerSecond: z.number(),
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
  connections: z.int(),
  webSockets: z.int(),
  rssBytes: z.int(),
  uptimeSeconds: z.number(),
})

export const gatewayNode = z.object({
  id: z.uuid(),
  hostname: z.string(),
  runtimeVersion: z.string(),
  capabilities: z.array(z.string()),
  status: z.enum(nodeStatuses),
  /** Why it is degraded, in its own words. */
  problems: z.array(z.string()),
  /** How what it serves stands to what it should serve; null while nothing is deployed. */
  state: z.enum(nodeStates).nullable(),
  servesRevision: z.int().nullable(),
  wantedRevision: z.int(),
  /** Why it refused the wanted revision. */
  refusals: z.array(z.object({ pointer: z.string(), reason: z.string() })),
  connectedAt: z.iso.datetime().nullable(),
  lastSeenAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  /** From its last report; null when it is offline, since old figures would pass for current ones. */
  traffic: traffic.nullable(),
})

export const gatewaySummary = z.object({
  id: z.uuid(),
  name: z.string(),
  environment,
  publicUrl: z.string(),
  listeners: z.array(listener),
  headRevision: z.int(),
  version: z.int(),
  apis: z.int(),
  nodes: z.array(gatewayNode),
  trouble: gatewayTrouble,
})

export const gatewayListeners = z.strictObject({ listeners: z.array(listener).min(1).max(20) })

export const newGateway = z.strictObject({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'must be lower-case letters, digits and hyphens, 63 at most',
  }),
  environmentId: z.uuid(),
  publicUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }),
  listeners: z
    .array(listener)
    .min(1)
    .max(20)
    .default([{ id: 'http', protocol: 'http', address: '0.0.0.0', port: 8081 }]),
})

export const gatewayKey = z.object({
  id: z.uuid(),
  prefix: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
})

/** What a key tells whoever holds it. */
export const gatewayOfKey = z.object({
  gatewayId: z.uuid(),
  gatewayName: z.string(),
  listeners: z.array(listener),
})

/** The one answer that holds the key itself. */
export const newGatewayKey = gatewayKey.extend({ key: z.string(), command: z.string() })

export const environmentList = z.object({ environments: z.array(environment) })
export const gatewayList = z.object({ gateways: z.array(gatewaySummary) })
export const nodeList = z.object({ nodes: z.array(gatewayNode) })
export const gatewayKeyList = z.object({ keys: z.array(gatewayKey) })

export type EnvironmentView = z.infer<typeof environment>
export type Listener = z.infer<typeof listener>
export type Traffic = z.infer<typeof traffic>
export type GatewayNode = z.infer<typeof gatewayNode>
export type GatewaySummary = z.infer<typeof gatewaySummary>
export type GatewayListeners = z.infer<typeof gatewayListeners>
export type NewGateway = z.infer<typeof newGateway>
export type GatewayKeyView = z.infer<typeof gatewayKey>
export type GatewayOfKey = z.infer<typeof gatewayOfKey>
export type NewGatewayKey = z.infer<typeof newGatewayKey>

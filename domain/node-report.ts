import { z } from 'zod'
import { subjectAltName } from './certificate.ts'
import { sides } from './peer.ts'

/**
 * What a node says of itself, as it crosses the wire, as it is kept and as pages see it. Members that are optional
 * came later than the first nodes. Whatever a node sends, a report is bounded: longer texts and lists are cut.
 */

const textMax = 300
const text = z.string().overwrite((whole) => whole.slice(0, textMax))

function listOf<T extends z.ZodType>(member: T, max: number) {
  return z.array(member).overwrite((list) => list.slice(0, max))
}

function mapOf<T extends z.ZodType>(member: T, max: number) {
  return z
    .record(text, member)
    .overwrite((map) => Object.fromEntries(Object.entries(map).slice(0, max)) as typeof map)
}

const counts = (max: number) => mapOf(z.int(), max)

/** What fits into one report; a node names the busiest, the most troubled and the soonest first. */
export const reportMax = {
  problems: 50,
  apis: 1_000,
  /** So many of them with their operations, upstreams and policies. */
  apisInParts: 100,
  codesOfApi: 20,
  operationsOfApi: 20,
  upstreamsOfApi: 10,
  policiesOfApi: 50,
  codes: 200,
  upstreams: 200,
  endpointsOfUpstream: 20,
  certificates: 100,
  sessions: 200,
  workers: 256,
  listeners: 50,
  handshakeResults: 100,
  peers: 200,
  callers: 500,
  agreements: 500,
  namesOfPeer: 10,
} as const

/** Bounds of a share of the answers, in milliseconds. */
const quantiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() })

/** Of an operation, or of what was sent to one upstream. */
const partReport = z.object({
  requests: z.int(),
  errors: z.int(),
  latencyMs: quantiles.optional(),
})

const policyReport = z.object({
  kind: text,
  /** Answers of its own, refusals among them. */
  answered: z.int(),
  dryRefused: z.int(),
  /** It has thrown. */
  failed: z.int(),
  /** Of its own work, waiting included; a sample. */
  latencyMs: quantiles.optional(),
})

const apiReport = z.object({
  requests: z.int(),
  errors: z.int(),
  refused: z.int(),
  /** Would have been refused by a policy in dry run. */
  dryRefused: z.int().optional(),
  latencyMs: quantiles.optional(),
  /** By method and path template, the busiest first. */
  operations: mapOf(partReport, reportMax.operationsOfApi).optional(),
  /** By upstream id, what was sent there. */
  upstreams: mapOf(partReport, reportMax.upstreamsOfApi).optional(),
  /** By the ids of attached policies that answered, failed or were timed. */
  policies: mapOf(policyReport, reportMax.policiesOfApi).optional(),
  /** Since the node serves the API. */
  total: z
    .object({
      requests: z.int(),
      errors: z.int(),
      refused: z.int(),
      latencyMs: quantiles.nullable(),
      /** Answers of the gateway's own by their codes, the most frequent first. */
      codes: counts(reportMax.codesOfApi),
    })
    .optional(),
})

const endpointReport = z.object({
  url: text,
  connections: z.int(),
  /** Pools that have it, one in each worker. */
  pools: z.int(),
  /** Of those, how many find it unwell by their checks, and how many have ejected it for its failures. */
  unhealthyIn: z.int(),
  ejectedIn: z.int(),
})

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
  /** Connections without work. */
  idle: z.int().optional(),
  /** In how many workers any certificate of it is taken. */
  unverified: z.int().optional(),
  /** Since the node was started; absent where nobody asked it how it is. */
  healthChecks: z.object({ succeeded: z.int(), failed: z.int() }).optional(),
  /** Requests that its open circuit refused since the node was started. */
  circuitRefusals: z.int().optional(),
  /** TLS handshakes with it that failed since the node was started, by why. */
  failedHandshakes: counts(reportMax.handshakeResults).optional(),
  /** Those of them in the interval. */
  recentFailedHandshakes: counts(reportMax.handshakeResults).optional(),
  /** Those in trouble first. */
  endpointList: listOf(endpointReport, reportMax.endpointsOfUpstream).optional(),
})

export const certificateUses = ['listener', 'listener-ca', 'upstream', 'upstream-ca'] as const

const certificateReport = z.object({
  use: z.enum(certificateUses),
  apiId: text,
  subject: text,
  notAfter: z.iso.datetime(),
  notBefore: z.iso.datetime().optional(),
  /** Of the DER, lower-case hex: two certificates may have one subject. */
  sha256: text.optional(),
})

const sessionReport = z.object({
  apiId: text,
  client: text.nullable(),
  /** Of the verified token. */
  subject: text.nullable(),
  openedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  /** Names it to the node; one that has none cannot be ended from here. */
  id: z.uuid().optional(),
  /** Of the verified token. */
  agency: text.nullable().optional(),
  /** How often the client has brought another token. */
  renewals: z.int().optional(),
})

const workerReport = z.object({
  worker: z.int(),
  isServing: z.boolean(),
  /** Since the node was started. */
  crashes: z.int(),
  connections: z.int(),
  rssBytes: z.int(),
  requests: z.int().optional(),
  /** It keeps ending, and is started again ever later. */
  isCrashLooping: z.boolean().optional(),
})

const listenerReport = z.object({
  id: text,
  protocol: z.enum(['http', 'https']),
  address: text,
  /** That is open, whatever the configuration says. */
  port: z.int(),
  /** TLS handshakes and PROXY headers by how they ended: in the interval, and since the node was started. */
  handshakes: mapOf(z.object({ recent: z.int(), total: z.int() }), reportMax.handshakeResults),
})

const peerReport = z.object({
  apiId: text,
  side: z.enum(sides),
  subject: text,
  issuer: text,
  names: listOf(subjectAltName.extend({ value: text }), reportMax.namesOfPeer),
  /** SHA-256 of the trusted certificate that its chain ended at; null where those of the system are trusted. */
  anchorSha256: text.nullable(),
  /** SHA-256 of the leaf. */
  sha256: text.optional(),
  /** The client that called by its connections, where a policy found one. */
  clientId: text.optional(),
})

/** Requests that policies let through, by who made them; null for those of nobody in particular and no certificate. */
const callerReport = z.object({ apiId: text, clientId: text.nullable() })

/** What the two ends of connections that were used came to; version and cipher are null without TLS. */
const agreementReport = z.object({
  apiId: text,
  side: z.enum(sides),
  /** 1.3, 1.2 */
  version: text.nullable(),
  /** The IANA name of the suite. */
  cipher: text.nullable(),
  /** The client of that side showed a certificate that was asked for. */
  isMutual: z.boolean(),
})

export const reportedStatuses = ['healthy', 'degraded'] as const

/** How a node is as a whole. Counters are of the last interval. */
export const nodePulse = z.object({
  status: z.enum(reportedStatuses),
  /** Why it is degraded. */
  problems: listOf(z.string(), reportMax.problems),
  uptimeSeconds: z.number(),
  appliedRevision: z.int().nullable(),
  appliedHash: z.string().nullable(),
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
})

/** Its parts, one by one. Counters are of the last interval where nothing else is said. */
export const nodeDetails = z.object({
  /** Per API instance id, the busiest first. */
  apis: mapOf(apiReport, reportMax.apis),
  /** TLS handshakes and PROXY headers by how they ended. */
  handshakes: counts(reportMax.handshakeResults).optional(),
  /** Answers of the gateway's own by their codes. */
  codes: counts(reportMax.codes).optional(),
  /** Per upstream id, those in trouble first. Connections, pending and endpoints are of now. */
  upstreams: mapOf(upstreamReport, reportMax.upstreams).optional(),
  /** Those that expire first. */
  certificates: listOf(certificateReport, reportMax.certificates).optional(),
  /** Open WebSockets, those that were opened first. */
  sessions: listOf(sessionReport, reportMax.sessions).optional(),
  /** The processes that serve. */
  workers: listOf(workerReport, reportMax.workers).optional(),
  listeners: listOf(listenerReport, reportMax.listeners).optional(),
  /** Whose certificates were seen in the interval, on either side. */
  peers: listOf(peerReport, reportMax.peers).optional(),
  /** Who called in the interval. A node that says so says it of everybody, so that others did not call. */
  callers: listOf(callerReport, reportMax.callers).optional(),
  agreements: listOf(agreementReport, reportMax.agreements).optional(),
})

export type PeerReport = z.infer<typeof peerReport>
export type CallerReport = z.infer<typeof callerReport>
export type AgreementReport = z.infer<typeof agreementReport>
export type NodePulse = z.infer<typeof nodePulse>
export type NodeDetails = z.infer<typeof nodeDetails>
export type ApiReport = z.infer<typeof apiReport>
export type PartReport = z.infer<typeof partReport>
export type PolicyReport = z.infer<typeof policyReport>
export type UpstreamReport = z.infer<typeof upstreamReport>
export type EndpointReport = z.infer<typeof endpointReport>
export type CertificateReport = z.infer<typeof certificateReport>
export type SessionReport = z.infer<typeof sessionReport>
export type WorkerReport = z.infer<typeof workerReport>
export type ListenerReport = z.infer<typeof listenerReport>

/** Counts of an interval as counts of a second. */
export function ratesOf(
  { requests, errors, refused }: { requests: number; errors: number; refused: number },
  intervalMs: number,
) {
  const perSecond = (count: number) => (intervalMs > 0 ? (count * 1_000) / intervalMs : 0)
  return {
    requestsPerSecond: perSecond(requests),
    errorsPerSecond: perSecond(errors),
    refusedPerSecond: perSecond(refused),
  }
}

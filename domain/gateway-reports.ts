import { z } from 'zod'
import { validityOf, type Watch } from './certificate.ts'
import { type CertificateReport, type NodeDetails, nodeDetails, nodePulse } from './node-report.ts'
import { isInTrouble, upstreamStateOf } from './upstream-state.ts'

/** What the nodes of a gateway reported last, as pages and machines see it. */

export const nodeReport = z.object({
  nodeId: z.uuid(),
  hostname: z.string(),
  /** When the portal received it; null while the node has sent none. */
  receivedAt: z.iso.datetime().nullable(),
  /** Whether it can pass for what is. A report that is too old, or of a node out of reach, is of then. */
  isCurrent: z.boolean(),
  pulse: nodePulse.nullable(),
  details: nodeDetails.nullable(),
  /** Whose its open WebSockets are is not told to whoever reads this: subjects and agencies are left out. */
  hidesSubjects: z.boolean(),
  /** Whether the node understands to end a WebSocket. */
  canEndWebSockets: z.boolean(),
})

/** An API that the gateway serves or served, so that what is said of its id can be read. */
const reportedApi = z.object({
  instanceId: z.uuid(),
  apiId: z.uuid(),
  title: z.string(),
  host: z.string(),
  basePath: z.string(),
})

export const gatewayReports = z.object({
  /** When this was read: ages and times left are counted from it. */
  at: z.iso.datetime(),
  apis: z.array(reportedApi),
  nodes: z.array(nodeReport),
})

/** What of a gateway needs somebody, by its nodes' current reports. */
export const gatewayTrouble = z.object({
  certificatesExpired: z.int(),
  /** Within the warning days of the organisation, or the last third of a shorter life. */
  certificatesExpiring: z.int(),
  /** Upstreams of which endpoints are out. */
  upstreamsUnhealthy: z.int(),
})

export type NodeReportView = z.infer<typeof nodeReport>
export type ReportedApi = z.infer<typeof reportedApi>
export type GatewayReports = z.infer<typeof gatewayReports>
export type GatewayTrouble = z.infer<typeof gatewayTrouble>

/** Tells certificates apart: several nodes show the same one. */
export function certificateKey({ use, sha256, subject, notAfter }: CertificateReport): string {
  return `${use} ${sha256 ?? `${subject} ${notAfter}`}`
}

/** A certificate of a node that does not say when it began counts as one with a long life. */
export function reportedValidity({ notBefore, notAfter }: CertificateReport, now: Date, watch: Watch) {
  return validityOf({ notBefore: notBefore ?? new Date(0).toISOString(), notAfter }, now, watch)
}

/** Counts what the reports of several nodes say, each thing once. */
export function troubleOf(
  reports: readonly Pick<NodeDetails, 'certificates' | 'upstreams'>[],
  now: Date,
  watch: Watch,
): GatewayTrouble {
  const certificates = new Map(
    reports.flatMap((report) => (report.certificates ?? []).map((one) => [certificateKey(one), one])),
  )
  const states = [...certificates.values()].map((one) => reportedValidity(one, now, watch).state)
  const unhealthy = reports.flatMap((report) =>
    Object.entries(report.upstreams ?? {}).flatMap(([id, upstream]) =>
      isInTrouble(upstreamStateOf(upstream)) ? [id] : [],
    ),
  )
  return {
    certificatesExpired: states.filter((state) => state === 'expired').length,
    certificatesExpiring: states.filter((state) => state === 'expiring' || state === 'critical').length,
    upstreamsUnhealthy: new Set(unhealthy).size,
  }
}

export interface TroubleInWords {
  text: string
  isUrgent: boolean
  /** The side of the gateway that it is seen from. */
  part: 'certificates' | 'upstreams'
}

const troubleWords = [
  {
    of: 'upstreamsUnhealthy',
    one: 'upstream is unhealthy',
    many: 'upstreams are unhealthy',
    isUrgent: true,
    part: 'upstreams',
  },
  {
    of: 'certificatesExpired',
    one: 'certificate has expired',
    many: 'certificates have expired',
    isUrgent: true,
    part: 'certificates',
  },
  {
    of: 'certificatesExpiring',
    one: 'certificate expires soon',
    many: 'certificates expire soon',
    isUrgent: false,
    part: 'certificates',
  },
] as const

/** Says what needs somebody, the worst first. */
export function troublesInWords(trouble: GatewayTrouble): TroubleInWords[] {
  return troubleWords.flatMap(({ of, one, many, isUrgent, part }) => {
    const count = trouble[of]
    return count === 0 ? [] : [{ text: `${count} ${count === 1 ? one : many}`, isUrgent, part }]
  })
}

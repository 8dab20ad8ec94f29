import { z } from 'zod'
import { isReportCurrent } from '#domain/deployment.ts'
import { type KeptByNodes, type KeptNode, keptStateOf } from '#domain/kept-certificate.ts'
import { nodeDetails } from '#domain/node-report.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { keptNames } from './kept-orders.ts'
import { chainFacts } from './stored.ts'

/** Certificates that nodes keep, as pages and machines see them. */

export const withKept = {
  kept: {
    include: {
      issuer: { select: { name: true } },
      nodes: true,
      gateway: {
        select: {
          name: true,
          nodes: {
            orderBy: [{ hostname: 'asc' }, { createdAt: 'asc' }],
            select: {
              id: true,
              hostname: true,
              connectedAt: true,
              disconnectedAt: true,
              lastSeenAt: true,
              report: { select: { receivedAt: true, certificates: true } },
            },
          },
        },
      },
    },
  },
} satisfies Prisma.CertificateInclude

type KeptRow = NonNullable<Prisma.CertificateGetPayload<{ include: typeof withKept }>['kept']>
type NodeRow = KeptRow['gateway']['nodes'][number]

/** What was asked for, and how far each node of the gateway is. */
export function toKept(row: KeptRow, now: Date): KeptByNodes {
  const { gatewayId, gateway, commonName, names, issuerId, issuer, lifetimeDays, nodes } = row
  const byNode = new Map(nodes.map((each) => [each.nodeId, each]))
  return {
    gatewayId,
    gatewayName: gateway.name,
    commonName,
    names: keptNames.parse(names),
    issuerId,
    issuerName: issuer?.name ?? null,
    lifetimeDays,
    nodes: gateway.nodes.map((node) => toKeptNode(node, byNode.get(node.id), now)),
  }
}

function toKeptNode(node: NodeRow, own: KeptRow['nodes'][number] | undefined, now: Date): KeptNode {
  const leaf = chainFacts(own?.chain ?? null)[0] ?? null
  const request = own?.request ?? null
  const fault = own?.fault ?? null
  return {
    nodeId: node.id,
    hostname: node.hostname,
    state: keptStateOf({ request, leaf, fault, shown: shownBy(node, now) }),
    request,
    requestedAt: own?.requestedAt?.toISOString() ?? null,
    leaf,
    signedAt: own?.signedAt?.toISOString() ?? null,
    fault,
  }
}

const reported = z.object({ certificates: nodeDetails.shape.certificates })

function shownBy(node: NodeRow, now: Date): ReadonlySet<string> | null {
  const { report } = node
  if (!report || !isReportCurrent(node, report.receivedAt, now)) return null
  const { certificates } = reported.safeParse({ certificates: report.certificates ?? undefined }).data ?? {}
  return certificates ? new Set(certificates.flatMap(({ sha256 }) => sha256 ?? [])) : null
}

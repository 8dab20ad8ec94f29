import { randomUUID } from 'node:crypto'
import type { Report } from '#contract/events.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { transaction } from '../db.ts'
import { KeptReport } from '../hub/kept-report.ts'

/** Of a node that has nothing to say. */
export const quietReport: Report = {
  status: 'healthy',
  problems: [],
  uptimeSeconds: 60,
  appliedRevision: null,
  appliedHash: null,
  intervalMs: 5_000,
  requests: 0,
  errors: 0,
  refused: 0,
  latencyMs: null,
  connections: 0,
  webSockets: 0,
  rssBytes: 1,
  apis: {},
}

interface Wanted {
  organisationId: string
  gatewayId: string
  /** When it was heard. */
  at: Date
  report?: Partial<Report>
  node?: Partial<Prisma.NodeUncheckedCreateInput>
}

/** A node of a gateway that has connected and reported once, as the hub writes it; its id. */
export function reportingNode({ organisationId, gatewayId, at, report, node }: Wanted): Promise<string> {
  return transaction(async (tx) => {
    const { id } = await tx.node.create({
      data: {
        organisationId,
        gatewayId,
        installationId: randomUUID(),
        hostname: 'node-1',
        runtimeVersion: '0.1.0',
        capabilities: [],
        connectedAt: new Date(at.getTime() - 60_000),
        lastSeenAt: at,
        ...node,
      },
    })
    await new KeptReport().write(tx, { nodeId: id, organisationId }, { ...quietReport, ...report }, at)
    return id
  })
}

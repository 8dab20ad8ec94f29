import { z } from 'zod'
import type { KeptOrder, KeptOrdersAnswer } from '#contract/kept-certificates.ts'
import { subjectAltName } from '#domain/certificate.ts'
import { announceChange, commandedChannel } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { organisationWatch } from '../organisation/watch.ts'

/** What each node is to keep, and how it hears of it. */

export interface Keeper {
  readonly organisationId: string
  readonly gatewayId: string
  readonly nodeId: string
}

export const keptNames = z.array(subjectAltName)

/** Everything that a node is to keep, with what was signed for it. */
export async function ordersFor({ organisationId, gatewayId, nodeId }: Keeper): Promise<KeptOrder[]> {
  const rows = await db().keptCertificate.findMany({
    where: { organisationId, gatewayId },
    include: {
      certificate: { select: { name: true, rotationWindowDays: true } },
      nodes: { where: { nodeId }, select: { chain: true } },
    },
    orderBy: { certificateId: 'asc' },
  })
  if (rows.length === 0) return []
  const { expiryWarningDays } = await organisationWatch(db(), organisationId)
  return rows.map(({ certificateId, certificate, commonName, names, generation, nodes }) => ({
    certificateId,
    name: certificate.name,
    commonName,
    names: keptNames.parse(names),
    renewBeforeDays: certificate.rotationWindowDays ?? expiryWarningDays,
    generation,
    chain: nodes[0]?.chain ?? null,
  }))
}

/** Has the nodes of a gateway hear what they are to keep, once the transaction commits. */
export async function announceOrders(tx: Tx, organisationId: string, gatewayId: string): Promise<void> {
  const nodes = await tx.node.findMany({ where: { organisationId, gatewayId }, select: { id: true } })
  for (const { id } of nodes) await tx.$executeRaw`SELECT pg_notify(${commandedChannel}, ${id})`
}

/** Has every node that keeps certificates hear of it. */
export async function announceAllOrders(tx: Tx, organisationId: string): Promise<void> {
  const where = { organisationId }
  const rows = await tx.keptCertificate.findMany({
    where,
    distinct: ['gatewayId'],
    select: { gatewayId: true },
  })
  for (const { gatewayId } of rows) await announceOrders(tx, organisationId, gatewayId)
}

/** Writes down what a node says that it could not do. */
export async function noteFaults(keeper: Keeper, { faults }: KeptOrdersAnswer): Promise<void> {
  const { organisationId, gatewayId, nodeId } = keeper
  await transaction(async (tx) => {
    for (const { certificateId, reason } of faults) {
      const kept = await tx.keptCertificate.findFirst({ where: { certificateId, organisationId, gatewayId } })
      if (!kept) continue
      await tx.nodeCertificate.upsert({
        where: { certificateId_nodeId: { certificateId, nodeId } },
        create: { organisationId, certificateId, nodeId, fault: reason },
        update: { fault: reason },
      })
      await announceChange(tx, organisationId, { topic: 'trust', id: certificateId })
    }
  })
}

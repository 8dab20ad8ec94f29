import { z } from 'zod'
import type { NetworkPolicySet } from '#domain/network-policy.ts'
import type { ApiView, GatewayView } from '#domain/stored.ts'
import { askingKinds } from '../check/errands.ts'
import { db } from '../db.ts'
import { appliedContent } from './applied-content.ts'
import { appliedSetOf, type Asking } from './placing.ts'

/** A stored set as its rules know it. */
export const appliedRow = z.object({
  gatewayId: z.string(),
  namespace: z.string(),
  app: z.string().nullable(),
  content: appliedContent,
})

/** The applied sets of an organisation, as they are judged. */
export async function appliedSets(
  organisationId: string,
  gateways: readonly Pick<GatewayView, 'id' | 'name'>[],
  apis: readonly ApiView[],
): Promise<NetworkPolicySet[]> {
  const rows = await db().networkPolicySet.findMany({
    where: { organisationId },
    orderBy: { gatewayId: 'asc' },
  })
  if (rows.length === 0) return []
  const sets = rows.map((row) => appliedRow.parse(row))
  const asking = await askingAt(
    organisationId,
    sets.map(({ gatewayId }) => gatewayId),
  )
  return sets.flatMap((set) => {
    const gateway = gateways.find(({ id }) => id === set.gatewayId)
    return gateway ? [appliedSetOf(set, { ...gateway, apis, asking: asking.get(set.gatewayId) ?? [] })] : []
  })
}

/** The policies that ask somebody themselves, by gateway. */
export async function askingAt(
  organisationId: string,
  gatewayIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Asking[]>> {
  const rows = await db().policyAttachment.findMany({
    where: {
      organisationId,
      instance: { gatewayId: { in: [...gatewayIds] } },
      kind: { in: askingKinds },
      enabled: true,
    },
    orderBy: { id: 'asc' },
    select: { instanceId: true, kind: true, config: true, instance: { select: { gatewayId: true } } },
  })
  return Map.groupBy(rows, ({ instance }) => instance.gatewayId)
}

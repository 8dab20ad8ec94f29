import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { GatewayPage } from '#components/gateways/gateway-page.tsx'
import { Problem } from '#domain/problem.ts'
import { listKeys } from '#lib/gateways/keys.ts'
import { readGateway } from '#lib/gateways/read.ts'
import { readReports } from '#lib/gateways/reports.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Gateway' }

export default async function Gateway({ params }: PageProps<'/gateways/[gatewayId]'>) {
  const actor = await requireActor('gateways.read')
  const gatewayId = z.uuid().safeParse((await params).gatewayId).data ?? notFound()
  const [gateway, keys, reports] = await Promise.all([
    readGateway(gatewayId, actor),
    listKeys(gatewayId, actor),
    readReports(gatewayId, actor),
  ]).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') notFound()
    throw error
  })
  return <GatewayPage gateway={gateway} keys={keys} reports={reports} />
}

import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { NetworkPoliciesPage } from '#components/network-policies/network-policies-page.tsx'
import { Problem } from '#domain/problem.ts'
import { readApplied } from '#lib/networks/read-applied.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'NetworkPolicies' }

export default async function NetworkPolicies({
  params,
}: PageProps<'/gateways/[gatewayId]/network-policies'>) {
  const actor = await requireActor('topology.read')
  const gatewayId = z.uuid().safeParse((await params).gatewayId).data ?? notFound()
  const view = await readApplied(actor, gatewayId).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') notFound()
    throw error
  })
  return <NetworkPoliciesPage view={view} />
}

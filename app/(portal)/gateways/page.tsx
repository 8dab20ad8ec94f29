import type { Metadata } from 'next'
import { GatewaysPage } from '#components/gateways/gateways-page.tsx'
import { listEnvironments, listGateways } from '#lib/gateways/read.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Gateways' }

export default async function Gateways() {
  const actor = await requireActor('gateways.read')
  const [gateways, environments] = await Promise.all([listGateways(actor), listEnvironments(actor)])
  return <GatewaysPage gateways={gateways} environments={environments} />
}

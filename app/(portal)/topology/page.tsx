import type { Metadata } from 'next'
import { TopologyScreen } from '#components/topology/topology-screen.tsx'
import { readTopology } from '#lib/networks/read.ts'
import { heightsOf } from '#lib/pictures/order.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Topology' }

export default async function TopologyPage() {
  const topology = await readTopology(await requireActor('topology.read'))
  // Not awaited: it streams in behind the page where it is not known yet.
  return <TopologyScreen initial={topology} heights={heightsOf(topology)} />
}

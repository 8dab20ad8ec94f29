import type { Metadata } from 'next'
import { TopologyScreen } from '#components/topology/topology-screen.tsx'
import { readTopology } from '#lib/networks/read.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Topology' }

export default async function TopologyPage() {
  return <TopologyScreen initial={await readTopology(await requireActor('topology.read'))} />
}

'use client'
import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import type { ReactNode } from 'react'
import type { GatewayKeyView, GatewaySummary } from '#domain/gateway.ts'
import type { GatewayReports } from '#domain/gateway-reports.ts'
import { useMay } from '../shell/shell-context.tsx'
import { ChipButton } from '../ui/chip.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Section } from '../ui/panel.tsx'
import { State, type Tone } from '../ui/state.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../ui/tabs.tsx'
import { gatewayTabOf } from './address.ts'
import { KeyTable } from './key-table.tsx'
import { NodeTable } from './node-table.tsx'
import { gatewayQueries } from './queries.ts'
import { apiNamesOf } from './reports/api-name.tsx'
import {
  Certificates,
  Listeners,
  type PartProps,
  Traffic,
  Upstreams,
  WebSockets,
  Workers,
} from './reports/parts.tsx'
import { usePortalNow } from './reports/use-portal-now.ts'

interface Props {
  gateway: GatewaySummary
  keys: readonly GatewayKeyView[]
  reports: GatewayReports
}

/** Everything that the nodes of a gateway say of themselves. The address holds the open tab and the chosen node. */
export function GatewayTabs({ gateway, keys, reports: initial }: Props) {
  const query = useQuery({ ...gatewayQueries.reports(gateway.id), initialData: initial })
  const now = usePortalNow(query.data.at, query.dataUpdatedAt)
  const [address, change] = useAddress()
  const { nodes, apis } = query.data
  const chosen = nodes.find(({ nodeId }) => nodeId === address.get('node'))
  const part: PartProps = {
    gatewayId: gateway.id,
    nodes: chosen ? [chosen] : nodes,
    names: apiNamesOf(apis),
    now,
  }
  const choice = nodes.length > 1 && (
    <NodeChoice nodes={nodes} chosen={chosen?.nodeId ?? null} choose={(nodeId) => change('node', nodeId)} />
  )
  return (
    <Tabs value={gatewayTabOf(address.get('tab'))} onValueChange={(tab) => change('tab', tab)}>
      <Heads gateway={gateway} reports={query.data} />
      <TabsContent value="nodes" className="flex flex-col gap-6">
        <Nodes gateway={gateway} keys={keys} part={part} />
      </TabsContent>
      {(
        [
          ['traffic', Traffic],
          ['listeners', Listeners],
          ['upstreams', Upstreams],
          ['certificates', Certificates],
          ['websockets', WebSockets],
        ] as const
      ).map(([tab, Part]) => (
        <TabsContent key={tab} value={tab} className="flex flex-col gap-4">
          {choice}
          <Part {...part} />
        </TabsContent>
      ))}
    </Tabs>
  )
}

function useAddress(): [URLSearchParams, (name: 'tab' | 'node', value: string | null) => void] {
  const router = useRouter()
  const path = usePathname()
  const search = useSearchParams()
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(search)
    if (value === null) next.delete(name)
    else next.set(name, value)
    router.replace(`${path}?${next}`, { scroll: false })
  }
  return [search, change]
}

function Heads({ gateway, reports }: { gateway: GatewaySummary; reports: GatewayReports }) {
  const { certificatesExpired, certificatesExpiring, upstreamsUnhealthy } = gateway.trouble
  const current = reports.nodes.filter(({ isCurrent }) => isCurrent)
  const webSockets = current.reduce((sum, { pulse }) => sum + (pulse?.webSockets ?? 0), 0)
  return (
    <TabsList aria-label="What the nodes report">
      <TabsTrigger value="nodes">Nodes</TabsTrigger>
      <TabsTrigger value="traffic">Traffic</TabsTrigger>
      <TabsTrigger value="listeners">Listeners</TabsTrigger>
      <TabsTrigger value="upstreams">
        Upstreams <Count count={upstreamsUnhealthy} what="unhealthy" tone="err" />
      </TabsTrigger>
      <TabsTrigger value="certificates">
        Certificates <Count count={certificatesExpired} what="expired" tone="err" />
        <Count count={certificatesExpiring} what="expiring" tone="warn" />
      </TabsTrigger>
      <TabsTrigger value="websockets">
        WebSockets <Count count={webSockets} what="open" tone="idle" />
      </TabsTrigger>
    </TabsList>
  )
}

function Count({ count, what, tone }: { count: number; what: string; tone: Tone }) {
  if (count === 0) return null
  return (
    <State tone={tone} className="h-4.5 px-1.5">
      {count}
      <span className="sr-only"> {what}</span>
    </State>
  )
}

interface ChoiceProps {
  nodes: GatewayReports['nodes']
  chosen: string | null
  choose: (nodeId: string | null) => void
}

function NodeChoice({ nodes, chosen, choose }: ChoiceProps) {
  return (
    <div role="group" aria-label="Node" className="flex flex-wrap gap-2">
      <ChipButton on={chosen === null} onClick={() => choose(null)}>
        All {nodes.length} nodes
      </ChipButton>
      {nodes.map(({ nodeId, hostname }) => (
        <ChipButton key={nodeId} on={chosen === nodeId} onClick={() => choose(nodeId)}>
          {hostname} <span className="font-mono text-ink-3">{nodeId.slice(-4)}</span>
        </ChipButton>
      ))}
    </div>
  )
}

function Nodes({ gateway, keys, part }: Omit<Props, 'reports'> & { part: PartProps }): ReactNode {
  const mayWrite = useMay('gateways.write')
  return (
    <>
      <Section title="Nodes">
        {gateway.nodes.length === 0 ? (
          <NoneYet icon={Server} title="No node yet" className="min-h-36">
            {mayWrite
              ? 'Nothing serves this gateway. “Add node” gives the one line that changes it.'
              : 'Nothing serves this gateway. An operator or an admin can add a node.'}
          </NoneYet>
        ) : (
          <NodeTable gatewayId={gateway.id} caption={`Nodes of ${gateway.name}`} nodes={gateway.nodes} />
        )}
      </Section>
      {gateway.nodes.length > 0 && <Workers {...part} />}
      <Section title="Keys" description="Nodes register and connect with one of these.">
        <KeyTable gatewayId={gateway.id} keys={keys} mayRevoke={mayWrite} />
      </Section>
    </>
  )
}

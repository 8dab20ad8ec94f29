'use client'
import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import Link from 'next/link'
import type { EnvironmentView, GatewaySummary } from '#domain/gateway.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Chip } from '../ui/chip.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { figure, requestRate } from '#domain/figures.ts'
import { Section } from '../ui/panel.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'
import { AddNodeButton } from './add-node-dialog.tsx'
import { sumsOf } from './looks.ts'
import { NewGatewayButton } from './new-gateway-dialog.tsx'
import { NodeTable } from './node-table.tsx'
import { gatewayQueries } from './queries.ts'
import { TroubleChips } from './trouble-chips.tsx'

interface Props {
  gateways: GatewaySummary[]
  environments: readonly EnvironmentView[]
}

/** Every gateway with its nodes, as they are at the moment. */
export function GatewaysPage({ gateways: initial, environments }: Props) {
  const { data: gateways } = useQuery({ ...gatewayQueries.list(), initialData: initial })
  const mayWrite = useMay('gateways.write')
  const [only] = gateways.length === 1 ? gateways : []
  return (
    <Page
      title="Gateways"
      actions={
        mayWrite && (
          <>
            <NewGatewayButton environments={environments} />
            {only && <AddNodeButton gateway={only} variant="primary" />}
          </>
        )
      }
    >
      {gateways.length === 0 ? (
        <NoneYet icon={Server} title="No gateway yet">
          A gateway is one configuration that any number of nodes serve. Make the first, then add a node to
          it.
        </NoneYet>
      ) : (
        <div className="flex flex-col gap-6">
          <Totals gateways={gateways} />
          {gateways.map((gateway) => (
            <Gateway key={gateway.id} gateway={gateway} canAdd={mayWrite && !only} />
          ))}
        </div>
      )}
    </Page>
  )
}

function Totals({ gateways }: { gateways: readonly GatewaySummary[] }) {
  const sums = sumsOf(gateways.flatMap(({ nodes }) => nodes))
  return (
    <Tiles>
      <Tile label="Healthy" value={sums.healthy} note={`of ${sums.nodes} nodes`} />
      <Tile
        label="Degraded"
        value={sums.degraded}
        note={sums.degraded === 0 ? 'none' : 'see their problems'}
      />
      <Tile
        label="Offline"
        value={sums.offline}
        note={sums.offline === 0 ? 'none' : 'no report for 15 seconds'}
      />
      <Tile label="Requests" value={requestRate(sums.requestsPerSecond)} note="last 5 seconds" />
      <Tile label="Errors" value={`${figure(sums.errorsPerSecond)}/s`} note="answered 5xx" />
    </Tiles>
  )
}

function Gateway({ gateway, canAdd }: { gateway: GatewaySummary; canAdd: boolean }) {
  const { id, name, environment, publicUrl, headRevision, apis, nodes } = gateway
  return (
    <Section
      title={
        <Link href={`/gateways/${id}`} className="rounded-sm hover:text-accent">
          {name}
        </Link>
      }
      description={
        <span className="flex flex-wrap items-center gap-2">
          <Chip>{environment.name}</Chip>
          <TroubleChips gateway={gateway} />
          <span className="font-mono">{publicUrl}</span>
          <span className="hidden sm:inline">
            {headRevision === 0 ? 'nothing deployed' : `revision ${headRevision} wanted`}, {apis}{' '}
            {apis === 1 ? 'API' : 'APIs'}
          </span>
        </span>
      }
      action={canAdd && <AddNodeButton gateway={gateway} size="sm" />}
    >
      {nodes.length === 0 ? (
        <NoneYet icon={Server} title="No node yet" className="min-h-36">
          {canAdd
            ? 'Nothing serves this gateway. “Add node” gives the one line that changes it.'
            : 'Nothing serves this gateway. An operator or an admin can add a node.'}
        </NoneYet>
      ) : (
        <NodeTable gatewayId={id} caption={`Nodes of ${name}`} nodes={nodes} />
      )}
    </Section>
  )
}

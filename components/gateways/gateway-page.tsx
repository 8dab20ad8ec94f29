'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { GatewayKeyView, GatewaySummary } from '#domain/gateway.ts'
import type { GatewayReports } from '#domain/gateway-reports.ts'
import { deploymentsHref } from '../deployments/address.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { Fact, Facts, Panel } from '../ui/panel.tsx'
import { networkPoliciesHref } from './address.ts'
import { AddNodeButton } from './add-node-dialog.tsx'
import { GatewayTabs } from './gateway-tabs.tsx'
import { ListenersButton } from './listeners-dialog.tsx'
import { gatewayQueries } from './queries.ts'

interface Props {
  gateway: GatewaySummary
  keys: GatewayKeyView[]
  reports: GatewayReports
}

/** One gateway: where it listens, what its nodes report, and the keys that nodes register with. */
export function GatewayPage({ gateway: initial, keys: initialKeys, reports }: Props) {
  const { data: gateway } = useQuery({ ...gatewayQueries.one(initial.id), initialData: initial })
  const { data: keys } = useQuery({ ...gatewayQueries.keys(initial.id), initialData: initialKeys })
  const mayWrite = useMay('gateways.write')
  return (
    <Page
      title={gateway.name}
      crumbs={[{ label: 'Gateways', href: '/gateways' }]}
      actions={
        <>
          <Button asChild>
            <Link href={networkPoliciesHref(gateway.id)}>NetworkPolicies</Link>
          </Button>
          <Button asChild>
            <Link href={deploymentsHref({ gateway: gateway.id })}>Deployments</Link>
          </Button>
          {mayWrite && <AddNodeButton gateway={gateway} variant="primary" />}
        </>
      }
    >
      <div className="flex flex-col gap-6">
        <About gateway={gateway} mayWrite={mayWrite} />
        <GatewayTabs gateway={gateway} keys={keys} reports={reports} />
      </div>
    </Page>
  )
}

function About({ gateway, mayWrite }: { gateway: GatewaySummary; mayWrite: boolean }) {
  const { environment, publicUrl, listeners, headRevision, apis } = gateway
  return (
    <Panel className="px-4 py-3">
      <Facts>
        <Fact label="Environment">{environment.name}</Fact>
        <Fact label="Clients reach it at">
          <Mono>{publicUrl}</Mono>
        </Fact>
        <Fact label="Listens at">
          {listeners.map(({ id, protocol, address, port }) => (
            <Mono key={id} className="mr-3">
              {protocol} {address}:{port}
            </Mono>
          ))}
          {mayWrite && <ListenersButton gateway={gateway} />}
        </Fact>
        <Fact label="Should serve">
          {headRevision === 0 ? 'nothing yet' : `revision ${headRevision}`}, {apis}{' '}
          {apis === 1 ? 'API' : 'APIs'}
        </Fact>
      </Facts>
    </Panel>
  )
}

import Link from 'next/link'
import type { ReactNode } from 'react'
import { count } from '#domain/listing.ts'
import type { TrustImpact } from '#domain/trust-record.ts'
import { Chip } from '../ui/chip.tsx'
import { Panel } from '../ui/panel.tsx'

interface Props {
  impact: TrustImpact
  /** Said where nothing is reached. */
  none: string
}

/** Whom a change of trust reaches as it is deployed now: gateways, listeners, APIs, consumers, open connections. */
export function Touched({ impact, none }: Props) {
  const { gateways, listeners, apis, consumers } = impact
  if (gateways.length === 0) return <p className="text-sm text-ink-3">{none}</p>
  return (
    <Panel>
      <dl className="divide-y divide-line text-sm">
        <Row label={count(gateways.length, 'gateway')}>
          {gateways.map((gateway) => (
            <Gateway key={gateway.id} gateway={gateway} />
          ))}
        </Row>
        <Row label={count(listeners.length, 'listener')}>
          {listeners.map(({ gatewayId, id, protocol, address, port }) => (
            <Chip key={`${gatewayId} ${id}`}>
              {id}
              <span className="font-mono text-ink-3">
                {protocol} {address}:{port}
              </span>
            </Chip>
          ))}
        </Row>
        <Row label={count(apis.length, 'API')}>
          {apis.map(({ id, name, label, sides, webSockets }) => (
            <Chip key={id}>
              {name} {label}
              <span className="text-ink-3">
                {sides.map((side) => (side === 'inbound' ? 'clients' : 'upstream')).join(', ')}
                {webSockets > 0 && `, ${count(webSockets, 'open WebSocket')}`}
              </span>
            </Chip>
          ))}
        </Row>
        <Row label={count(consumers.length, 'consumer')}>
          {consumers.map(({ id, name }) => (
            <Chip key={id}>{name}</Chip>
          ))}
        </Row>
      </dl>
    </Panel>
  )
}

function Gateway({ gateway }: { gateway: TrustImpact['gateways'][number] }) {
  const { id, name, nodes, current, connections } = gateway
  return (
    <Chip>
      <Link href={`/gateways/${id}`} className="rounded-sm hover:text-accent">
        {name}
      </Link>
      <span className="text-ink-3">
        {current} of {count(nodes, 'node')} up to date
        {connections !== null && `, ${count(connections, 'open connection')}`}
      </span>
    </Chip>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1.5 px-3 py-2">
      <dt className="w-28 shrink-0 text-xs text-ink-3 tnum">{label}</dt>
      <dd className="flex min-w-0 flex-1 flex-wrap gap-1.5 [&_span]:max-w-full [&_span]:whitespace-normal [&>span]:h-auto [&>span]:min-h-6 [&>span]:py-0.5">
        {children}
      </dd>
    </div>
  )
}

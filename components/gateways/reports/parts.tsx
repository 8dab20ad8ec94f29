'use client'
import type { NodeReportView } from '#domain/gateway-reports.ts'
import type { NodePulse } from '#domain/node-report.ts'
import { milliseconds, requestRate } from '#domain/figures.ts'
import { NoneYet } from '../../ui/empty-state.tsx'
import { Section } from '../../ui/panel.tsx'
import type { ApiNames } from './api-name.tsx'
import { CertificateTable } from './certificate-table.tsx'
import { ListenerTable } from './listener-table.tsx'
import { NodeSections, type Reported, TooOld } from './node-sections.tsx'
import { counted, spanInWords } from './spans.ts'
import { TrafficTable } from './traffic-table.tsx'
import { UpstreamTable } from './upstream-table.tsx'
import { WebSocketTable } from './websocket-table.tsx'
import { WorkerTable } from './worker-table.tsx'

/** What every part of the reports is drawn of. */
export interface PartProps {
  gatewayId: string
  nodes: readonly NodeReportView[]
  names: ApiNames
  now: Date
}

const intervalMsOf = ({ pulse }: Reported) => pulse?.intervalMs ?? 0

function None({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <NoneYet title={title} className="min-h-28 py-6">
      {children}
    </NoneYet>
  )
}

export function Workers({ nodes, now }: PartProps) {
  return (
    <Section title="Workers" description="The processes that serve, on each node.">
      <NodeSections nodes={nodes} now={now} note={({ pulse }) => pulse && `up ${upTime(pulse)}`}>
        {(reported) => {
          const { workers } = reported.details
          if (!workers) return <TooOld what="its workers" />
          if (workers.length === 0)
            return <None title="No workers">This node serves in the process that was started.</None>
          const caption = `Workers of ${reported.node.hostname}`
          return <WorkerTable caption={caption} workers={workers} intervalMs={intervalMsOf(reported)} />
        }}
      </NodeSections>
    </Section>
  )
}

function upTime({ uptimeSeconds }: NodePulse): string {
  return spanInWords(uptimeSeconds * 1_000)
}

export function Traffic({ nodes, names, now }: PartProps) {
  return (
    <NodeSections nodes={nodes} now={now} note={({ pulse }) => pulse && inAll(pulse)}>
      {(reported) => {
        const { apis } = reported.details
        if (names.size === 0 && Object.keys(apis).length === 0)
          return <None title="No API">Nothing is exposed at this gateway, so nothing can be called.</None>
        const caption = `Traffic through ${reported.node.hostname} by API`
        return (
          <TrafficTable caption={caption} apis={apis} names={names} intervalMs={intervalMsOf(reported)} />
        )
      }}
    </NodeSections>
  )
}

function inAll({ intervalMs, requests, latencyMs, connections }: NodePulse): string {
  const rate = intervalMs > 0 ? (requests * 1_000) / intervalMs : 0
  return [
    `${requestRate(rate)} in all`,
    ...(latencyMs ? [`p95 ${milliseconds(latencyMs.p95)}`] : []),
    counted(connections, 'connection'),
  ].join(', ')
}

export function Listeners({ nodes, now }: PartProps) {
  return (
    <NodeSections nodes={nodes} now={now}>
      {({ node, details: { listeners } }) => {
        if (!listeners) return <TooOld what="its listeners" />
        if (listeners.length === 0)
          return (
            <None title="No open port">The node has no configuration yet. Deploy one to this gateway.</None>
          )
        return <ListenerTable caption={`Listeners of ${node.hostname}`} listeners={listeners} />
      }}
    </NodeSections>
  )
}

export function Upstreams({ nodes, names, now }: PartProps) {
  return (
    <NodeSections nodes={nodes} now={now}>
      {({ node, details: { upstreams } }) => {
        if (!upstreams) return <TooOld what="its upstreams" />
        if (Object.keys(upstreams).length === 0)
          return <None title="No upstream">No API is deployed to this node, so it calls nobody.</None>
        return <UpstreamTable caption={`Upstreams of ${node.hostname}`} upstreams={upstreams} names={names} />
      }}
    </NodeSections>
  )
}

const minuteMs = 60_000

export function Certificates({ nodes, names, now }: PartProps) {
  const minute = Math.floor(now.getTime() / minuteMs) * minuteMs
  return (
    <NodeSections
      nodes={nodes}
      now={now}
      note={({ details }) => details.certificates && counted(details.certificates.length, 'certificate')}
    >
      {({ node, details: { certificates } }) => {
        if (!certificates) return <TooOld what="its certificates" />
        if (certificates.length === 0)
          return (
            <None title="No certificate">
              No API of this node has TLS of its own, towards clients or upstreams.
            </None>
          )
        const caption = `Certificates of ${node.hostname}, soonest to expire first`
        return (
          <CertificateTable caption={caption} certificates={certificates} names={names} minuteMs={minute} />
        )
      }}
    </NodeSections>
  )
}

export function WebSockets({ gatewayId, nodes, names, now }: PartProps) {
  return (
    <NodeSections nodes={nodes} now={now}>
      {(reported) => {
        const { sessions } = reported.details
        if (!sessions) return <TooOld what="its WebSockets" />
        if (sessions.length === 0)
          return <None title="No WebSocket is open">Clients that open one are listed while it lasts.</None>
        return (
          <WebSocketTable
            gatewayId={gatewayId}
            reported={reported}
            sessions={sessions}
            names={names}
            now={now}
          />
        )
      }}
    </NodeSections>
  )
}

'use client'
import { Server } from 'lucide-react'
import type { ReactNode } from 'react'
import { offlineAfterMs } from '#domain/deployment.ts'
import type { NodeReportView } from '#domain/gateway-reports.ts'
import type { NodeDetails, NodePulse } from '#domain/node-report.ts'
import { NoneYet } from '../../ui/empty-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Section } from '../../ui/panel.tsx'
import { DotState, State } from '../../ui/state.tsx'
import { spanInWords } from './spans.ts'

/** A node that has reported. */
export interface Reported {
  node: NodeReportView
  details: NodeDetails
  pulse: NodePulse | null
  /** What is shown is of now. Otherwise it is of when the node was heard last. */
  isCurrent: boolean
}

interface Props {
  nodes: readonly NodeReportView[]
  now: Date
  /** Beside the name of the node. */
  note?: ((reported: Reported) => ReactNode) | undefined
  children: (reported: Reported) => ReactNode
}

/** What each node says, one under the other, always with how old it is. */
export function NodeSections({ nodes, now, note, children }: Props) {
  if (nodes.length === 0) {
    return (
      <NoneYet icon={Server} title="No node yet" className="min-h-36">
        Nothing serves this gateway, so nothing reports.
      </NoneYet>
    )
  }
  return (
    <div className="flex flex-col gap-6">
      {nodes.map((node) => (
        <NodeSection key={node.nodeId} node={node} now={now} note={note}>
          {children}
        </NodeSection>
      ))}
    </div>
  )
}

interface SectionProps extends Pick<Props, 'now' | 'note' | 'children'> {
  node: NodeReportView
}

function NodeSection({ node, now, note, children }: SectionProps) {
  const ageMs = node.receivedAt === null ? null : now.getTime() - Date.parse(node.receivedAt)
  // The portal may be out of reach by now: then what it said last grows old here.
  const isCurrent = node.isCurrent && ageMs !== null && ageMs <= offlineAfterMs
  const reported = node.details && { node, details: node.details, pulse: node.pulse, isCurrent }
  return (
    <Section
      title={node.hostname}
      description={<Freshness ageMs={ageMs} isCurrent={isCurrent} />}
      action={reported && note && <span className="text-xs text-ink-3 tnum">{note(reported)}</span>}
    >
      {reported ? (
        <div data-node={node.nodeId} data-stale={isCurrent ? undefined : ''}>
          {!isCurrent && ageMs !== null && <Stale node={node} ageMs={ageMs} />}
          {/* Colours say how something is now; what is of then has none. */}
          <div className={isCurrent ? undefined : 'grayscale'}>{children(reported)}</div>
        </div>
      ) : (
        <NotReported
          what={node.receivedAt === null ? 'No report yet' : 'The report cannot be read'}
          why={
            node.receivedAt === null
              ? 'The node has registered and not reported. It does so every five seconds once it is connected.'
              : 'It is of another version of the portal; the next one of the node takes its place.'
          }
        />
      )}
    </Section>
  )
}

function Freshness({ ageMs, isCurrent }: { ageMs: number | null; isCurrent: boolean }) {
  if (ageMs === null) return <DotState tone="idle">never reported</DotState>
  if (isCurrent) return <DotState tone="ok">reporting</DotState>
  return <State tone="warn">last report {spanInWords(ageMs)} ago</State>
}

function Stale({ node, ageMs }: { node: NodeReportView; ageMs: number }) {
  const wasTrue = `What stands here was true ${spanInWords(ageMs)} ago.`
  // The portal said last that it hears the node, and has said nothing since.
  const isUnheard = node.isCurrent
  return (
    <Notice
      tone="warn"
      title={isUnheard ? 'This page could not be brought up to date' : `${node.hostname} is silent`}
      className="mb-2"
    >
      {isUnheard
        ? `${wasTrue} The portal has not answered since; it is asked again every few seconds.`
        : `${wasTrue} Nobody knows whether it still is; the node may serve on without the portal.`}
    </Notice>
  )
}

/** A part that there is nothing to show of. */
export function NotReported({ what, why }: { what: string; why: string }) {
  return (
    <NoneYet title={what} className="min-h-28 py-6">
      {why}
    </NoneYet>
  )
}

/** A part that a node of an earlier version leaves out. */
export function TooOld({ what }: { what: string }) {
  return <NotReported what="Not reported" why={`This node is of a version that does not report ${what}.`} />
}

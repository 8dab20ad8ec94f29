'use client'
import type { NodeDeployment } from '#domain/deployment.ts'
import { NoneYet } from '../ui/empty-state.tsx'
import { milliseconds, requestRate } from '#domain/figures.ts'
import { Notice } from '../ui/notice.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { nodeLook } from './looks.ts'

/** Every node under a revision: its state, what it serves, its load and when it answered. */
export function NodeTable({ nodes }: { nodes: readonly NodeDeployment[] }) {
  return (
    <Table>
      <TableHead>
        <tr>
          <TableHeader>Node</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader>Serves</TableHeader>
          <TableHeader>Load</TableHeader>
          <TableHeader>Acknowledged</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {nodes.map((node) => (
          <TableRow key={node.nodeId}>
            <TableCell className="font-medium">
              {node.name}{' '}
              <span className="font-mono text-xs font-normal text-ink-3">{node.nodeId.slice(-4)}</span>
            </TableCell>
            <TableCell>
              <NodeStateMark node={node} />
            </TableCell>
            <TableCell>
              <Serves node={node} />
            </TableCell>
            <TableCell className="text-ink-2">{loadOf(node)}</TableCell>
            <TableCell className="text-ink-2 tnum">
              {node.acknowledgedAt && node.state !== 'waiting' ? (
                node.durationMs === null ? (
                  <RelativeTime at={node.acknowledgedAt} />
                ) : (
                  `${node.durationMs} ms`
                )
              ) : (
                '–'
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

export function NodeStateMark({ node }: { node: NodeDeployment }) {
  const { label, tone } = nodeLook[node.state]
  return <State tone={tone}>{label}</State>
}

function Serves({ node }: { node: NodeDeployment }) {
  if (node.servesRevision === null) return <span className="text-ink-3">nothing yet</span>
  const revision = `revision ${node.servesRevision}`
  if (node.state === 'offline') {
    return (
      <>
        {revision} when last seen{' '}
        {node.lastSeenAt && <RelativeTime at={node.lastSeenAt} className="text-ink-3" />}
      </>
    )
  }
  if (node.state !== 'applied') return <>{revision}, still serving</>
  return (
    <>
      {revision} <span className="font-mono text-xs text-ink-3">{node.servesHash?.slice(0, 8)}</span>
    </>
  )
}

function loadOf({ requestsPerSecond, p99Ms }: NodeDeployment): string {
  if (requestsPerSecond === null) return 'no report'
  const rate = requestRate(requestsPerSecond)
  return p99Ms === null ? rate : `${rate}, p99 ${milliseconds(p99Ms)}`
}

/** What each refusing node objected to, and what it goes on serving. */
export function Refusals({ nodes, number }: { nodes: readonly NodeDeployment[]; number: number }) {
  const refusing = nodes.filter((node) => node.reasons.length > 0 && node.state !== 'applied')
  return refusing.map((node) => (
    <Notice
      key={node.nodeId}
      tone="err"
      title={
        node.servesRevision === null
          ? `${node.name} refused revision ${number} and serves nothing yet`
          : `${node.name} refused revision ${number} and keeps serving ${node.servesRevision}`
      }
    >
      <ul className="flex flex-col gap-0.5 font-mono text-xs">
        {node.reasons.map(({ pointer, reason }) => (
          <li key={`${pointer}${reason}`} className="break-words">
            {pointer || '/'}: {reason}
          </li>
        ))}
      </ul>
    </Notice>
  ))
}

/** Where nodes would be listed while the gateway has none. */
export function NoNodes() {
  return (
    <NoneYet title="No nodes yet">
      The gateway keeps this revision for the first node that registers. Gateways has the command that adds
      one.
    </NoneYet>
  )
}

'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal } from 'lucide-react'
import type { GatewayNode } from '#domain/gateway.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { figure } from '#domain/figures.ts'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State, WordState } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { toastProblem } from '../ui/toast.tsx'
import { stateLook, statusOf } from './looks.ts'
import { gatewayQueries, removeNode } from './queries.ts'

const figures = 'text-right tnum'

/** The nodes of a gateway: how they are, what they serve and what passes through them. */
export function NodeTable({
  gatewayId,
  caption,
  nodes,
}: {
  gatewayId: string
  caption: string
  nodes: readonly GatewayNode[]
}) {
  return (
    <Table>
      <caption className="sr-only">{caption}</caption>
      <TableHead>
        <tr>
          <TableHeader>Node</TableHeader>
          <TableHeader>Status</TableHeader>
          <TableHeader>Revision</TableHeader>
          <TableHeader>Last seen</TableHeader>
          <TableHeader className={figures}>Requests/s</TableHeader>
          <TableHeader className={figures}>Errors/s</TableHeader>
          <TableHeader className={figures}>Refused/s</TableHeader>
          <TableHeader className={figures}>Latency p50 / p95</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {nodes.map((node) => (
          <NodeRow key={node.id} gatewayId={gatewayId} node={node} />
        ))}
      </TableBody>
    </Table>
  )
}

function NodeRow({ gatewayId, node }: { gatewayId: string; node: GatewayNode }) {
  const { label, tone } = statusOf(node)
  const { traffic } = node
  return (
    <TableRow data-node={node.id}>
      <TableCell>
        <div className="font-medium">{node.hostname}</div>
        <div className="text-xs whitespace-nowrap text-ink-3">
          runtime {node.runtimeVersion} <span className="font-mono">{node.id.slice(-4)}</span>
        </div>
      </TableCell>
      <TableCell>
        <State tone={tone}>{label}</State>
        {node.state !== null &&
          node.problems.map((problem) => (
            <div key={problem} className="mt-0.5 max-w-64 text-xs text-warn">
              {problem}
            </div>
          ))}
      </TableCell>
      <TableCell className="tnum">
        <Serves node={node} />
      </TableCell>
      <TableCell className="whitespace-nowrap text-ink-2">
        {node.lastSeenAt ? <RelativeTime at={node.lastSeenAt} /> : 'never'}
      </TableCell>
      <TableCell className={figures}>{traffic ? figure(traffic.requestsPerSecond) : '–'}</TableCell>
      <TableCell className={figures}>
        <span className={traffic && traffic.errorsPerSecond > 0 ? 'text-err' : undefined}>
          {traffic ? figure(traffic.errorsPerSecond) : '–'}
        </span>
      </TableCell>
      <TableCell className={figures}>{traffic ? figure(traffic.refusedPerSecond) : '–'}</TableCell>
      <TableCell className={`${figures} whitespace-nowrap`}>
        {traffic?.latencyMs ? `${figure(traffic.latencyMs.p50)} / ${figure(traffic.latencyMs.p95)} ms` : '–'}
      </TableCell>
      <TableCell className="w-8 text-right">
        <NodeMenu gatewayId={gatewayId} node={node} />
      </TableCell>
    </TableRow>
  )
}

function Serves({ node }: { node: GatewayNode }) {
  const { state, servesRevision, wantedRevision, refusals } = node
  if (state === null) return <span className="text-ink-3">nothing deployed</span>
  const { label, tone } = stateLook[state]
  const serves = servesRevision === null ? 'none' : String(servesRevision)
  return (
    <>
      <span className="whitespace-nowrap">
        {serves} of {wantedRevision} <WordState tone={tone}>{label}</WordState>
      </span>
      {refusals.map(({ pointer, reason }) => (
        <div key={`${pointer}${reason}`} className="max-w-72 font-mono text-2xs break-words text-err">
          {pointer || '/'}: {reason}
        </div>
      ))}
    </>
  )
}

function NodeMenu({ gatewayId, node }: { gatewayId: string; node: GatewayNode }) {
  const mayWrite = useMay('gateways.write')
  const client = useQueryClient()
  const removal = useMutation({
    mutationFn: removeNode,
    onSuccess: () => client.invalidateQueries({ queryKey: gatewayQueries.all }),
    onError: (error) => toastProblem(asProblem(error)),
  })
  if (!mayWrite || node.status !== 'offline') return null
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Actions for ${node.hostname}`}
          busy={removal.isPending}
        >
          <MoreHorizontal aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem danger onSelect={() => removal.mutate({ gatewayId, nodeId: node.id })}>
          Remove from the list
        </MenuItem>
      </MenuContent>
    </Menu>
  )
}

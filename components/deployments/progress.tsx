'use client'
import { useQuery } from '@tanstack/react-query'
import type { NodeDeployment, RevisionDetail } from '#domain/deployment.ts'
import { useLiveState } from '../shell/live.tsx'
import { Progress } from '../ui/progress.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { NodeStateMark, NoNodes, Refusals } from './node-table.tsx'
import { deploymentQueries } from './queries.ts'

// Without the socket the page still asks, only less promptly.
const askEveryMs = 2_000

/** A revision on its way to the nodes, kept up to date until all have answered. */
export function DeploymentProgress({ gatewayId, number }: { gatewayId: string; number: number }) {
  const live = useLiveState()
  const { data: revision } = useQuery({
    ...deploymentQueries.revision(gatewayId, number),
    refetchInterval: ({ state }) => (live !== 'live' && isUnderWay(state.data) ? askEveryMs : false),
  })
  if (!revision) return <Skeleton className="h-24 w-full" />
  if (revision.nodes.length === 0) return <NoNodes />
  const applied = revision.nodes.filter(({ state }) => state === 'applied').length
  const isRefused = revision.nodes.some(({ state }) => state === 'refused')
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm" aria-live="polite">
        {sentenceOf(revision.nodes, applied)}
      </p>
      <Progress
        value={applied}
        max={revision.nodes.length}
        label="Nodes that applied the revision"
        tone={isRefused ? 'err' : applied === revision.nodes.length ? 'ok' : 'busy'}
      />
      <ul className="divide-y divide-line rounded-lg border border-line">
        {revision.nodes.map((node) => (
          <li key={node.nodeId} className="flex min-h-9.5 items-center gap-3 px-3 text-sm">
            <span className="min-w-0 flex-1 truncate font-medium">{node.name}</span>
            <span className="text-xs text-ink-3 tnum">
              {node.state === 'applied' && node.durationMs !== null && `${node.durationMs} ms`}
            </span>
            <NodeStateMark node={node} />
          </li>
        ))}
      </ul>
      <Refusals nodes={revision.nodes} number={number} />
    </div>
  )
}

function isUnderWay(revision: RevisionDetail | undefined): boolean {
  return revision?.nodes.some(({ state }) => state === 'waiting' || state === 'offline') ?? true
}

function sentenceOf(nodes: readonly NodeDeployment[], applied: number): string {
  const offline = nodes.filter(({ state }) => state === 'offline').length
  const refused = nodes.filter(({ state }) => state === 'refused').length
  const parts = [`Desired everywhere; applied on ${applied} of ${nodes.length} nodes`]
  if (refused > 0) parts.push(`${refused} refused it`)
  if (offline > 0) parts.push(`${offline} offline and will get it when back`)
  return `${parts.join(', ')}.`
}

'use client'
import { useQuery } from '@tanstack/react-query'
import type { GatewayNode } from '#domain/gateway.ts'
import { stateLook, statusOf } from '../../gateways/looks.ts'
import { gatewayQueries } from '../../gateways/queries.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { State, WordState } from '../../ui/state.tsx'
import { Part } from './part.tsx'

const shownMax = 12

/** The nodes of a gateway as they are now, those in trouble first: how each is, and which revision it serves. */
export function NodeList({ gatewayId, count }: { gatewayId: string; count: number }) {
  const { data, error } = useQuery(gatewayQueries.one(gatewayId))
  return (
    <Part title="Nodes">
      {data ? (
        <Nodes nodes={data.nodes} />
      ) : error ? (
        <p className="text-sm text-ink-3">{asProblem(error).message}</p>
      ) : (
        Array.from({ length: Math.min(count, shownMax) }, (_, index) => (
          <Skeleton key={index} className="my-1.5 h-4" />
        ))
      )}
    </Part>
  )
}

function Nodes({ nodes }: { nodes: readonly GatewayNode[] }) {
  if (nodes.length === 0) return <p className="text-sm text-ink-3">None has registered yet.</p>
  const inOrder = nodes.toSorted((a, b) => Number(isWell(a)) - Number(isWell(b)))
  return (
    <>
      <ul>
        {inOrder.slice(0, shownMax).map((node) => (
          <Node key={node.id} node={node} />
        ))}
      </ul>
      {nodes.length > shownMax && (
        <p className="border-t border-line pt-1.5 text-xs text-ink-3">
          and {nodes.length - shownMax} more on the page of the gateway
        </p>
      )}
    </>
  )
}

function isWell({ status, state }: GatewayNode): boolean {
  return status === 'healthy' && state === 'applied'
}

function Node({ node }: { node: GatewayNode }) {
  const { label, tone } = statusOf(node)
  const { state, servesRevision, wantedRevision, problems, refusals } = node
  const look = state === null ? undefined : stateLook[state]
  return (
    <li data-node={node.id} className="border-t border-line py-1.5 text-xs">
      <span className="flex flex-wrap items-center justify-between gap-x-2">
        <span className="text-sm font-medium break-all">{node.hostname}</span>
        <State tone={tone}>{label}</State>
      </span>
      <span className="block text-ink-3 tnum">
        runtime {node.runtimeVersion},{' '}
        {look === undefined ? (
          'nothing deployed'
        ) : (
          <>
            serves {servesRevision === null ? 'no revision' : `revision ${servesRevision}`} of{' '}
            {wantedRevision} <WordState tone={look.tone}>{look.label}</WordState>
          </>
        )}
      </span>
      {problems.map((problem) => (
        <span key={problem} className="block text-warn">
          {problem}
        </span>
      ))}
      {refusals.map(({ pointer, reason }) => (
        <span key={`${pointer}${reason}`} className="block font-mono text-2xs break-words text-err">
          {pointer || '/'}: {reason}
        </span>
      ))}
    </li>
  )
}

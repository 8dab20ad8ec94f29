'use client'
import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { NodeDeployment, RevisionDetail } from '#domain/deployment.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { TableSkeleton, TilesSkeleton } from '../ui/skeleton.tsx'
import { WordState } from '../ui/state.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'
import { ChangeList } from './change-list.tsx'
import { NodeTable, NoNodes, Refusals } from './node-table.tsx'
import { deploymentQueries } from './queries.ts'

interface Props {
  gatewayId: string
  number: number
  headNumber: number
  initial: RevisionDetail | undefined
}

// A node goes offline by saying nothing, so no event tells of it.
const lookAgainMs = 10_000

/** One revision: three facts kept apart, its nodes, their refusals, and what it changed. */
export function RevisionView({ gatewayId, number, headNumber, initial }: Props) {
  const { data, error, refetch } = useQuery({
    ...deploymentQueries.revision(gatewayId, number),
    ...(initial ? { initialData: initial } : {}),
    refetchInterval: number === headNumber ? lookAgainMs : false,
  })
  if (error && !data) return <ProblemPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (!data) {
    return (
      <>
        <TilesSkeleton count={3} />
        <TableSkeleton rows={3} />
      </>
    )
  }
  const { difference, nodes } = data
  const from = difference.fromRevision
  return (
    <>
      <Facts revision={data} headNumber={headNumber} />
      <Section title="Nodes">
        <div className="flex flex-col gap-3">
          {nodes.length > 0 ? <NodeTable nodes={nodes} /> : data.isHead ? <NoNodes /> : <NoAnswers />}
          <Refusals nodes={nodes} number={number} />
        </div>
      </Section>
      <Section title={from === null ? 'What it brought' : `What changed, ${from} to ${number}`}>
        <ChangeList difference={difference} />
      </Section>
    </>
  )
}

function NoAnswers() {
  return <p className="text-sm text-ink-2">No node answered about this revision while it was the newest.</p>
}

/** Desired, applied, verified: three different facts. */
function Facts({ revision, headNumber }: { revision: RevisionDetail; headNumber: number }) {
  const { isHead, number, nodes, createdAt, createdBy, appliedBy } = revision
  const applied = nodes.filter(({ state }) => state === 'applied').length
  return (
    <Tiles>
      <Tile
        label="Desired"
        value={isHead ? `revision ${number}` : 'superseded'}
        note={
          isHead ? (
            <>
              <Clock at={createdAt} />, {createdBy}
            </>
          ) : (
            `revision ${headNumber} is desired now`
          )
        }
      />
      <Tile
        label="Applied"
        value={isHead ? `${applied} of ${nodes.length} nodes` : `${appliedBy} took it`}
        note={isHead ? <AppliedNote nodes={nodes} /> : <RelativeTime at={createdAt} />}
      />
      <Tile label="Verified" value="–" note="no probe has asked yet" />
    </Tiles>
  )
}

function AppliedNote({ nodes }: { nodes: readonly NodeDeployment[] }) {
  const named = (state: NodeDeployment['state']) => nodes.filter((node) => node.state === state)
  const [refused, offline, waiting] = [named('refused'), named('offline'), named('waiting')]
  const who = (of: readonly NodeDeployment[]) => (of.length === 1 ? of[0]?.name : `${of.length} nodes`)
  if (nodes.length === 0) return 'no node has registered'
  if (refused.length > 0) return <WordState tone="err">{who(refused)} refused it</WordState>
  if (waiting.length > 0) return <WordState tone="busy">waiting for {who(waiting)}</WordState>
  if (offline.length > 0) return <WordState tone="warn">{who(offline)} offline</WordState>
  return <WordState tone="ok">every node serves it</WordState>
}

const never = () => () => {}

// The server does not know the reader's zone: the time appears once the page runs.
function Clock({ at }: { at: string }) {
  const inPage = useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
  return <time dateTime={at}>{inPage ? new Date(at).toLocaleTimeString('en-GB') : at.slice(11, 19)}</time>
}

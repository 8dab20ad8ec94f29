'use client'
import { useQuery } from '@tanstack/react-query'
import { Pause, Play } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useCallback, useMemo, useRef, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { SignOffButton } from '../reviews/sign-off-button.tsx'
import { useMediaQuery } from '../ui/use-media-query.ts'
import { AddMenu } from './add-menu.tsx'
import { Announcer } from './announcer.tsx'
import type { Asked } from './dialogs/asked.ts'
import { TopologyDialogs } from './dialogs/topology-dialogs.tsx'
import { FilterBar } from './filter-bar.tsx'
import { Freshness } from './freshness.tsx'
import { FindDialog } from './find-dialog.tsx'
import type { SentOrder } from './graph/use-drawing.ts'
import { useChangesOf } from './history/changes-context.tsx'
import { CompareMenu } from './history/compare-menu.tsx'
import { useShown } from './history/use-shown.ts'
import { WhenFrame } from './history/when-frame.tsx'
import { WhenMenu } from './history/when-menu.tsx'
import { MapSkeleton } from './map-skeleton.tsx'
import { modelOf } from '#diagram/model.ts'
import { DetailsPanel } from './panel/details-panel.tsx'
import { ShareMenu } from './share-menu.tsx'
import { TopologyTable } from './table/topology-table.tsx'
import { topologyQueries } from './topology-queries.ts'
import { useViewState } from './use-view-state.ts'
import type { Selection } from '#diagram/highlight.ts'
import type { View } from './view-state.ts'

// React Flow measures the window: the map is drawn in the browser only.
const roomForMap = '(width >= 48rem)'
const loadMap = () => import('./topology-map.tsx').then((module) => module.TopologyMap)
const TopologyMap = dynamic(loadMap, { ssr: false, loading: MapSkeleton })

// Where there is room for a map, its code is fetched while the page comes to life, not after.
if (typeof window !== 'undefined' && window.matchMedia(roomForMap).matches) void loadMap()

const figuresEveryMs = 15_000

interface Props {
  initial: Topology
  /** The order of its map, which may come after the page. */
  heights: SentOrder['heights']
}

/** The topology page: bar, map or table, details, dialogs. */
export function TopologyScreen({ initial, heights }: Props) {
  const [paused, setPaused] = useState(false)
  const { data: live, isRefetchError } = useQuery({
    ...topologyQueries.document(),
    initialData: initial,
    refetchInterval: paused ? false : figuresEveryMs,
  })
  const { state, change } = useViewState()
  const shown = useShown(live, state)
  const topology = shown.topology ?? live
  const model = useMemo(() => modelOf(topology), [topology])
  const changes = useChangesOf(shown.comparison, shown.isNow)
  const { narrow, tight } = useRoom()
  // A map has no room on a telephone; whoever asks for it gets it nevertheless.
  const view: View = state.view ?? (narrow ? 'table' : 'graph')
  const sent = useMemo(() => ({ topology: initial, heights }), [initial, heights])
  const [asked, setAsked] = useState<Asked | null>(null)
  const [finding, setFinding] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const stand = useRef<((stop: string) => void) | null>(null)
  // Nothing is written into the past.
  const mayWrite = useMay('topology.write') && shown.isNow
  const beforeFind = useRef<Element | null>(null)
  const openFind = useCallback(() => {
    beforeFind.current = document.activeElement
    setFinding(true)
  }, [])

  const choose = useCallback(
    (selection: Selection | null, byKeyboard: boolean) => {
      const left = state.selection
      change({ selection })
      if (!byKeyboard) return
      // The panel shows the new selection first; then the focus can go there, or back.
      requestAnimationFrame(() => {
        if (selection) heading.current?.focus()
        else if (left) stand.current?.(`${left.kind}:${left.id}`)
      })
    },
    [change, state.selection],
  )
  const empty = shown.topology !== null && topology.networks.length === 0 && topology.apis.length === 0
  return (
    <Page
      title="Topology"
      crumbs={[{ label: 'Trust' }]}
      layout="full"
      actions={
        <>
          {shown.isNow && (
            <>
              <Freshness at={live.at} isLost={isRefetchError} paused={paused} />
              <PauseButton paused={paused} onPaused={setPaused} />
            </>
          )}
          <ShareMenu filter={state} when={state} />
          {mayWrite && <AddMenu ask={setAsked} />}
          <CompareMenu onCompare={(compare) => change({ at: null, compare })} />
          {shown.isNow && <SignOffButton />}
        </>
      }
      bar={
        <>
          <FilterBar model={model} state={state} view={view} change={change} />
          <WhenMenu when={state} heads={live.gateways} change={change} />
        </>
      }
    >
      <WhenFrame when={state} shown={shown} changes={changes} change={change}>
        {shown.topology === null ? (
          <MapSkeleton />
        ) : empty ? (
          <div className="flex-1 p-4">
            <NoneYet
              title="Nothing stands here yet"
              action={mayWrite && <Button onClick={() => setAsked({ kind: 'network' })}>Add network</Button>}
            >
              Networks, consumers, providers and the APIs of your gateways are drawn here as a map of trust.
            </NoneYet>
          </div>
        ) : view === 'table' ? (
          <TopologyTable model={model} state={state} choose={choose} change={change} />
        ) : (
          <TopologyMap
            sent={sent}
            model={model}
            state={state}
            choose={choose}
            onFind={openFind}
            paused={paused}
            mayMove={mayWrite}
            onTable={() => change({ view: 'table' })}
            standRef={stand}
          />
        )}
        {!empty && shown.topology && (view === 'graph' || state.selection || state.compare) && (
          <DetailsPanel
            sheet={tight}
            model={model}
            selection={state.selection}
            choose={choose}
            ask={setAsked}
            mayWrite={mayWrite}
            lens={change}
            headingRef={heading}
          />
        )}
      </WhenFrame>
      {/* What was is looked at in silence. */}
      {shown.isNow && <Announcer topology={live} />}
      <FindDialog
        model={model}
        open={finding}
        onOpenChange={setFinding}
        returnTo={beforeFind}
        onFound={(selection) => {
          setFinding(false)
          change({ selection })
          requestAnimationFrame(() => stand.current?.(`${selection.kind}:${selection.id}`))
        }}
      />
      <TopologyDialogs
        model={model}
        asked={asked}
        onMade={(selection) => change({ selection })}
        onClose={() => setAsked(null)}
      />
    </Page>
  )
}

/** Whether there is room for a map, and for details beside it. Wide until the browser says otherwise. */
function useRoom(): { narrow: boolean; tight: boolean } {
  return { narrow: !useMediaQuery(roomForMap, true), tight: useMediaQuery('(width < 64rem)', false) }
}

function PauseButton({ paused, onPaused }: { paused: boolean; onPaused: (paused: boolean) => void }) {
  const label = paused ? 'Go on updating figures' : 'Pause updating figures'
  return (
    <Button
      size="icon"
      aria-label={label}
      title={label}
      aria-pressed={paused}
      onClick={() => onPaused(!paused)}
    >
      {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
    </Button>
  )
}

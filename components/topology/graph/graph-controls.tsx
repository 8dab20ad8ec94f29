'use client'
import { Activity, Info, Maximize, Minus, Plus } from 'lucide-react'
import { Panel, useReactFlow } from 'reactflow'
import { Button } from '../../ui/button.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import { MoveControls } from './move-controls.tsx'
import type { Moving } from './use-moving.ts'

interface Props {
  showAll: () => void
  moves: boolean
  onMoves: (moves: boolean) => void
  moving: Moving
  /** What moving is about. */
  standsOn: string | undefined
  legend: boolean
  onLegend: () => void
}

/** Zoom, fit and legend, for the pointer; each has its key too. */
export function GraphControls({ showAll, moves, onMoves, moving, standsOn, legend, onLegend }: Props) {
  const { zoomIn, zoomOut } = useReactFlow()
  const controls = [
    { label: 'Zoom in (+)', icon: Plus, act: () => void zoomIn() },
    { label: 'Zoom out (-)', icon: Minus, act: () => void zoomOut() },
    { label: 'Show all (F)', icon: Maximize, act: showAll },
  ]
  return (
    <Panel position="bottom-left" className="flex max-w-full flex-wrap gap-1.5">
      {controls.map(({ label, icon: Icon, act }) => (
        <Tooltip key={label} text={label}>
          <Button size="icon" aria-label={label} onClick={act}>
            <Icon aria-hidden />
          </Button>
        </Tooltip>
      ))}
      <Button
        onClick={() => onMoves(!moves)}
        aria-pressed={moves}
        title="Traffic moves along the lines"
        className="motion-reduce:hidden"
      >
        <Activity aria-hidden />
        Motion
      </Button>
      <Button onClick={onLegend} aria-pressed={legend}>
        <Info aria-hidden />
        Legend
      </Button>
      <MoveControls moving={moving} name={standsOn} />
    </Panel>
  )
}

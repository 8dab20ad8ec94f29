'use client'
import 'reactflow/dist/base.css'
import './topology-graph.css'
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { ReactFlow, ReactFlowProvider, useReactFlow, useStore } from 'reactflow'
import { highlightOf } from '#diagram/highlight.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import { type Direction, neighbour } from '../neighbour.ts'
import type { Selection } from '#diagram/highlight.ts'
import type { ViewState } from '../view-state.ts'
import { DragGhost } from './drag-ghost.tsx'
import { edgesOf } from './elements.ts'
import { legibleZoom, zoomMin } from './first-view.ts'
import { GraphProvider } from './graph-context.tsx'
import { GraphControls } from './graph-controls.tsx'
import { LegLine } from './leg-edge.tsx'
import { Legend } from './legend.tsx'
import { CaptionShape, CardShape, FirewallShape, GatewayShape, LaneShape, NetworkShape } from './nodes.tsx'
import { useDragging, useNodes } from './use-dragging.ts'
import { type Moving, useMoving } from './use-moving.ts'
import { useMotion } from './use-motion.ts'
import { useViews } from './use-views.ts'
import { along, domId, type GraphStop, stopId, stopsOf } from './stops.ts'

const nodeTypes = {
  caption: CaptionShape,
  lane: LaneShape,
  network: NetworkShape,
  card: CardShape,
  gateway: GatewayShape,
  firewall: FirewallShape,
}
const edgeTypes = { leg: LegLine }
const ariaWords = {
  'node.a11yDescription.default': '',
  'node.a11yDescription.keyboardDisabled': '',
  'edge.a11yDescription.default': '',
}

export interface GraphProps {
  drawing: Drawing
  model: Model
  state: ViewState
  choose: (selection: Selection | null, byKeyboard: boolean) => void
  onFind: () => void
  /** Figures stand still, and so does what they move. */
  paused: boolean
  /** Whether the reader may put things of the map elsewhere. */
  mayMove: boolean
  /** Set to a function that stands on a stop, for what is outside the graph. */
  standRef: RefObject<((stop: string) => void) | null>
}

/** The topology as a map. It only draws: places come from the layout, words and colours from the model. */
export function TopologyGraph(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <GraphMap {...props} />
    </ReactFlowProvider>
  )
}

function GraphMap({ drawing, model, state, choose, onFind, paused, mayMove, standRef }: GraphProps) {
  const { moves, setMoves } = useMotion()
  const [legend, setLegend] = useState(false)
  const frame = useRef<HTMLDivElement>(null)
  const far = useStore((store) => store.transform[2] < legibleZoom)
  const highlight = useMemo(() => highlightOf(model, state), [model, state])
  const edges = useMemo(() => edgesOf(drawing, model, highlight), [drawing, model, highlight])
  const stops = useMemo(() => stopsOf(drawing, model), [drawing, model])
  const walk = useWalk(stops, model, state.selection)
  useEffect(() => {
    standRef.current = walk.stand
  }, [standRef, walk.stand])
  const showAll = useViews(drawing)
  const here = stops.find(({ id }) => id === walk.active)
  const moving = useMoving(drawing, model, here, mayMove)
  const nodes = useNodes(drawing, moving.on)
  const { dragged, ...dragging } = useDragging(drawing, model, moving)
  const keys = useKeys({
    walk,
    moving,
    showAll,
    toggleLegend: () => setLegend((shown) => !shown),
    onFind,
  })
  const { remember } = walk
  const onChoose = useCallback(
    (selection: Selection, byKeyboard: boolean) => {
      remember(stopId(selection))
      choose(selection, byKeyboard)
    },
    [remember, choose],
  )
  const graph = useMemo(
    () => ({ model, selection: state.selection, highlight, activeStop: walk.active, choose: onChoose }),
    [model, state.selection, highlight, walk.active, onChoose],
  )
  return (
    <GraphProvider value={graph}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        aria-label="Topology map. Arrow keys move, Enter opens details, plus and minus zoom, slash finds, the question mark lists the keys."
        onKeyDown={keys}
        onEdgeClick={(_, edge) => choose(selectionOfLeg(model, edge.id), false)}
        onPaneClick={() => choose(null, false)}
        {...dragging}
        nodesDraggable={false}
        nodeDragThreshold={4}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        panActivationKeyCode={null}
        ariaLabelConfig={ariaWords}
        minZoom={zoomMin}
        maxZoom={2}
        ref={frame}
        data-far={far ? '' : undefined}
        data-motion={moves && !paused ? '' : undefined}
        onMoveStart={() => frame.current?.setAttribute('data-moving', '')}
        onMoveEnd={() => frame.current?.removeAttribute('data-moving')}
        className="[--xy-attribution-background-color:var(--panel)] [&_.react-flow\_\_attribution_a]:!text-ink-2"
        // From far away nearly all is in view, and taking things out and in again would cost more than it saves.
        onlyRenderVisibleElements={!far && nodes.length + edges.length > 400}
      >
        <GraphControls
          showAll={showAll}
          moving={moving}
          standsOn={here?.name}
          moves={moves}
          onMoves={setMoves}
          legend={legend}
          onLegend={() => setLegend((shown) => !shown)}
        />
        {dragged && <DragGhost dragged={dragged} />}
        {legend && <Legend onClose={() => setLegend(false)} />}
      </ReactFlow>
    </GraphProvider>
  )
}

/** A line that one flow alone takes is that flow; a shared one is the leg itself. */
function selectionOfLeg(model: Model, legId: string): Selection {
  const flows = model.flowsOfLeg.get(legId) ?? []
  const [only] = flows
  return only && flows.length === 1 ? { kind: 'flow', id: only.id } : { kind: 'leg', id: legId }
}

interface Walk {
  active: string | null
  /** Moves there, brings it into view and puts the focus on it. */
  stand: (stop: string) => void
  remember: (stop: string) => void
  step: (direction: Direction) => void
  follow: (way: 'callers' | 'callees') => void
}

function useWalk(stops: readonly GraphStop[], model: Model, selection: Selection | null): Walk {
  const [last, remember] = useState<string | null>(null)
  const show = useShow()
  const chosen = selection ? stopId(selection) : null
  const active = [last, chosen].find((id) => stops.some((stop) => stop.id === id)) ?? stops[0]?.id ?? null
  return useMemo(() => {
    const here = stops.find(({ id }) => id === active)
    const stand = (id: string) => {
      const stop = stops.find((each) => each.id === id)
      if (!stop) return
      remember(id)
      show(stop)
    }
    return {
      active,
      remember,
      stand,
      step(direction) {
        const next = here && neighbour(here, direction, stops)
        if (next) stand(next.id)
      },
      follow(way) {
        const [next] = here ? along(here, way, model) : []
        if (next) stand(next)
      },
    }
  }, [stops, model, active, show])
}

/** Brings a stop into view, without moving what is in view already, and focuses it. */
function useShow(): (stop: GraphStop) => void {
  const { getViewport, setViewport } = useReactFlow()
  const width = useStore((store) => store.width)
  const height = useStore((store) => store.height)
  return useCallback(
    ({ id, box }) => {
      const { x, y, zoom } = getViewport()
      const left = box.x * zoom + x
      const top = box.y * zoom + y
      const visible =
        left >= 0 && top >= 0 && left + box.width * zoom <= width && top + box.height * zoom <= height
      const focus = () => document.getElementById(domId(id))?.focus({ preventScroll: true })
      if (visible) return focus()
      const centre = {
        x: width / 2 - (box.x + box.width / 2) * zoom,
        y: height / 2 - (box.y + box.height / 2) * zoom,
      }
      // What was out of sight may not be drawn yet.
      void setViewport({ ...centre, zoom }).then(() => requestAnimationFrame(focus))
    },
    [getViewport, setViewport, width, height],
  )
}

const arrows: Partial<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

interface Keys {
  walk: Walk
  moving: Moving
  showAll: () => void
  toggleLegend: () => void
  onFind: () => void
}

function useKeys({ walk, moving, showAll, toggleLegend, onFind }: Keys) {
  const { zoomIn, zoomOut, zoomTo } = useReactFlow()
  return useCallback(
    (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const direction = arrows[event.key]
      const way = direction === 'up' || direction === 'down' ? direction : null
      const actions: Partial<Record<string, () => void>> = {
        '[': () => walk.follow('callers'),
        ']': () => walk.follow('callees'),
        '+': () => void zoomIn(),
        '=': () => void zoomIn(),
        '-': () => void zoomOut(),
        '0': () => void zoomTo(1),
        f: showAll,
        l: toggleLegend,
        '/': onFind,
        ...(moving.may ? { m: moving.toggle } : {}),
        ...(moving.on ? { Escape: moving.toggle } : {}),
      }
      const step = moving.on && way ? () => moving.move(way) : direction && (() => walk.step(direction))
      const action = step ?? actions[event.key]
      if (!action) return
      event.preventDefault()
      action()
    },
    [walk, moving, showAll, toggleLegend, onFind, zoomIn, zoomOut, zoomTo],
  )
}

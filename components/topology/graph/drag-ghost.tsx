'use client'
import { ViewportPortal } from 'reactflow'
import type { Dragged } from './use-dragging.ts'

/** What is dragged, as an outline under the pointer, and the gap that it would land in. */
export function DragGhost({ dragged: { box, landsAt } }: { dragged: Dragged }) {
  return (
    <ViewportPortal>
      <div
        aria-hidden
        className="pointer-events-none absolute top-0 left-0 z-1000 rounded-lg border-2 border-accent bg-accent-soft/60"
        style={{ transform: `translate(${box.x}px, ${box.y}px)`, width: box.width, height: box.height }}
      />
      <div
        aria-hidden
        className="pointer-events-none absolute top-0 left-0 z-1000 h-0.75 rounded-full bg-accent"
        style={{ transform: `translate(${box.x - 6}px, ${landsAt - 1.5}px)`, width: box.width + 12 }}
      />
    </ViewportPortal>
  )
}

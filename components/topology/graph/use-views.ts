'use client'
import { useCallback, useEffect, useRef } from 'react'
import { useReactFlow, useStore, type Viewport } from 'reactflow'
import type { Drawing } from '#diagram/layout/drawing.ts'
import { firstView, isInView } from './first-view.ts'

/**
 * Shows a drawing as it is best seen first; gives what shows all of it. Another drawing is shown so too, unless the
 * reader has gone somewhere on the map: what is looked at stays in view.
 */
export function useViews(drawing: Drawing): () => void {
  const { getViewport, setViewport } = useReactFlow()
  const width = useStore((store) => store.width)
  const height = useStore((store) => store.height)
  const seen = useRef<{ drawing: Drawing; view: Viewport } | null>(null)
  useEffect(() => {
    // A window that is resized later keeps what its reader looks at.
    if (width === 0 || height === 0 || seen.current?.drawing === drawing) return
    const [before, view] = [seen.current?.view, getViewport()]
    const hasGone = before !== undefined && !isSame(before, view)
    const room = { width, height }
    if (hasGone && isInView(drawing, room, view)) {
      seen.current = { drawing, view: before }
      return
    }
    seen.current = { drawing, view: firstView(drawing, room) }
    void setViewport(seen.current.view)
  }, [drawing, width, height, getViewport, setViewport])
  return useCallback(
    () => void setViewport(firstView(drawing, { width, height }, true)),
    [drawing, width, height, setViewport],
  )
}

function isSame(a: Viewport, b: Viewport): boolean {
  return a.x === b.x && a.y === b.y && a.zoom === b.zoom
}

'use client'
import { useEffect, useMemo, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import { layOut, shapeOf } from '#diagram/layout/layout.ts'
import { sharedElk } from './elk.ts'

export interface DrawingState {
  readonly drawing: Drawing | null
  readonly failure: string | null
}

/** The drawing of a topology. It is made again only when what stands where changes, not with every new figure. */
export function useDrawing(topology: Topology): DrawingState {
  const [state, setState] = useState<DrawingState>({ drawing: null, failure: null })
  const shape = shapeOf(topology)
  // The shape is the topology as far as the drawing goes.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const drawn = useMemo(() => topology, [shape])
  useEffect(() => {
    let current = true
    layOut(sharedElk(), drawn).then(
      (drawing) => current && setState({ drawing, failure: null }),
      (error: unknown) => current && setState({ drawing: null, failure: String(error) }),
    )
    return () => {
      current = false
    }
  }, [drawn])
  return state
}

'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import type { Drawing } from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import { nothing, send } from '../../shell/api.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { useMay } from '../../shell/shell-context.tsx'
import { toast } from '../../ui/toast.tsx'
import { topologyQueries } from '../topology-queries.ts'
import { movedBoxes, type Way } from './moving.ts'
import type { GraphStop } from './stops.ts'

export interface Moving {
  /** Whether the reader may put things elsewhere. */
  readonly may: boolean
  readonly on: boolean
  /** Whether anything stands where somebody has put it. */
  readonly isByHand: boolean
  /** What was done last, for screen readers. */
  readonly said: string
  readonly toggle: () => void
  readonly move: (way: Way) => void
  readonly reset: () => void
}

/** Moves the thing that the keyboard stands on, for everybody of the organisation. */
export function useMoving(drawing: Drawing, model: Model, stop: GraphStop | undefined): Moving {
  const client = useQueryClient()
  const may = useMay('topology.write')
  const [on, setOn] = useState(false)
  const [said, setSaid] = useState('')
  const write = useCallback(
    async (words: string, method: 'PUT' | 'DELETE', body?: unknown) => {
      try {
        await send('/topology/arrangement', nothing, { method, body })
        await client.invalidateQueries({ queryKey: topologyQueries.all })
        setSaid(words)
      } catch (error) {
        toast.error(asProblem(error).message)
      }
    },
    [client],
  )
  return {
    may,
    on: may && on,
    isByHand: Object.keys(model.topology.arrangement).length > 0,
    said,
    toggle: () => setOn(!on),
    move(way) {
      const boxes = stop && movedBoxes(drawing, model, stop.selection, way)
      if (boxes) void write(`${stop.name} moved ${way}`, 'PUT', { boxes })
      else setSaid(stop ? `${stop.name} cannot go further ${way}` : '')
    },
    reset: () => void write('Everything stands where the layout puts it', 'DELETE'),
  }
}

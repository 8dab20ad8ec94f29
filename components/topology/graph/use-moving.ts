'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { z } from 'zod'
import { arrangement } from '#domain/stored.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import { nothing, send, sendJson } from '../../shell/api.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { toast } from '../../ui/toast.tsx'
import { topologyQueries } from '../topology-queries.ts'
import { movedBoxes, type Way } from './moving.ts'
import type { GraphStop } from './stops.ts'

const path = '/topology/arrangement'
const arranged = z.object({ arrangement })

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
  /** Puts something that was dragged in its new place. */
  readonly put: (name: string, boxes: readonly string[]) => void
  readonly reset: () => void
}

/** Moves the thing that the keyboard stands on, for everybody of the organisation. */
export function useMoving(drawing: Drawing, model: Model, stop: GraphStop | undefined, may: boolean): Moving {
  const client = useQueryClient()
  const [on, setOn] = useState(false)
  const [said, setSaid] = useState('')
  const write = useCallback(
    async (words: string, boxes: readonly string[] | null) => {
      try {
        if (boxes) await sendJson('POST', path, { boxes }, arranged)
        else await send(path, nothing, { method: 'DELETE' })
        await client.invalidateQueries({ queryKey: topologyQueries.all })
        setSaid(words)
      } catch (error) {
        toast.error(asProblem(error).message)
      }
    },
    [client],
  )
  const put = useCallback(
    (name: string, boxes: readonly string[]) => void write(`${name} moved`, boxes),
    [write],
  )
  return {
    may,
    on: may && on,
    isByHand: Object.keys(model.topology.arrangement).length > 0,
    said,
    toggle: () => setOn(!on),
    move(way) {
      const boxes = stop && movedBoxes(drawing, model, stop.selection, way)
      if (boxes) void write(`${stop.name} moved ${way}`, boxes)
      else setSaid(stop ? `${stop.name} cannot go further ${way}` : '')
    },
    put,
    reset: () => void write('Everything stands where the layout puts it', null),
  }
}

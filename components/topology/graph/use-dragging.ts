'use client'
import { useMemo, useState } from 'react'
import type { OnNodeDrag } from 'reactflow'
import type { Box, Drawing } from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import { movedWith, nodesOf, type TopologyNode } from './elements.ts'
import { landingOf } from './moving.ts'
import type { Moving } from './use-moving.ts'

/** What is on its way, and where it would land. */
export interface Dragged {
  readonly box: Box
  readonly landsAt: number
}

export interface Dragging {
  readonly dragged: Dragged | null
  readonly onNodeDrag: OnNodeDrag<TopologyNode>
  readonly onNodeDragStop: OnNodeDrag<TopologyNode>
}

/** Lets the pointer do what the arrow keys do while moving is on: a thing lands among those that it stands with. */
export function useDragging(drawing: Drawing, model: Model, { on, put }: Moving): Dragging {
  const [dragged, setDragged] = useState<Dragged | null>(null)
  return useMemo(() => {
    const landing = (node: TopologyNode) => {
      const selection = on ? movedWith(node) : null
      return selection && landingOf(drawing, model, selection, node.position.y)
    }
    return {
      // Whoever switches moving off on the way drops nothing.
      dragged: on ? dragged : null,
      onNodeDrag(_, node) {
        const lands = landing(node)
        // It follows the pointer along its column alone: nothing of it stands anywhere else.
        setDragged(lands && { box: { ...lands.from, y: node.position.y }, landsAt: lands.y })
      },
      onNodeDragStop(_, node) {
        const lands = landing(node)
        setDragged(null)
        if (lands?.boxes) put(lands.name, lands.boxes)
      },
    }
  }, [drawing, model, on, put, dragged])
}

/** Where everything stands; while moving is on, what can be moved takes the pointer. */
export function useNodes(drawing: Drawing, isMoving: boolean): TopologyNode[] {
  const standing = useMemo(() => nodesOf(drawing), [drawing])
  return useMemo(
    () =>
      isMoving ? standing.map((node) => (movedWith(node) ? { ...node, draggable: true } : node)) : standing,
    [standing, isMoving],
  )
}

'use client'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import { drawIn, shapeOf, unordered } from '#diagram/layout/layout.ts'
import { type Heights, heightsBy, type OrderGraph } from '#diagram/layout/order.ts'
import { sharedElk } from './elk.ts'

export interface DrawingState {
  readonly drawing: Drawing | null
  readonly failure: string | null
}

/** The order that came with the page, and what it is of; null where the server had none. */
export interface SentOrder {
  readonly topology: Topology
  readonly heights: Promise<Heights | null>
}

/** A graph with its order, which holds as long as nothing in the graph changes. */
interface Ordered {
  readonly graph: OrderGraph
  readonly heights: Promise<Heights>
}

/** The drawing of a topology. It is made again only when what stands where changes, not with every new figure. */
export function useDrawing(topology: Topology, sent: SentOrder): DrawingState {
  const [state, setState] = useState<DrawingState>({ drawing: null, failure: null })
  const first = useMemo(() => unordered(sent.topology), [sent.topology])
  const shape = shapeOf(topology)
  // The shape is the topology as far as the drawing goes.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const whole = useMemo(() => (topology === sent.topology ? first : unordered(topology)), [shape])
  const last = useRef<Ordered | null>(null)
  useEffect(() => {
    let current = true
    const known = last.current ?? { graph: first.graph, heights: heightsIn(first.graph, sent.heights) }
    const ordered = isSame(known.graph, whole.graph) ? known : orderedHere(whole.graph)
    last.current = ordered
    ordered.heights.then(
      (heights) => current && setState({ drawing: drawIn(whole, heights), failure: null }),
      (error: unknown) => {
        if (last.current === ordered) last.current = null
        if (current) setState({ drawing: null, failure: String(error) })
      },
    )
    return () => {
      current = false
    }
  }, [whole, first, sent.heights])
  return state
}

function orderedHere(graph: OrderGraph): Ordered {
  return { graph, heights: heightsBy(sharedElk(), graph) }
}

// Where the page came without an order, or not to its end, the order is found here.
async function heightsIn(graph: OrderGraph, sent: SentOrder['heights']): Promise<Heights> {
  try {
    // What React sends is awaited like a promise, and has no other of its methods.
    const heights = await sent
    if (heights) return heights
  } catch {
    // The page was cut off.
  }
  return heightsBy(sharedElk(), graph)
}

function isSame(a: OrderGraph, b: OrderGraph): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

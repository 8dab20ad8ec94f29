'use client'
import { createContext, useContext } from 'react'
import type { Highlight } from '#diagram/highlight.ts'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'

/** What the drawn things say and how they stand out, apart from where they stand. */
export interface Graph {
  readonly model: Model
  readonly selection: Selection | null
  readonly highlight: Highlight | null
  /** The one stop that Tab reaches. */
  readonly activeStop: string | null
  readonly choose: (selection: Selection, byKeyboard: boolean) => void
}

const context = createContext<Graph | null>(null)

export const GraphProvider = context.Provider

export function useGraph(): Graph {
  const graph = useContext(context)
  if (!graph) throw new Error('This belongs inside the topology graph.')
  return graph
}

'use client'
import type { ReactNode } from 'react'
import { cn } from '../../ui/class-names.ts'
import type { Selection } from '#diagram/highlight.ts'
import { useGraph } from './graph-context.tsx'
import { domId, stopId } from './stops.ts'

interface Props {
  selection: Selection
  /** What a screen reader hears after what is seen. */
  detail: string
  className?: string
  children: ReactNode
}

/** A drawn thing that can be chosen. Tab reaches one of them; arrows go on from there. */
export function StopButton({ selection, detail, className, children }: Props) {
  const { activeStop, choose, selection: chosen } = useGraph()
  const id = stopId(selection)
  const pressed = chosen?.kind === selection.kind && chosen.id === selection.id
  return (
    <button
      type="button"
      id={domId(id)}
      data-stop={id}
      tabIndex={activeStop === id ? 0 : -1}
      aria-pressed={pressed}
      // A press by Enter or Space has no click count; it asks for the panel, not only for the highlight.
      onClick={(event) => choose(selection, event.detail === 0)}
      className={cn('pointer-events-auto text-left focus-visible:outline-offset-2', className)}
    >
      {children}
      <span className="sr-only">, {detail}</span>
    </button>
  )
}

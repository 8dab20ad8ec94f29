'use client'
import { ArrowDown, ArrowUp, Move, RotateCcw } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import type { Moving } from './use-moving.ts'

/** Puts what is chosen elsewhere: the same as the arrows do while moving is on. */
export function MoveControls({ moving, name }: { moving: Moving; name: string | undefined }) {
  if (!moving.may) return null
  const what = name ?? 'it'
  return (
    <>
      <Button
        onClick={moving.toggle}
        aria-pressed={moving.on}
        title="Move by dragging, or with the arrow keys (M)"
      >
        <Move aria-hidden />
        Move
      </Button>
      {moving.on && (
        <>
          <Button size="icon" aria-label={`Move ${what} up`} onClick={() => moving.move('up')}>
            <ArrowUp aria-hidden />
          </Button>
          <Button size="icon" aria-label={`Move ${what} down`} onClick={() => moving.move('down')}>
            <ArrowDown aria-hidden />
          </Button>
          {moving.isByHand && (
            <Button onClick={moving.reset}>
              <RotateCcw aria-hidden />
              Automatic
            </Button>
          )}
        </>
      )}
      <span role="status" className="sr-only">
        {moving.said}
      </span>
    </>
  )
}

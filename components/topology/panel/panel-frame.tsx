'use client'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { Button } from '../../ui/button.tsx'

interface Props {
  title: string
  kind?: string
  headingRef: RefObject<HTMLHeadingElement | null>
  onClose?: () => void
  children: ReactNode
}

/** The panel beside the map: a heading that can take the focus, and what it says. */
export function PanelFrame({ title, kind, headingRef, onClose, children }: Props) {
  return (
    <aside
      aria-label="Details"
      className="flex w-80 shrink-0 flex-col gap-3 overflow-y-auto border-l border-line bg-panel px-4.5 py-4"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !onClose) return
        event.stopPropagation()
        onClose()
      }}
    >
      <div className="flex items-baseline gap-2">
        <h2
          ref={headingRef}
          tabIndex={-1}
          className="min-w-0 flex-1 text-base font-semibold break-words focus:outline-none"
        >
          {title}
        </h2>
        {kind && <span className="text-xs text-ink-3">{kind}</span>}
        {onClose && (
          <Button
            variant="ghost"
            size="icon-sm"
            className="self-start"
            aria-label="Close details"
            onClick={onClose}
          >
            <X aria-hidden />
          </Button>
        )}
      </div>
      {children}
    </aside>
  )
}

'use client'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type ComponentProps, type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { cn } from './class-names.ts'

/** The dimmed ground behind dialogs and drawers. */
export const scrim = 'fixed inset-0 z-[1100] bg-scrim'

export interface OverlayProps extends Omit<ComponentProps<typeof Radix.Content>, 'title'> {
  title: ReactNode
  description?: ReactNode
  /** Buttons, at the right of the foot. */
  footer?: ReactNode
  /** Leaves the head to the screen reader, for a content that brings its own. */
  bare?: boolean
}

/** What dialogs and drawers are made of: a head, a scrolling body, a foot, and the way out. */
export function Overlay({
  title,
  description,
  footer,
  bare = false,
  className,
  children,
  onOpenAutoFocus,
  onCloseAutoFocus,
  ...props
}: OverlayProps) {
  const before = useRef<Element | null>(null)
  return (
    <Radix.Portal>
      <Radix.Overlay className={scrim} />
      <Radix.Content
        {...props}
        {...(description ? {} : { 'aria-describedby': undefined })}
        onOpenAutoFocus={(event) => {
          before.current = document.activeElement
          onOpenAutoFocus?.(event)
        }}
        onCloseAutoFocus={(event) => {
          onCloseAutoFocus?.(event)
          if (event.defaultPrevented || !isFocusable(before.current)) return
          event.preventDefault()
          before.current.focus()
        }}
        className={cn('fixed z-[1101] flex flex-col border-line-2 bg-panel focus:outline-none', className)}
      >
        <div className={cn('flex border-b border-line py-3 pr-13 pl-4.5', bare && 'sr-only')}>
          <div className="min-w-0 flex-1">
            <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
            {description && (
              <Radix.Description className="mt-0.5 text-sm text-ink-2">{description}</Radix.Description>
            )}
          </div>
        </div>
        <div className={cn('min-h-0 flex-1 overflow-y-auto', !bare && 'px-4.5 py-4')}>{children}</div>
        {footer && (
          <div className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-4.5 py-3">
            {footer}
          </div>
        )}
        {/* Last, so that what is opened begins with its first field and not with how to leave it. */}
        <Radix.Close asChild>
          <Button variant="ghost" size="icon-sm" aria-label="Close" className="absolute top-3 right-4">
            <X aria-hidden />
          </Button>
        </Radix.Close>
      </Radix.Content>
    </Radix.Portal>
  )
}

// Most of what opens has no trigger of its own, to which alone the library gives the focus back.
function isFocusable(element: Element | null): element is HTMLElement | SVGElement {
  const isOne = element instanceof HTMLElement || element instanceof SVGElement
  return isOne && element.isConnected && element !== document.body
}

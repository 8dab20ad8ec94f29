'use client'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ComponentProps, ReactNode } from 'react'
import { Button } from './button.tsx'
import { cn } from './class-names.ts'

export const Dialog = Radix.Root
export const DialogClose = Radix.Close

/** The dimmed ground behind dialogs and drawers. */
export const scrim = 'fixed inset-0 z-[1100] bg-scrim'

interface Props extends Omit<ComponentProps<typeof Radix.Content>, 'title'> {
  title: ReactNode
  description?: ReactNode
  /** Buttons, at the right of the foot. */
  footer?: ReactNode
  size?: 'sm' | 'md' | 'lg' | 'xl'
}

const widths = { sm: 'max-w-sm', md: 'max-w-lg', lg: 'max-w-2xl', xl: 'max-w-5xl' } as const

/** A dialog over the page: title, scrolling body, foot. Escape closes it. */
export function DialogContent({
  title,
  description,
  footer,
  size = 'md',
  className,
  children,
  ...props
}: Props) {
  return (
    <Radix.Portal>
      <Radix.Overlay className={scrim} />
      <Radix.Content
        {...props}
        {...(description ? {} : { 'aria-describedby': undefined })}
        className={cn(
          'fixed top-[8vh] left-1/2 z-[1101] flex max-h-[84vh] w-[calc(100vw-24px)] -translate-x-1/2 animate-enter flex-col rounded-xl border border-line-2 bg-panel shadow-overlay focus:outline-none',
          widths[size],
          className,
        )}
      >
        <div className="flex border-b border-line py-3 pr-13 pl-4.5">
          <div className="min-w-0 flex-1">
            <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
            {description && (
              <Radix.Description className="mt-0.5 text-sm text-ink-2">{description}</Radix.Description>
            )}
          </div>
        </div>
        <div className="min-h-0 flex-1 overflow-y-auto px-4.5 py-4">{children}</div>
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

'use client'
import { Dialog as Radix } from 'radix-ui'
import { cn } from './class-names.ts'
import { Overlay, type OverlayProps } from './overlay.tsx'

export const Dialog = Radix.Root
export const DialogClose = Radix.Close

interface Props extends Omit<OverlayProps, 'bare'> {
  size?: 'sm' | 'md' | 'lg' | 'xl'
}

const widths = { sm: 'max-w-sm', md: 'max-w-lg', lg: 'max-w-2xl', xl: 'max-w-5xl' } as const

/** A dialog over the page: title, scrolling body, foot. Escape closes it. */
export function DialogContent({ size = 'md', className, ...props }: Props) {
  return (
    <Overlay
      {...props}
      className={cn(
        'top-[8vh] left-1/2 max-h-[84vh] w-[calc(100vw-24px)] -translate-x-1/2 animate-enter rounded-xl border shadow-overlay',
        widths[size],
        className,
      )}
    />
  )
}

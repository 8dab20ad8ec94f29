'use client'
import { Dialog as Radix } from 'radix-ui'
import { cn } from './class-names.ts'
import { Overlay, type OverlayProps } from './overlay.tsx'

export const Drawer = Radix.Root

interface Props extends OverlayProps {
  side?: 'left' | 'right'
}

const sides = {
  left: 'left-0 border-r animate-slide-left',
  right: 'right-0 border-l animate-slide-right',
} as const

/** A sheet at the side of the page. Escape closes it. */
export function DrawerContent({ side = 'right', className, ...props }: Props) {
  return (
    <Overlay {...props} className={cn('inset-y-0 w-[min(420px,calc(100vw-32px))]', sides[side], className)} />
  )
}

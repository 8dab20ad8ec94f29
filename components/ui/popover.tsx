'use client'
import { Popover as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

export const Popover = Radix.Root
export const PopoverTrigger = Radix.Trigger

export function PopoverContent({ className, ...props }: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Portal>
      <Radix.Content
        sideOffset={6}
        collisionPadding={12}
        {...props}
        className={cn(
          'z-[1200] w-72 animate-enter rounded-lg border border-line-2 bg-panel p-3 shadow-overlay focus:outline-none',
          className,
        )}
      />
    </Radix.Portal>
  )
}

'use client'
import { Switch as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

export function Switch({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      {...props}
      className={cn(
        'relative h-4.5 w-8 shrink-0 rounded-full border border-line-2 bg-line-2 transition-colors disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent',
        className,
      )}
    >
      <Radix.Thumb className="block size-3.5 translate-x-px rounded-full bg-panel transition-transform data-[state=checked]:translate-x-3.75" />
    </Radix.Root>
  )
}

import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

/** The box that every text control is drawn in. */
export const controlLook =
  'w-full rounded-md border border-line-2 bg-canvas px-2.5 text-sm text-ink transition-colors hover:border-ink-3 focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-60 disabled:hover:border-line-2 aria-invalid:border-err aria-invalid:focus-visible:outline-err'

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input autoComplete="off" {...props} className={cn(controlLook, 'h-8', className)} />
}

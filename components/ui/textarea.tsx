import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'
import { controlLook } from './input.tsx'

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea autoComplete="off" {...props} className={cn(controlLook, 'resize-y py-1.5', className)} />
}

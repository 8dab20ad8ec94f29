import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'
import { controlLook } from './input.tsx'

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea rows={4} {...props} className={cn(controlLook, 'min-h-16 py-1.5', className)} />
}

import type { ReactNode } from 'react'
import type { Tone } from '#diagram/tone.ts'
import { cn } from './class-names.ts'

export type { Look, Tone } from '#diagram/tone.ts'

const pill: Record<Tone, string> = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  err: 'bg-err-soft text-err',
  busy: 'bg-accent-soft text-accent',
  idle: 'bg-line/60 text-ink-2',
}
const dot: Record<Tone, string> = {
  ok: 'bg-ok',
  warn: 'bg-warn',
  err: 'bg-err',
  busy: 'bg-accent animate-pulse-soft',
  idle: 'bg-ink-3',
}
const text: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  err: 'text-err',
  busy: 'text-accent',
  idle: 'text-ink-3',
}

/** A state as a soft pill with its word. */
export function State({
  tone,
  children,
  className,
}: {
  tone: Tone
  children: ReactNode
  className?: string
}) {
  return (
    <span
      className={cn(
        'inline-flex h-5 items-center rounded-full px-2 text-xs font-medium whitespace-nowrap tnum',
        pill[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}

/** A state as a dot before its word. */
export function DotState({
  tone,
  children,
  className,
}: {
  tone: Tone
  children: ReactNode
  className?: string
}) {
  return (
    <span className={cn('inline-flex items-center gap-1.5 text-sm whitespace-nowrap text-ink-2', className)}>
      <Dot tone={tone} />
      {children}
    </span>
  )
}

/** The bare dot; a word must stand beside it. */
export function Dot({ tone, className }: { tone: Tone; className?: string }) {
  return <i aria-hidden className={cn('size-1.75 shrink-0 rounded-full', dot[tone], className)} />
}

/** A state as a coloured word, for places where a pill is too loud. */
export function WordState({
  tone,
  children,
  className,
}: {
  tone: Tone
  children: ReactNode
  className?: string
}) {
  return <span className={cn('text-xs whitespace-nowrap', text[tone], className)}>{children}</span>
}

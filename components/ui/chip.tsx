import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

type Tone = 'neutral' | 'warn' | 'err'
const tones: Record<Tone, string> = {
  neutral: 'border-line-2 text-ink-2',
  warn: 'border-warn text-warn',
  err: 'border-err text-err',
}

const shape =
  'inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full border px-2.25 text-xs whitespace-nowrap [&_svg]:size-3'

/** A short fact in an outline. */
export function Chip({ tone = 'neutral', className, ...props }: ComponentProps<'span'> & { tone?: Tone }) {
  return <span {...props} className={cn(shape, tones[tone], className)} />
}

/** A chip that filters or adds: pressed or not. */
export function ChipButton({
  on,
  tone = 'neutral',
  asChild,
  className,
  ...props
}: ComponentProps<'button'> & { on?: boolean; tone?: Tone; asChild?: boolean }) {
  const Element = asChild ? Slot.Root : 'button'
  return (
    <Element
      {...(asChild ? {} : { type: 'button' as const })}
      {...(asChild ? { 'aria-current': on ? ('page' as const) : undefined } : { 'aria-pressed': on })}
      {...props}
      className={cn(
        shape,
        'bg-panel transition-colors hover:border-ink-3',
        tones[tone],
        on && 'border-accent bg-accent-soft text-accent hover:border-accent',
        className,
      )}
    />
  )
}

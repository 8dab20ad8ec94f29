import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none transition-colors disabled:opacity-50 aria-disabled:opacity-50 disabled:pointer-events-none [&_svg]:size-3.5 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'border-accent bg-accent text-on-accent hover:bg-accent/90',
        default:
          'border-line-2 bg-panel text-ink hover:bg-canvas aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent',
        ghost: 'border-transparent bg-transparent text-ink-2 hover:bg-canvas hover:text-ink',
        danger: 'border-err bg-panel text-err hover:bg-err-soft',
        link: 'h-auto border-transparent bg-transparent p-0 text-accent hover:underline',
      },
      size: {
        sm: 'h-6 px-2 text-xs',
        md: 'h-7.5 px-2.75 text-sm',
        lg: 'h-9 px-4 text-sm',
        icon: 'size-7.5 p-0',
        'icon-sm': 'size-6 p-0',
      },
    },
    // A link holds names that people chose: it wraps as text does.
    compoundVariants: [
      {
        variant: 'link',
        className: 'h-auto min-w-0 shrink px-0 text-left wrap-anywhere whitespace-normal',
      },
    ],
    defaultVariants: { variant: 'default', size: 'md' },
  },
)

export type ButtonProps = ComponentProps<'button'> &
  VariantProps<typeof look> & {
    /** Gives the button's looks to its only child, e.g. a Link. */
    asChild?: boolean
    /** Shows that it works; it cannot be pressed meanwhile and keeps its width. */
    busy?: boolean
  }

export function Button({ variant, size, asChild, busy = false, className, children, ...props }: ButtonProps) {
  const classes = cn(look({ variant, size }), className)
  if (asChild) {
    return (
      <Slot.Root className={classes} {...props}>
        {children}
      </Slot.Root>
    )
  }
  return (
    <button
      type="button"
      {...props}
      className={cn(classes, busy && 'relative')}
      disabled={props.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy && <LoaderCircle aria-hidden className="absolute animate-spin" />}
      {/* Unseen and not hidden: the button keeps its name for screen readers. */}
      {busy ? <span className="inline-flex gap-1.5 opacity-0">{children}</span> : children}
    </button>
  )
}

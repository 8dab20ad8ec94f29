import { cn } from './class-names.ts'
import { CopyButton } from './copy-button.tsx'

interface Props {
  text: string
  /** The name of the copy button. */
  label?: string
  /** Breaks long lines instead of scrolling. */
  wrap?: boolean
  className?: string
}

/** A line to copy: an address, a command. */
export function CodeLine({ text, label = 'Copy', wrap = false, className }: Props) {
  return (
    <div
      className={cn(
        'flex min-h-8 min-w-0 items-center gap-1 rounded-md border border-line-2 bg-canvas py-0.5 pr-1 pl-2.5',
        className,
      )}
    >
      <code
        // Scrollable regions must be reachable by keyboard.
        tabIndex={wrap ? undefined : 0}
        className={cn(
          'min-w-0 flex-1 py-1 font-mono text-xs',
          wrap ? 'break-all whitespace-pre-wrap' : 'overflow-x-auto whitespace-pre',
        )}
      >
        {text}
      </code>
      <CopyButton text={text} label={label} />
    </div>
  )
}

/** A name or a value of the wire inside a sentence. */
export function Mono({ children, className }: { children: React.ReactNode; className?: string }) {
  return <span className={cn('font-mono text-xs', className)}>{children}</span>
}

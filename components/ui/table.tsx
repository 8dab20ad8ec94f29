import type { ComponentProps } from 'react'
import { cn } from './class-names.ts'

/** A table in a panel; it scrolls sideways on its own when the page is narrow. */
export function Table({ className, ...props }: ComponentProps<'table'>) {
  return (
    <div
      // Scrollable regions must be reachable by keyboard.
      tabIndex={0}
      // `relative` keeps texts for screen readers, which stand absolutely, inside what scrolls.
      className="scroll-edges relative overflow-x-auto rounded-lg border border-line"
    >
      <table {...props} className={cn('w-full min-w-130 border-collapse text-sm', className)} />
    </div>
  )
}

export function TableHead(props: ComponentProps<'thead'>) {
  return <thead {...props} />
}

export function TableBody({ className, ...props }: ComponentProps<'tbody'>) {
  return <tbody {...props} className={cn('[&>tr]:border-t [&>tr]:border-line', className)} />
}

export function TableRow({ className, ...props }: ComponentProps<'tr'>) {
  return <tr {...props} className={cn('[tbody>&]:hover:bg-canvas/60', className)} />
}

export function TableHeader({ className, ...props }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      {...props}
      className={cn('h-9 px-3 text-left text-xs font-medium whitespace-nowrap text-ink-3', className)}
    />
  )
}

export function TableCell({ className, ...props }: ComponentProps<'td'>) {
  return <td {...props} className={cn('h-9.5 px-3 py-1.5 align-middle', className)} />
}

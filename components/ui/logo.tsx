import { cn } from './class-names.ts'

/** The mark alone. */
function LogoMark({ className }: { className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 22 20" className={cn('h-5 w-5.5 shrink-0 text-accent', className)}>
      <polygon points="21,10 16,19 6,19 1,10 6,1 16,1" fill="none" stroke="currentColor" strokeWidth="2" />
      <path d="M7 10h8M11 6v8" stroke="currentColor" strokeWidth="2" fill="none" />
    </svg>
  )
}

/** The mark with the name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 text-lg font-semibold', className)}>
      <LogoMark />
      Hexgate
    </span>
  )
}

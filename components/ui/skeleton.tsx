import { cn } from './class-names.ts'

/** Holds the place of something that is being read; give it the size of what comes. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('animate-pulse-soft rounded-md bg-line', className)} />
}

/** Rows of a table, as high as the rows that come. */
export function TableSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div aria-hidden className="overflow-hidden rounded-lg border border-line bg-panel">
      <div className="flex h-9 items-center px-3">
        <Skeleton className="h-3 w-24" />
      </div>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-9.5 items-center gap-6 border-t border-line px-3">
          <Skeleton className="h-3 w-1/4" />
          <Skeleton className="h-3 w-1/6" />
          <Skeleton className="h-3 w-1/3" />
        </div>
      ))}
    </div>
  )
}

/** Tiles, as high as the tiles that come. */
export function TilesSkeleton({ count = 4 }: { count?: number }) {
  return (
    <div aria-hidden className="flex rounded-lg border border-line bg-panel">
      {Array.from({ length: count }, (_, index) => (
        <div
          key={index}
          className="flex h-21 flex-1 flex-col gap-2 border-r border-line px-4 py-3 last:border-r-0"
        >
          <Skeleton className="h-3 w-16" />
          <Skeleton className="h-5 w-20" />
          <Skeleton className="h-3 w-24" />
        </div>
      ))}
    </div>
  )
}

import { Skeleton, TableSkeleton } from '../ui/skeleton.tsx'

/** Holds the place of a page: its bar and what it lists. */
export function PageSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="flex min-w-0 flex-1 flex-col">
      <div className="flex h-13 items-center gap-3 border-b border-line bg-panel px-4.5">
        <Skeleton className="h-4 w-36" />
        <div className="flex-1" />
        <Skeleton className="h-4 w-12" />
        <Skeleton className="h-7.5 w-28" />
      </div>
      <div className="flex flex-col gap-4 px-5.5 py-4.5">
        <Skeleton className="h-8 w-72" />
        <TableSkeleton />
      </div>
    </div>
  )
}

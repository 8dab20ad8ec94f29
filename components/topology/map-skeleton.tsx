import { Skeleton } from '../ui/skeleton.tsx'

/** Holds the place of the map while it is laid out: three lanes, as there will be. */
export function MapSkeleton() {
  return (
    <div aria-hidden className="flex min-h-96 min-w-0 flex-1 flex-col gap-2.5 p-3.5">
      <Skeleton className="flex-1 rounded-xl" />
      <Skeleton className="flex-1 rounded-xl" />
      <Skeleton className="flex-2 rounded-xl" />
    </div>
  )
}

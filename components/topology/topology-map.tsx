'use client'
import { useNamedKeys } from '../shell/page-keys.ts'
import { Button } from '../ui/button.tsx'
import { LoadFailed } from '../ui/empty-state.tsx'
import { type GraphProps, TopologyGraph } from './graph/topology-graph.tsx'
import { type SentOrder, useDrawing } from './graph/use-drawing.ts'
import { keysToMove, keysToRead } from './map-keys.ts'
import { MapSkeleton } from './map-skeleton.tsx'

interface Props extends Omit<GraphProps, 'drawing'> {
  sent: SentOrder
  onTable: () => void
}

/** The map with what leads around it: while it is laid out, when that fails, and past it to the table. */
export function TopologyMap({ onTable, sent, ...props }: Props) {
  const { drawing, failure } = useDrawing(props.model.topology, sent)
  useNamedKeys(drawing ? (props.mayMove ? keysToMove : keysToRead) : null)
  if (failure) {
    return (
      <div className="flex-1 p-4">
        <LoadFailed
          title="The map could not be laid out"
          action={<Button onClick={onTable}>Show the table</Button>}
        >
          {failure}
        </LoadFailed>
      </div>
    )
  }
  return (
    <div className="relative flex min-h-96 min-w-0 flex-1">
      <button
        type="button"
        onClick={onTable}
        className="sr-only z-50 rounded-md bg-accent text-sm text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:px-3 focus:py-1.5"
      >
        Skip graph, go to table
      </button>
      {drawing ? (
        <div className="min-w-0 flex-1">
          <TopologyGraph {...props} drawing={drawing} />
        </div>
      ) : (
        <MapSkeleton />
      )}
    </div>
  )
}

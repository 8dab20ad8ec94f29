'use client'
import type { FlowView } from '#domain/topology.ts'
import type { Model } from '#diagram/model.ts'
import { flowTitle } from '#diagram/words.ts'
import type { DetailsProps } from './details-props.ts'

const shownMax = 12

/** Flows by name, each a way to its details. */
export function FlowList({
  model,
  flows,
  choose,
}: {
  model: Model
  flows: readonly FlowView[]
  choose: DetailsProps['choose']
}) {
  if (flows.length === 0) return <p className="text-sm text-ink-3">No flow yet.</p>
  const rest = flows.length - shownMax
  return (
    <ul className="flex flex-col">
      {flows.slice(0, shownMax).map((flow) => (
        <li key={flow.id} className="border-t border-line">
          <button
            type="button"
            className="flex min-h-8 w-full items-center gap-2 rounded-sm py-1 text-left text-sm hover:text-accent"
            onClick={(event) => choose({ kind: 'flow', id: flow.id }, event.detail === 0)}
          >
            <span className="min-w-0 flex-1 truncate">{flowTitle(model, flow)}</span>
            <span className="shrink-0 text-xs text-ink-3">
              {flow.classification ? `pattern ${flow.classification.pattern}` : 'not classified'}
            </span>
          </button>
        </li>
      ))}
      {rest > 0 && (
        <li className="border-t border-line pt-1.5 text-xs text-ink-3">and {rest} more in the table</li>
      )}
    </ul>
  )
}

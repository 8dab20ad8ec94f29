'use client'
import { figure } from '#domain/figures.ts'
import type { LegView } from '#domain/leg.ts'
import { type LegFailure, legFailures } from '#diagram/handshakes.ts'
import type { Model } from '#diagram/model.ts'
import { WordState } from '../../ui/state.tsx'
import { Part } from './part.tsx'

/** Whether the gateway's handshakes on a leg come about now, and why not. Nothing where it makes none. */
export function LegHandshakes({ model, leg }: { model: Model; leg: LegView }) {
  if (leg.side !== 'outbound' || leg.from.kind !== 'gateway') return null
  const failures = legFailures(model, leg)
  return (
    <Part title="Handshakes with the upstream">
      {failures === null || failures.length === 0 ? (
        <p className="text-sm text-ink-2">
          {failures === null ? 'No node has reported lately.' : 'None failed of late.'}
        </p>
      ) : (
        <ul>
          {failures.map(({ api, upstream, why, perSecond }) => (
            <li key={`${api.id} ${upstream} ${why}`} className="border-t border-line py-1.5 text-sm">
              <WordState tone="err">{why}</WordState>
              <span className="block text-xs break-words text-ink-3 tnum">
                {figure(perSecond)} a second, {nameOf({ api, upstream })}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}

function nameOf({ api, upstream }: Pick<LegFailure, 'api' | 'upstream'>): string {
  return upstream === null ? api.name : `${api.name}, upstream ${upstream}`
}

'use client'
import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { LoadFailed } from '../../ui/empty-state.tsx'
import { ComparisonList } from './change-parts.tsx'
import { type Changes, ChangesProvider } from './changes-context.tsx'
import type { Shown } from './use-shown.ts'
import { WhenBanner } from './when-banner.tsx'
import { now, type When } from './when.ts'

interface Props {
  when: When
  shown: Shown
  changes: Changes
  change: (when: When) => void
  children: ReactNode
}

/** The map or table with what says of which time it is, and what differs. */
export function WhenFrame({ when, shown, changes, change, children }: Props) {
  const { problem, topology, comparison } = shown
  return (
    <ChangesProvider value={changes}>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <WhenBanner when={when} judgedAt={topology?.at ?? null} comparison={comparison} change={change} />
        {comparison && (
          <details className="max-h-1/2 shrink-0 overflow-y-auto border-b border-line bg-panel px-4 py-2 text-sm lg:hidden">
            <summary className="font-medium">What changed</summary>
            <div className="flex flex-col gap-2 pt-2">
              <ComparisonList />
            </div>
          </details>
        )}
        <div className="relative flex min-h-0 min-w-0 flex-1">
          {problem ? (
            <div className="flex-1 p-4">
              <LoadFailed
                title={problem.title}
                action={<Button onClick={() => change(now)}>Back to now</Button>}
              >
                {problem.message}
              </LoadFailed>
            </div>
          ) : (
            children
          )}
        </div>
      </div>
    </ChangesProvider>
  )
}

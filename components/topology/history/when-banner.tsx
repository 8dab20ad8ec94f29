'use client'
import { ArrowLeftRight, History } from 'lucide-react'
import { changeKinds } from '#diagram/changes.ts'
import { count } from '#domain/listing.ts'
import type { TopologyComparison } from '#domain/topology-comparison.ts'
import { Button } from '../../ui/button.tsx'
import { cn } from '../../ui/class-names.ts'
import { changeLook } from './change-looks.ts'
import { dateWords, momentWords, now, type When } from './when.ts'

interface Props {
  when: When
  /** When certificates were judged. */
  judgedAt: string | null
  comparison: TopologyComparison | null
  change: (when: When) => void
}

/** Says that what is shown is not now, and leads back. */
export function WhenBanner({ when, judgedAt, comparison, change }: Props) {
  const { at, compare } = when
  if (at === null && compare === null) return null
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-accent bg-accent-soft px-4 py-2 text-sm md:px-4.5"
    >
      {compare ? (
        <>
          <ArrowLeftRight aria-hidden className="size-4 shrink-0 text-accent" />
          <span>
            <b className="font-semibold">Compared:</b> {momentWords(compare.from)} → {momentWords(compare.to)}
          </span>
          {comparison && <Counts comparison={comparison} />}
          <span className="ml-auto flex gap-2">
            <Button
              size="sm"
              onClick={() => change({ at: null, compare: { from: compare.to, to: compare.from } })}
            >
              Swap
            </Button>
            <Button size="sm" onClick={() => change(now)}>
              Leave
            </Button>
          </span>
        </>
      ) : (
        <>
          <History aria-hidden className="size-4 shrink-0 text-accent" />
          <span>
            <b className="font-semibold">You look at {momentWords(at ?? '')}.</b>{' '}
            {judgedAt && `Certificates are judged at ${dateWords(judgedAt)}; nothing can be changed here.`}
          </span>
          <span className="ml-auto flex gap-2">
            {at !== 'deployed' && (
              <Button
                size="sm"
                onClick={() => change({ at: null, compare: { from: at ?? '', to: 'draft' } })}
              >
                Compare with now
              </Button>
            )}
            <Button size="sm" onClick={() => change(now)}>
              Back to now
            </Button>
          </span>
        </>
      )}
    </div>
  )
}

/** How much changed, of each kind. */
function Counts({ comparison: { difference, findings } }: { comparison: TopologyComparison }) {
  const byKind = Map.groupBy(difference.legs, ({ kind }) => kind)
  const isAlike = difference.legs.length + difference.contexts.length + difference.flows.length === 0
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {changeKinds.map((kind) => {
        const { icon: Icon, word, chip } = changeLook(kind)
        const number = byKind.get(kind)?.length ?? 0
        if (number === 0) return null
        return (
          <span
            key={kind}
            className={cn('inline-flex h-5 items-center gap-1 rounded-full bg-panel px-2 text-xs tnum', chip)}
          >
            <Icon aria-hidden className="size-3" />
            {number} {word}
          </span>
        )
      })}
      {isAlike && <span className="text-ink-2">nothing changed on legs, contexts and flows</span>}
      {findings.added.length > 0 && (
        <span className="text-xs text-ink-2">{count(findings.added.length, 'new finding')}</span>
      )}
    </span>
  )
}

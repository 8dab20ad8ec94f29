import { Check, CircleX, TriangleAlert } from 'lucide-react'
import type { RenewalCheck } from '#domain/renewal.ts'
import { cn } from '../ui/class-names.ts'

const marks = {
  passed: { icon: Check, tone: 'text-ok', word: 'Well' },
  warning: { icon: TriangleAlert, tone: 'text-warn', word: 'Think of this' },
  refused: { icon: CircleX, tone: 'text-err', word: 'Refused' },
} as const

const order = { refused: 0, warning: 1, passed: 2 } as const

/** Everything that was looked at, what is not well first. */
export function RenewalChecks({ checks }: { checks: readonly RenewalCheck[] }) {
  const sorted = checks.toSorted((a, b) => order[a.verdict] - order[b.verdict])
  return (
    <section>
      <h3 className="mb-1.5 text-sm font-medium">Checks</h3>
      <ul className="flex flex-col gap-1 text-sm">
        {sorted.map(({ aspect, verdict, text }) => {
          const { icon: Icon, tone, word } = marks[verdict]
          return (
            <li key={aspect} className="flex items-start gap-2">
              <Icon aria-hidden className={cn('mt-0.75 size-3.5 shrink-0', tone)} />
              <span className={verdict === 'passed' ? 'text-ink-2' : 'font-medium'}>
                <span className={verdict === 'passed' ? 'sr-only' : cn('mr-1 text-xs', tone)}>{word}:</span>{' '}
                {text}
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

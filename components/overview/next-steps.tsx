import { ArrowRight } from 'lucide-react'
import Link from 'next/link'
import type { ExpiryEntry } from '#domain/expiry.ts'
import { type NextStep, nextSteps, type Overview } from '#domain/overview.ts'
import { Panel, Section } from '../ui/panel.tsx'
import { Dot, type Look } from '../ui/state.tsx'

const looks: Record<NextStep['urgency'], Look> = {
  now: { label: 'Needs somebody now', tone: 'err' },
  soon: { label: 'Next', tone: 'warn' },
  idea: { label: 'Worth doing', tone: 'idle' },
}

const shownMax = 6

/** What would be sensible to do next. */
export function NextSteps({ seen, endings }: { seen: Overview; endings: readonly ExpiryEntry[] }) {
  const steps = nextSteps(seen, endings)
  const shown = steps.slice(0, shownMax)
  return (
    <Section
      title="Next"
      {...(steps.length > shownMax ? { description: `${steps.length - shownMax} more after these` } : {})}
    >
      <Panel>
        {shown.length === 0 && <p className="px-3.5 py-3 text-sm text-ink-2">Nothing waits for anybody.</p>}
        <ul className="divide-y divide-line">
          {shown.map((step) => (
            <li key={step.text}>
              <Link
                href={step.href}
                className="group flex items-center gap-2.5 px-3.5 py-2 hover:bg-canvas focus-visible:-outline-offset-2"
              >
                <Dot tone={looks[step.urgency].tone} />
                <span className="min-w-0 flex-1">
                  <span className="block truncate text-sm font-medium">{step.text}</span>
                  <span className="block truncate text-xs text-ink-3">
                    <span className="sr-only">{looks[step.urgency].label}. </span>
                    {step.reason}
                  </span>
                </span>
                <ArrowRight aria-hidden className="size-3.5 text-ink-3 group-hover:text-accent" />
              </Link>
            </li>
          ))}
        </ul>
      </Panel>
    </Section>
  )
}

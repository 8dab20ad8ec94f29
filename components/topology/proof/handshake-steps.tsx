'use client'
import { Check, Minus, X } from 'lucide-react'
import type { CheckResult, CheckState } from '#domain/handshake.ts'
import { cn } from '../../ui/class-names.ts'
import { WordState } from '../../ui/state.tsx'
import { checkLook, checkTitle } from './looks.ts'

const marks: Record<CheckState, { icon: typeof Check; look: string }> = {
  passed: { icon: Check, look: 'border-ok bg-ok-soft text-ok' },
  failed: { icon: X, look: 'border-err bg-err-soft text-err' },
  'not-asked': { icon: Minus, look: 'border-line-2 bg-panel text-ink-3' },
  'not-reached': { icon: Minus, look: 'border-dashed border-line-2 bg-panel text-ink-3' },
}

/** The checks in the order in which a node makes them; the one that decided stands out. */
export function HandshakeSteps({ checks }: { checks: readonly CheckResult[] }) {
  return (
    <ol aria-label="Checks in order" className="flex flex-col">
      {checks.map(({ check, state, decides, detail }, index) => {
        const { icon: Icon, look } = marks[state]
        const isLast = index === checks.length - 1
        const isQuiet = state === 'not-asked' || state === 'not-reached'
        return (
          <li key={check} data-check={check} data-state={state} className="relative flex gap-3 pb-2.5">
            {!isLast && (
              <span
                aria-hidden
                className={cn(
                  'absolute top-5 bottom-0 left-[9.5px] border-l',
                  isQuiet ? 'border-dashed border-line-2' : 'border-line-2',
                )}
              />
            )}
            <span
              aria-hidden
              className={cn(
                'z-1 flex size-5 shrink-0 items-center justify-center rounded-full border [&_svg]:size-3',
                look,
              )}
            >
              <Icon />
            </span>
            <div
              className={cn(
                'min-w-0 flex-1',
                decides && '-mt-1 rounded-md border border-l-3 border-line border-l-err px-2.5 py-1',
              )}
            >
              <div className="flex items-baseline gap-2">
                <span className={cn('text-sm', isQuiet ? 'text-ink-3' : 'font-medium')}>
                  {checkTitle[check]}
                </span>
                <WordState tone={checkLook[state].tone}>{checkLook[state].label}</WordState>
              </div>
              <p className={cn('text-xs break-words', isQuiet ? 'text-ink-3' : 'text-ink-2')}>{detail}</p>
            </div>
          </li>
        )
      })}
    </ol>
  )
}

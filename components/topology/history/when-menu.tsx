'use client'
import { useQuery } from '@tanstack/react-query'
import { Check, Clock, ShieldCheck } from 'lucide-react'
import { useId, useState } from 'react'
import type { MomentChoice } from '#domain/moment.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { Button } from '../../ui/button.tsx'
import { ChipButton } from '../../ui/chip.tsx'
import { cn } from '../../ui/class-names.ts'
import { Label } from '../../ui/field.tsx'
import { Input } from '../../ui/input.tsx'
import { Popover, PopoverContent, PopoverTrigger } from '../../ui/popover.tsx'
import { ProblemPanel } from '../../ui/problem-panel.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { historyQueries } from './history-queries.ts'
import { dateWords, momentWords, now, type When } from './when.ts'

interface Props {
  when: When
  /** The newest revisions, as the page shows them now. */
  heads: readonly { name: string; revision: number }[]
  change: (when: When) => void
}

/** Which time is looked at, and the way to another. */
export function WhenMenu({ when, heads, change }: Props) {
  const [open, setOpen] = useState(false)
  const go = (next: When) => {
    setOpen(false)
    change(next)
  }
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <ChipButton on={when.at !== null} aria-pressed={undefined} aria-haspopup="dialog">
          <Clock aria-hidden />
          {labelOf(when, heads)}
        </ChipButton>
      </PopoverTrigger>
      <PopoverContent align="end" aria-label="Time that is shown" className="w-80">
        {open && <Choices when={when} go={go} />}
      </PopoverContent>
    </Popover>
  )
}

function labelOf({ at, compare }: When, heads: Props['heads']): string {
  if (compare) return 'Comparing'
  if (at !== null) return capitalised(momentWords(at))
  const [only] = heads
  return heads.length === 1 && only && only.revision > 0 ? `Now, revision ${only.revision}` : 'Now'
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function Choices({ when, go }: { when: When; go: (when: When) => void }) {
  const { data, error, refetch } = useQuery(historyQueries.moments())
  return (
    <div className="flex flex-col gap-2">
      <Choice
        on={when.at === null && !when.compare}
        onClick={() => go(now)}
        title="Now"
        hint="with every draft"
      />
      <Choice
        on={when.at === 'deployed'}
        onClick={() => go({ at: 'deployed', compare: null })}
        title="Now, as deployed"
        hint="without drafts"
      />
      <hr className="-mx-3 border-line" />
      {error && <ProblemPanel problem={asProblem(error)} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-24 w-full" />}
      {data && (
        <>
          {data.choices.length === 0 && <p className="text-sm text-ink-2">Nothing has been deployed yet.</p>}
          <ul aria-label="Revisions" className="-mx-1 flex max-h-64 flex-col overflow-y-auto px-1">
            {data.choices.map((choice) => (
              <li key={choice.moment}>
                <Revision choice={choice} on={when.at === choice.moment} go={go} />
              </li>
            ))}
          </ul>
          <hr className="-mx-3 border-line" />
          <AtDate since={data.keptSince} keptDays={data.keptDays} go={go} />
        </>
      )}
    </div>
  )
}

function Revision({ choice, on, go }: { choice: MomentChoice; on: boolean; go: (when: When) => void }) {
  const { label, at, note, by, signedOffBy, isKept, moment } = choice
  const said = isKept ? `${dateWords(at)}, ${by}${note && `: ${note}`}` : 'what stood around it was not kept'
  return (
    <Choice
      on={on}
      disabled={!isKept}
      onClick={() => go({ at: moment, compare: null })}
      title={label}
      hint={said}
      {...(signedOffBy ? { signedOffBy } : {})}
    />
  )
}

interface ChoiceProps {
  on: boolean
  disabled?: boolean
  onClick: () => void
  title: string
  hint: string
  signedOffBy?: string
}

function Choice({ on, disabled = false, onClick, title, hint, signedOffBy }: ChoiceProps) {
  return (
    <button
      type="button"
      aria-current={on ? 'true' : undefined}
      disabled={disabled}
      onClick={onClick}
      className={cn(
        'flex w-full items-start gap-2 rounded-md px-2 py-1.5 text-left enabled:hover:bg-accent-soft',
        on && 'text-accent',
        disabled && 'text-ink-3',
      )}
    >
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm font-medium">{title}</span>
        <span className="block truncate text-xs text-ink-3">{hint}</span>
        {signedOffBy && (
          <span className="flex items-center gap-1 text-xs text-ok">
            <ShieldCheck aria-hidden className="size-3.5" />
            signed off by {signedOffBy}
          </span>
        )}
      </span>
      {on && <Check aria-hidden className="mt-1 size-3.5" />}
    </button>
  )
}

interface AtDateProps {
  since: string | null
  keptDays: number
  go: (when: When) => void
}

function AtDate({ since, keptDays, go }: AtDateProps) {
  const id = useId()
  const [text, setText] = useState('')
  if (since === null) return null
  const date = text === '' ? null : new Date(text)
  const isDate = date !== null && !Number.isNaN(date.getTime())
  const isTooEarly = isDate && date < new Date(since)
  const isKept = isDate && !isTooEarly
  return (
    <form
      className="flex flex-col gap-1"
      onSubmit={(event) => {
        event.preventDefault()
        if (date && isKept) go({ at: date.toISOString(), compare: null })
      }}
    >
      <Label htmlFor={id}>At a date</Label>
      <div className="flex gap-2">
        <Input
          id={id}
          type="datetime-local"
          step={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-describedby={`${id}-since`}
          aria-invalid={isTooEarly}
          className="flex-1"
        />
        <Button type="submit" disabled={!isKept}>
          Go
        </Button>
      </div>
      <p
        id={`${id}-since`}
        role={isTooEarly ? 'alert' : undefined}
        className={cn('text-xs', isTooEarly ? 'text-err' : 'text-ink-3')}
      >
        {isTooEarly ? 'That is not kept. ' : ''}Everything is kept since {dateWords(since)}; what ended more
        than {keptDays} days ago is cut, unless it was signed off or is deployed.
      </p>
    </form>
  )
}

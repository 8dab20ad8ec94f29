'use client'
import { Plus } from 'lucide-react'
import { Fragment, useState } from 'react'
import type { Chain, ChainStep, Mark, PolicyDescription, Verdict } from '#domain/chain.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { Popover, PopoverContent, PopoverTrigger } from '../ui/popover.tsx'
import { WordState } from '../ui/state.tsx'
import type { DraftAction } from './draft.ts'
import { PolicyPicker } from './policy-picker.tsx'
import { StepCard } from './step-card.tsx'

interface Props {
  chain: Chain
  steps: readonly ChainStep[]
  policies: readonly PolicyDescription[]
  verdicts: ReadonlyMap<string, Verdict>
  faultCounts: ReadonlyMap<string, number>
  marks: ReadonlyMap<string, Mark>
  removed: readonly ChainStep[]
  selectedId: string | null
  readOnly: boolean
  dispatch: (action: DraftAction) => void
  onAdd: (policy: PolicyDescription, at: number) => void
}

/** The way of a request: downwards through the policies, to the upstream, and back in reverse. */
export function Pipe(props: Props) {
  const { chain, steps, policies, marks, removed, selectedId, readOnly, dispatch } = props
  const [dragged, setDragged] = useState<string | null>(null)
  const policyOf = (kind: string) => policies.find((policy) => policy.kind === kind)
  const drop = (gap: number) => {
    const from = steps.findIndex((step) => step.id === dragged)
    if (dragged !== null) dispatch({ do: 'move', id: dragged, to: gap > from ? gap - 1 : gap })
    setDragged(null)
  }
  const gap = (at: number) => (
    <Gap
      key={`gap ${at}`}
      at={at}
      policies={policies}
      dragging={dragged !== null}
      readOnly={readOnly}
      onAdd={props.onAdd}
      onDrop={() => drop(at)}
    />
  )
  return (
    <div className="mx-auto flex w-full max-w-90 flex-col items-center pb-10">
      <h2 className="mb-1 text-xs text-ink-3">Request</h2>
      <ol aria-label="Policies on the request, in order" className="flex w-full flex-col items-center">
        {steps.map((step, at) => (
          <li key={step.id} className="flex w-full flex-col items-center">
            {gap(at)}
            <StepCard
              step={step}
              at={at}
              count={steps.length}
              policy={policyOf(step.kind)}
              verdict={props.verdicts.get(step.id)}
              faults={props.faultCounts.get(step.id) ?? 0}
              mark={marks.get(step.id) ?? 'same'}
              selected={step.id === selectedId}
              readOnly={readOnly}
              dispatch={dispatch}
              onDrag={setDragged}
            />
          </li>
        ))}
      </ol>
      {gap(steps.length)}
      <Upstream chain={chain} />
      <Answer {...props} />
      {removed.length > 0 && <Removed {...props} />}
    </div>
  )
}

interface GapProps {
  at: number
  policies: readonly PolicyDescription[]
  dragging: boolean
  readOnly: boolean
  onAdd: (policy: PolicyDescription, at: number) => void
  onDrop: () => void
}

/** Between two steps: a line, a place to add, and a place to drop. */
function Gap({ at, policies, dragging, readOnly, onAdd, onDrop }: GapProps) {
  const [open, setOpen] = useState(false)
  const [over, setOver] = useState(false)
  return (
    <div
      onDragOver={(event) => {
        if (!dragging) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        onDrop()
      }}
      className={cn('group/gap relative flex h-6 w-full justify-center', dragging && 'h-8')}
    >
      <i aria-hidden className="h-full w-px bg-line-2" />
      {over && (
        <i aria-hidden className="absolute inset-x-4 top-1/2 h-0.5 -translate-y-1/2 rounded-full bg-accent" />
      )}
      {!readOnly && !dragging && (
        <Popover open={open} onOpenChange={setOpen}>
          <PopoverTrigger asChild>
            <Button
              size="icon-sm"
              aria-label={`Add a policy at place ${at + 1}`}
              className="absolute top-1/2 left-1/2 size-4.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-line text-ink-3 hover:border-accent hover:text-accent data-[state=open]:border-accent data-[state=open]:text-accent"
            >
              <Plus aria-hidden className="size-3" />
            </Button>
          </PopoverTrigger>
          <PopoverContent className="h-80 p-2">
            <PolicyPicker
              className="h-full"
              policies={policies}
              autoFocus
              onPick={(policy) => {
                setOpen(false)
                onAdd(policy, at)
              }}
            />
          </PopoverContent>
        </Popover>
      )}
    </div>
  )
}

function Upstream({ chain }: { chain: Chain }) {
  return (
    <div className="max-w-full rounded-xl border-2 border-accent bg-accent-soft px-5 py-2">
      <div className="truncate text-sm font-semibold">{chain.api.title} upstream</div>
      <div className="truncate font-mono text-xs text-ink-2">{chain.upstreamUrl}</div>
    </div>
  )
}

/** What acts on the answer, in reverse; the same steps seen from the other side. */
function Answer({ steps, policies, verdicts, selectedId, dispatch }: Props) {
  const acting = steps.filter((step) => step.enabled && verdicts.get(step.id)?.onResponse).toReversed()
  return (
    <>
      <i aria-hidden className="h-4 w-px bg-line-2" />
      <h2 className="mb-1 text-xs text-ink-3">
        {acting.length > 0 ? 'Response, in reverse' : 'Response, unchanged'}
      </h2>
      {acting.length > 0 && (
        <ol aria-label="Policies on the response, in order" className="flex w-full flex-col items-center">
          {acting.map((step) => (
            <Fragment key={step.id}>
              <i aria-hidden className="h-3.5 w-px bg-line-2" />
              <li className="w-full">
                <button
                  type="button"
                  aria-pressed={step.id === selectedId}
                  onClick={() => dispatch({ do: 'select', id: step.id })}
                  className={cn(
                    'flex w-full items-center gap-2 rounded-lg border border-line bg-panel px-3 py-1.5 text-left',
                    step.id === selectedId && 'border-accent',
                  )}
                >
                  <i aria-hidden className="size-1.75 rounded-full bg-ink-3" />
                  <span className="min-w-0 flex-1 truncate text-sm text-ink-2">
                    {step.label || policies.find(({ kind }) => kind === step.kind)?.title || step.kind}
                  </span>
                  <WordState tone="idle">response headers</WordState>
                </button>
              </li>
            </Fragment>
          ))}
        </ol>
      )}
    </>
  )
}

/** Steps that run and that the draft has no more. */
function Removed({ removed, steps, policies, readOnly, dispatch }: Props) {
  return (
    <section aria-label="Removed from the draft, still running" className="mt-6 w-full">
      <h2 className="mb-1.5 text-center text-xs text-ink-3">
        Removed, still running until the next deployment
      </h2>
      <ul className="flex flex-col gap-1.5">
        {removed.map((step) => (
          <li
            key={step.id}
            className="flex items-center gap-2 rounded-lg border border-dashed border-line-2 px-3 py-1.5"
          >
            <span className="min-w-0 flex-1 truncate text-sm text-ink-2 line-through">
              {step.label || policies.find(({ kind }) => kind === step.kind)?.title || step.kind}
            </span>
            <WordState tone="err">removed</WordState>
            {!readOnly && (
              <Button size="sm" onClick={() => dispatch({ do: 'restore', step, at: steps.length })}>
                Put back
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

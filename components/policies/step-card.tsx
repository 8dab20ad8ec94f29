'use client'
import { CircleAlert, EllipsisVertical, GripVertical } from 'lucide-react'
import type { DragEvent, KeyboardEvent } from 'react'
import type { ChainStep, Mark, PolicyDescription, Verdict } from '#domain/chain.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from '../ui/menu.tsx'
import { WordState } from '../ui/state.tsx'
import type { DraftAction } from './draft.ts'
import { markLook } from './policy-words.ts'
import { newStepId } from './step-id.ts'

interface Props {
  step: ChainStep
  /** Its place in the chain, and how many there are. */
  at: number
  count: number
  policy: PolicyDescription | undefined
  verdict: Verdict | undefined
  faults: number
  mark: Mark
  selected: boolean
  readOnly: boolean
  dispatch: (action: DraftAction) => void
  onDrag: (id: string | null) => void
}

/** One policy in the pipe. Drag it, use its menu, or press Alt and an arrow. */
export function StepCard(props: Props) {
  const { step, at, policy, verdict, faults, mark, selected, readOnly, dispatch, onDrag } = props
  const title = step.label || (policy?.title ?? step.kind)
  const look = markLook[mark]
  const onKeyDown = (event: KeyboardEvent) => {
    if (readOnly || !event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    dispatch({ do: 'move', id: step.id, to: at + (event.key === 'ArrowUp' ? -1 : 1) })
  }
  return (
    <div
      draggable={!readOnly}
      onDragStart={(event: DragEvent) => {
        event.dataTransfer.effectAllowed = 'move'
        event.dataTransfer.setData('text/plain', title)
        onDrag(step.id)
      }}
      onDragEnd={() => onDrag(null)}
      data-step={step.id}
      className={cn(
        'group relative flex w-full items-center rounded-lg border border-line-2 bg-panel transition-colors',
        selected && 'border-accent ring-1 ring-accent',
        !step.enabled && 'border-dashed',
      )}
    >
      <span
        aria-hidden
        className={cn(
          'flex w-7 shrink-0 justify-center text-ink-3',
          !readOnly && 'cursor-grab active:cursor-grabbing',
        )}
      >
        <GripVertical className="size-3.5" />
      </span>
      <button
        type="button"
        aria-pressed={selected}
        aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
        onClick={() => dispatch({ do: 'select', id: step.id })}
        onKeyDown={onKeyDown}
        className={cn(
          'flex min-w-0 flex-1 items-center gap-2 rounded-md py-2 text-left',
          !step.enabled && 'opacity-60',
        )}
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm font-semibold">{title}</span>
          <span className="block truncate text-xs text-ink-2">
            {verdict?.summary ?? (faults > 0 ? 'Incomplete' : (policy?.summary ?? ''))}
          </span>
        </span>
        {faults > 0 && (
          <WordState tone="err" className="flex items-center gap-1">
            <CircleAlert aria-hidden className="size-3.5" />
            {faults === 1 ? '1 mistake' : `${faults} mistakes`}
          </WordState>
        )}
        {look.label && <WordState tone={look.tone}>{look.label}</WordState>}
        {step.dryRun && step.enabled && <WordState tone="warn">dry run</WordState>}
        {step.upstreams.length > 0 && <WordState tone="idle">for {step.upstreams.join(', ')}</WordState>}
        {policy?.first && mark === 'same' && <WordState tone="idle">runs first</WordState>}
      </button>
      {readOnly ? <span className="w-3" /> : <StepMenu {...props} title={title} />}
    </div>
  )
}

function StepMenu({ step, at, count, title, dispatch }: Props & { title: string }) {
  const { id } = step
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" className="mr-1.5" aria-label={`More about ${title}`}>
          <EllipsisVertical aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <MenuItem disabled={at === 0} onSelect={() => dispatch({ do: 'move', id, to: at - 1 })}>
          Move up
        </MenuItem>
        <MenuItem disabled={at === count - 1} onSelect={() => dispatch({ do: 'move', id, to: at + 1 })}>
          Move down
        </MenuItem>
        <MenuSeparator />
        <MenuItem onSelect={() => dispatch({ do: 'toggle', id })}>
          {step.enabled ? 'Turn off' : 'Turn on'}
        </MenuItem>
        <MenuItem onSelect={() => dispatch({ do: 'duplicate', id, newId: newStepId() })}>Duplicate</MenuItem>
        <MenuSeparator />
        <MenuItem danger onSelect={() => dispatch({ do: 'remove', id })}>
          Remove
        </MenuItem>
      </MenuContent>
    </Menu>
  )
}

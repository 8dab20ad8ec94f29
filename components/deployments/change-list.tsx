'use client'
import { Minus, Pencil, Plus, ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import type { Change, ChangeGroup, Difference, DiffLine } from '#domain/deployment.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { Panel } from '../ui/panel.tsx'
import { countOf } from './looks.ts'

/** A difference, API by API: in plain words, and on demand as text. */
export function ChangeList({ difference, className }: { difference: Difference; className?: string }) {
  return (
    <div className={cn('flex flex-col gap-3', className)}>
      {difference.groups.map((group) => (
        <Group key={group.id} group={group} />
      ))}
    </div>
  )
}

function Group({ group }: { group: ChangeGroup }) {
  const [asText, setAsText] = useState(false)
  return (
    <Panel className="overflow-hidden">
      <div className="flex min-h-9 items-center gap-2 px-3 py-1">
        <h3 className="min-w-0 truncate text-sm font-semibold">{group.title}</h3>
        <span className="text-xs whitespace-nowrap text-ink-3">
          {group.kind === 'gateway' ? 'gateway' : countOf(group.changes.length, 'change')}
        </span>
        <Button
          variant="ghost"
          size="sm"
          className="ml-auto"
          aria-expanded={asText}
          onClick={() => setAsText(!asText)}
        >
          {asText ? 'Hide text' : 'Show as text'}
        </Button>
      </div>
      <ul>
        {group.changes.map((change) => (
          <ChangeRow key={`${change.kind}${change.pointer}${change.text}`} change={change} />
        ))}
      </ul>
      {asText && <DiffLines lines={group.lines} label={`Changed lines of ${group.title}`} />}
    </Panel>
  )
}

const kinds = {
  added: { icon: Plus, look: 'bg-ok-soft text-ok', word: 'Added' },
  removed: { icon: Minus, look: 'bg-err-soft text-err', word: 'Removed' },
  changed: { icon: Pencil, look: 'bg-accent-soft text-accent', word: 'Changed' },
} as const

function ChangeRow({ change }: { change: Change }) {
  const { icon: Icon, look, word } = kinds[change.kind]
  return (
    <li className="flex items-start gap-2.5 border-t border-line px-3 py-2" title={change.pointer}>
      <span className={cn('mt-0.5 grid size-4 shrink-0 place-items-center rounded-sm', look)}>
        <Icon aria-label={word} className="size-3" />
      </span>
      <span className="min-w-0 flex-1 text-sm break-words">{change.text}</span>
      {change.weakens && (
        <span className="inline-flex items-center gap-1 text-xs whitespace-nowrap text-warn">
          <ShieldAlert aria-hidden className="size-3.5" />
          less protection
        </span>
      )}
    </li>
  )
}

const marks: Record<DiffLine['sign'], { mark: string; look: string; word: string }> = {
  same: { mark: ' ', look: '', word: '' },
  added: { mark: '+', look: 'bg-ok-soft text-ok', word: 'added: ' },
  removed: { mark: '-', look: 'bg-err-soft text-err', word: 'removed: ' },
  gap: { mark: ' ', look: 'bg-canvas text-ink-3', word: '' },
}

function DiffLines({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    <section
      aria-label={label}
      // Scrollable regions must be reachable by keyboard.
      tabIndex={0}
      className="max-h-96 overflow-auto border-t border-line py-1 font-mono text-xs"
    >
      {lines.map((line, index) => {
        const { mark, look, word } = marks[line.sign]
        return (
          <div key={index} className={cn('flex min-w-max gap-3 px-3 leading-5 whitespace-pre', look)}>
            <span aria-hidden className="w-2 select-none">
              {mark}
            </span>
            <span>
              {word && <span className="sr-only">{word}</span>}
              {line.sign === 'gap' ? `… ${line.text}` : line.text}
            </span>
          </div>
        )
      })}
    </section>
  )
}

'use client'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { RevisionSummary } from '#domain/deployment.ts'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { cn } from '../ui/class-names.ts'
import { Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { deploymentsHref } from './address.ts'
import { revisionLook } from './looks.ts'

interface Props {
  gatewayId: string
  revisions: readonly RevisionSummary[]
  /** The revision that the page shows. */
  shown: number | undefined
  /** Absent where the reader may not roll back. */
  onRollBack: ((number: number) => void) | undefined
}

/** Every deployment, newest first: look at one, compare two, roll back to one. */
export function History({ gatewayId, revisions, shown, onRollBack }: Props) {
  const router = useRouter()
  const [chosen, setChosen] = useState<readonly number[]>([])
  const choose = (number: number, on: boolean) =>
    // Of three the one chosen first gives way.
    setChosen(on ? [...chosen, number].slice(-2) : chosen.filter((other) => other !== number))
  const [from, to] = chosen.toSorted((a, b) => a - b)
  return (
    <Section
      title="History"
      action={
        from !== undefined && to !== undefined ? (
          <Button
            size="sm"
            onClick={() => router.push(deploymentsHref({ gateway: gatewayId, compare: [from, to] }))}
          >
            Compare {from} and {to}
          </Button>
        ) : (
          revisions.length > 1 && <span className="text-xs text-ink-3">Tick two to compare</span>
        )
      }
    >
      {revisions.length === 0 && <p className="text-sm text-ink-2">No deployments yet.</p>}
      <ol className="flex flex-col gap-2">
        {revisions.map((revision) => (
          <Entry
            key={revision.number}
            revision={revision}
            isShown={revision.number === shown}
            isChosen={chosen.includes(revision.number)}
            onChoose={revisions.length > 1 ? choose : undefined}
            onRollBack={revision.isHead ? undefined : onRollBack}
          />
        ))}
      </ol>
    </Section>
  )
}

interface EntryProps {
  revision: RevisionSummary
  isShown: boolean
  isChosen: boolean
  /** Absent where there is nothing to compare with. */
  onChoose: ((number: number, on: boolean) => void) | undefined
  onRollBack: ((number: number) => void) | undefined
}

function Entry({ revision, isShown, isChosen, onChoose, onRollBack }: EntryProps) {
  const { gatewayId, number, note, createdAt, createdBy } = revision
  return (
    <li
      className={cn(
        'relative rounded-lg border bg-panel px-3 py-2 transition-colors hover:border-line-2',
        isShown ? 'border-accent hover:border-accent' : 'border-line',
      )}
    >
      <div className="flex items-center gap-2">
        <Link
          href={deploymentsHref({ gateway: gatewayId, revision: number })}
          aria-current={isShown ? 'page' : undefined}
          className="text-sm font-semibold after:absolute after:inset-0 after:rounded-lg"
        >
          Revision {number}
        </Link>
        <span className="ml-auto">
          <Standing revision={revision} />
        </span>
      </div>
      <p className="truncate text-sm">{note || <span className="text-ink-2">{kindOf(revision)}</span>}</p>
      <div className="mt-0.5 flex min-h-6 items-center gap-2 text-xs text-ink-3">
        <span className="min-w-0 truncate">
          <RelativeTime at={createdAt} />, {createdBy}
          {note && revision.kind === 'rollback' && `, ${kindOf(revision).toLowerCase()}`}
        </span>
        <span className="relative ml-auto flex items-center gap-2">
          {onRollBack && (
            <Button
              size="sm"
              variant="ghost"
              aria-label={`Roll back to revision ${number}`}
              onClick={() => onRollBack(number)}
            >
              Roll back
            </Button>
          )}
          {onChoose && (
            <Checkbox
              aria-label={`Compare revision ${number}`}
              checked={isChosen}
              onCheckedChange={(on) => onChoose(number, on === true)}
            />
          )}
        </span>
      </div>
    </li>
  )
}

function Standing({ revision }: { revision: RevisionSummary }) {
  if (!revision.isHead && revision.refusedBy > 0)
    return <State tone="err">refused by {revision.refusedBy}</State>
  const { label, tone } = revisionLook[revision.state]
  return <State tone={tone}>{label}</State>
}

function kindOf({ kind, restoresNumber }: RevisionSummary): string {
  return kind === 'rollback' ? `Rolled back to ${restoresNumber}` : 'Deployed'
}

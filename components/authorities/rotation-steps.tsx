'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check } from 'lucide-react'
import Link from 'next/link'
import { stepKinds, type RotationStep, type StepKind } from '#domain/rotation-plan.ts'
import type { RotationRecord } from '#domain/trust-record.ts'
import { refreshTrust } from '../contexts/trust-dialog.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { cn } from '../ui/class-names.ts'
import { Field } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { type Look, State } from '../ui/state.tsx'
import { moveRotation, rotationQueries, vouch } from './queries.ts'
import { sentence, stepWords } from './rotation-words.ts'

const stateLook: Record<RotationStep['state'], Look> = {
  done: { label: 'done', tone: 'ok' },
  next: { label: 'next', tone: 'busy' },
  later: { label: 'later', tone: 'idle' },
}

/** The four steps as they stand: what each changes, what holds it up, and the way back. */
export function RotationSteps({ rotation }: { rotation: RotationRecord }) {
  const client = useQueryClient()
  const mayWrite = useMay('trust.write')
  const refresh = async (next: RotationRecord) => {
    client.setQueryData(rotationQueries.one(next.id).queryKey, next)
    await refreshTrust(client)
  }
  const moving = useMutation({ mutationFn: moveRotation, onSuccess: refresh })
  const vouching = useMutation({ mutationFn: vouch, onSuccess: refresh })
  const { id, version, steps, vouchedIds } = rotation
  const move = (way: 'advance' | 'reverse', step: StepKind) => moving.mutate({ id, version, way, step })
  const failed = moving.error ?? vouching.error
  return (
    <div className="flex flex-col gap-4">
      {failed && <ProblemPanel problem={asProblem(failed)} />}
      <ol className="flex flex-col">
        {steps.map((step, index) => (
          <li key={step.kind} className="relative flex gap-3 pb-5 last:pb-0">
            {index < steps.length - 1 && (
              <span aria-hidden className="absolute top-7 bottom-0 left-3.25 w-px bg-line-2" />
            )}
            <StepMark step={step} number={index + 1} />
            <div className="min-w-0 flex-1">
              <StepHead step={step} />
              {step.state === 'next' && (
                <NextStep
                  step={step}
                  mayWrite={mayWrite}
                  busy={moving.isPending}
                  go={() => move('advance', step.kind)}
                  vouchFor={(spotId) => vouching.mutate({ id, version, vouchedIds: [...vouchedIds, spotId] })}
                />
              )}
              {mayWrite && <Back steps={steps} step={step} busy={moving.isPending} move={move} />}
            </div>
          </li>
        ))}
      </ol>
    </div>
  )
}

function StepMark({ step, number }: { step: RotationStep; number: number }) {
  return (
    <span
      aria-hidden
      className={cn(
        'flex size-6.5 shrink-0 items-center justify-center rounded-full border text-xs font-semibold tnum',
        step.state === 'done' && 'border-ok bg-ok-soft text-ok',
        step.state === 'next' && 'border-accent bg-accent text-on-accent',
        step.state === 'later' && 'border-line-2 bg-panel text-ink-3',
      )}
    >
      {step.state === 'done' ? <Check className="size-3.5" /> : number}
    </span>
  )
}

function StepHead({ step }: { step: RotationStep }) {
  const { title, summary } = stepWords[step.kind]
  const { label, tone } = stateLook[step.state]
  return (
    <>
      <h3 className="flex min-h-6.5 items-center gap-2 text-sm font-semibold">
        {title} <State tone={tone}>{label}</State>
      </h3>
      <p className="text-sm text-ink-2">{summary}</p>
    </>
  )
}

interface NextProps {
  step: RotationStep
  mayWrite: boolean
  busy: boolean
  go: () => void
  vouchFor: (id: string) => void
}

function NextStep({ step, mayWrite, busy, go, vouchFor }: NextProps) {
  const { kind, changes, whyNot, cautions, blind, may } = step
  const byHand = changes.flatMap((change) => (change.kind === 'reissue' && change.byHand ? change : []))
  return (
    <div className="mt-2 flex flex-col items-start gap-2.5">
      {changes.length > 0 && (
        <ul className="list-disc pl-5 text-sm">
          {changes.map(({ text }) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      {cautions.length > 0 && (
        <Notice tone="warn" title="Before you go on">
          {cautions.map((caution) => sentence(caution)).join(' ')}
        </Notice>
      )}
      {whyNot.length > 0 && (
        <Notice
          tone="info"
          title={kind === 'verify' ? 'Not all have followed yet' : 'It waits'}
          className="w-full"
        >
          <ul aria-live="polite">
            {whyNot.map((why) => (
              <li key={why}>{sentence(why)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {mayWrite &&
        blind.map((spot) => (
          <Field
            key={spot.id}
            inline
            label={`I answer for ${spot.name}`}
            description="Somebody has looked where no node sees."
          >
            {(control) => <Checkbox {...control} checked={false} onCheckedChange={() => vouchFor(spot.id)} />}
          </Field>
        ))}
      {byHand.map(({ certificateId }) => (
        <Button key={certificateId} asChild>
          <Link href={`/certificates/${certificateId}`}>Bring the certificate</Link>
        </Button>
      ))}
      {mayWrite && kind !== 'verify' && byHand.length === 0 && (
        <Button variant="primary" busy={busy} disabled={!may} onClick={go}>
          {stepWords[kind].go}
        </Button>
      )}
    </div>
  )
}

interface BackProps {
  steps: readonly RotationStep[]
  step: RotationStep
  busy: boolean
  move: (way: 'reverse', step: StepKind) => void
}

/** Only what was done last is taken back: each step rests on the one before. */
function Back({ steps, step, busy, move }: BackProps) {
  const { kind, reverse } = step
  const later = steps.slice(stepKinds.indexOf(kind) + 1)
  if (reverse.changes.length === 0 || later.some((each) => each.reverse.changes.length > 0)) return null
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1">
      <Button size="sm" disabled={!reverse.may} busy={busy} onClick={() => move('reverse', kind)}>
        {stepWords[kind].back}
      </Button>
      {!reverse.may && (
        <span className="text-xs text-ink-3">{reverse.whyNot.map((why) => sentence(why)).join(' ')}</span>
      )}
    </div>
  )
}

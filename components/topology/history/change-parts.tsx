'use client'
import { ShieldAlert } from 'lucide-react'
import { count, listed } from '#domain/listing.ts'
import type { LegChange } from '#domain/topology-difference.ts'
import type { FindingView } from '#domain/topology.ts'
import { findingTitle, severityLook } from '#diagram/looks.ts'
import type { Selection } from '#diagram/highlight.ts'
import { cn } from '../../ui/class-names.ts'
import { State } from '../../ui/state.tsx'
import { Accepted } from '../panel/finding-list.tsx'
import { Part } from '../panel/part.tsx'
import { changeLook, notComparedWords } from './change-looks.ts'
import { useChanges } from './changes-context.tsx'
import { momentWords } from './when.ts'

type Choose = (selection: Selection | null, byKeyboard: boolean) => void

/** Everything that changed between the two moments, in words; nothing where none are compared. */
export function ComparisonList({ choose }: { choose?: Choose }) {
  const { comparison } = useChanges()
  if (!comparison) return null
  const { difference, findings, from, to, notCompared } = comparison
  const { legs, contexts, flows, gateways } = difference
  return (
    <>
      <p className="text-sm text-ink-2">
        From {momentWords(from.moment)} to {momentWords(to.moment)}:{' '}
        {legs.length + contexts.length + flows.length === 0
          ? 'no leg, context or flow changed.'
          : `${count(legs.length, 'change')} on legs, ${count(contexts.length, 'context')} changed, ${count(flows.length, 'change')} of flows.`}
      </p>
      {legs.length > 0 && (
        <Part title="Legs">
          <ul className="flex flex-col gap-1.5">
            {legs.map((change) => (
              <LegChangeRow
                key={`${change.kind}${change.legId}`}
                change={change}
                {...(choose ? { choose } : {})}
              />
            ))}
          </ul>
        </Part>
      )}
      <Texts
        title="Contexts and CAs"
        lines={contexts.map(({ contextId, text }) => ({ id: contextId, text }))}
      />
      <Texts title="Flows" lines={flows.map(({ flowId, text }) => ({ id: flowId, text }))} />
      <Texts title="Nodes" lines={gateways.map(({ gatewayId, text }) => ({ id: gatewayId, text }))} />
      <NewFindings title="New findings" findings={findings.added} {...(choose ? { choose } : {})} />
      <NewFindings title="Findings that are gone" findings={findings.gone} />
      {notCompared.length > 0 && (
        <p className="text-xs text-ink-3">
          Not compared, since it was not kept yet at one of the moments:{' '}
          {listed(notCompared.map((fact) => notComparedWords[fact]))}.
        </p>
      )}
    </>
  )
}

export function LegChangeRow({ change, choose }: { change: LegChange; choose?: Choose }) {
  const { icon: Icon, word, chip } = changeLook(change.kind)
  return (
    <li>
      <button
        type="button"
        disabled={choose === undefined}
        onClick={(event) => choose?.({ kind: 'leg', id: change.legId }, event.detail === 0)}
        className="flex w-full items-start gap-2 rounded-md border border-line px-2.5 py-1.5 text-left enabled:hover:border-line-2"
      >
        <span
          className={cn(
            'mt-0.5 inline-flex h-4.5 shrink-0 items-center gap-1 rounded-sm px-1.5 text-2xs',
            chip,
          )}
        >
          <Icon aria-hidden className="size-3" />
          {word}
        </span>
        <span className="min-w-0 flex-1 text-sm break-words">
          {change.text}
          {change.weakens && (
            <span className="mt-0.5 flex items-center gap-1 text-xs text-warn">
              <ShieldAlert aria-hidden className="size-3.5" />
              less protection
            </span>
          )}
        </span>
      </button>
    </li>
  )
}

function Texts({ title, lines }: { title: string; lines: readonly { id: string; text: string }[] }) {
  if (lines.length === 0) return null
  return (
    <Part title={title}>
      <ul className="flex flex-col gap-1 text-sm text-ink-2">
        {lines.map(({ id, text }) => (
          <li key={`${id}${text}`} className="break-words">
            {text}
          </li>
        ))}
      </ul>
    </Part>
  )
}

interface FindingsProps {
  title: string
  findings: readonly FindingView[]
  choose?: Choose
}

export function NewFindings({ title, findings, choose }: FindingsProps) {
  if (findings.length === 0) return null
  return (
    <Part title={title}>
      <ul className="flex flex-col gap-1.5">
        {findings.map((finding) => {
          const { label, tone } = severityLook[finding.severity]
          const [legId] = finding.legIds
          return (
            <li key={finding.id} className="rounded-md border border-line px-2.5 py-1.5">
              <div className="flex items-center gap-2">
                <State tone={tone}>{label}</State>
                <span className="min-w-0 flex-1 truncate text-sm font-medium">
                  {findingTitle[finding.code]}
                </span>
              </div>
              <p className="mt-0.5 text-sm break-words text-ink-2">{finding.why}</p>
              {finding.accepted && <Accepted by={finding.accepted} />}
              {choose && legId && (
                <button
                  type="button"
                  className="mt-0.5 rounded-sm text-xs text-accent hover:underline"
                  onClick={(event) => choose({ kind: 'leg', id: legId }, event.detail === 0)}
                >
                  Show its leg
                </button>
              )}
            </li>
          )
        })}
      </ul>
    </Part>
  )
}

/** What changed on one leg; nothing where nothing did. */
export function LegChanges({ legId }: { legId: string }) {
  const changes = useChanges().legs.get(legId) ?? []
  if (changes.length === 0) return null
  return (
    <Part title="What changed">
      <ul className="flex flex-col gap-1.5">
        {changes.map((change) => (
          <LegChangeRow key={change.kind} change={change} />
        ))}
      </ul>
    </Part>
  )
}

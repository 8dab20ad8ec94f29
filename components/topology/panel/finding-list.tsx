'use client'
import Link from 'next/link'
import { useState } from 'react'
import { safeFixes, safeFixIn } from '#domain/finding.ts'
import { count } from '#domain/listing.ts'
import type { FindingView } from '#domain/topology.ts'
import { certificateHref } from '../../certificates/address.ts'
import { networkPoliciesHref } from '../../gateways/address.ts'
import { useMay } from '../../shell/shell-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { FindingComments } from '../history/leg-comments.tsx'
import type { Asked } from '../dialogs/asked.ts'
import { findingTitle, severityLook } from '#diagram/looks.ts'
import { isOpen, type Model } from '#diagram/model.ts'
import { flowTitle } from '#diagram/words.ts'
import { SafeFix } from './safe-fix.tsx'

interface Props {
  model: Model
  findings: readonly FindingView[]
  ask: (asked: Asked) => void
  mayWrite: boolean
}

const tones = { error: 'err', warning: 'warn', note: 'info' } as const

// Hundreds at once help nobody and cost a second to draw.
const shownAtOnce = 8

/** Findings with what mends them, the gravest first; more on demand. */
export function FindingList({ model, findings, ask, mayWrite }: Props) {
  const [shown, setShown] = useState(shownAtOnce)
  const rest = findings.length - shown
  if (findings.length === 0) return <p className="text-sm text-ink-3">Nothing is to be said against it.</p>
  return (
    <div className="flex flex-col gap-2">
      <ul className="flex flex-col gap-2">
        {findings.slice(0, shown).map((finding) => (
          <li key={finding.id}>
            <Notice
              tone={isOpen(finding) ? tones[finding.severity] : 'info'}
              title={
                <>
                  {findingTitle[finding.code]}{' '}
                  <span className="text-xs font-normal text-ink-3">
                    {severityLook[finding.severity].label}
                    {finding.flowIds.length > 1 && `, ${count(finding.flowIds.length, 'flow')}`}
                  </span>
                </>
              }
              actions={
                <>
                  <Fix model={model} finding={finding} ask={ask} mayWrite={mayWrite} />
                  {mayWrite && <Answering finding={finding} ask={ask} />}
                </>
              }
            >
              {finding.why}
              {finding.accepted && <Accepted by={finding.accepted} />}
              <FindingComments findingId={finding.id} />
            </Notice>
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <Button onClick={() => setShown(shown + 4 * shownAtOnce)}>
          Show more of {findings.length} findings
        </Button>
      )}
    </div>
  )
}

/** Accepting it, or taking that back. A note is no fault, so nobody need answer for it. */
function Answering({ finding, ask }: Pick<Props, 'ask'> & { finding: FindingView }) {
  if (finding.severity === 'note') return null
  if (isOpen(finding)) {
    return (
      <Button variant="link" className="text-ink-2" onClick={() => ask({ kind: 'accept', finding })}>
        Accept until a day
      </Button>
    )
  }
  return (
    <>
      <Button variant="link" className="text-ink-2" onClick={() => ask({ kind: 'accept', finding })}>
        Change
      </Button>
      <Button variant="link" className="text-ink-2" onClick={() => ask({ kind: 'withdraw', finding })}>
        Withdraw
      </Button>
    </>
  )
}

/** Who answers for a finding, until when and why. */
export function Accepted({ by: { owner, reason, until } }: { by: NonNullable<FindingView['accepted']> }) {
  return (
    <p className="mt-1 text-xs text-ink-3">
      Accepted by {owner} until {until.slice(0, 10)}: {reason}
    </p>
  )
}

function Fix({ model, finding, ask, mayWrite }: Omit<Props, 'findings'> & { finding: FindingView }) {
  const { fix } = finding
  const safe = safeFixIn(fix)
  const may = useMay(safe === null ? 'topology.write' : safeFixes[safe])
  if (safe !== null && mayWrite && may) return <SafeFix finding={finding} />
  const asked = mayWrite ? askedBy(fix, model) : null
  if (asked) {
    return (
      <Button variant="link" onClick={() => ask(asked)}>
        {fix.label}
      </Button>
    )
  }
  const href = pageOf(fix, model)
  if (!href) return <span className="text-ink-3">{fix.label}</span>
  return (
    <Button variant="link" asChild>
      {/* Fetched ahead, dozens of these would come before the map's own code. */}
      <Link href={href} prefetch={false}>
        {fix.label}
      </Link>
    </Button>
  )
}

/** The dialog of this page that mends it. */
function askedBy({ kind, target }: FindingView['fix'], model: Model): Asked | null {
  if (kind === 'add-firewall') {
    const network = model.networks.get(target.id)
    return network ? { kind: 'network', network, focus: 'firewall' } : null
  }
  if (kind === 'add-flow') return { kind: 'flow', apiId: target.id }
  const flow = kind === 'remove-flow' ? model.flows.get(target.id) : undefined
  return flow ? { kind: 'delete-flow', flow, title: flowTitle(model, flow) } : null
}

/** The page on which it is mended. */
function pageOf({ kind, target }: FindingView['fix'], model: Model): string | null {
  if (target.kind === 'certificate') return certificateHref(target.id, 'rotate')
  if (target.kind === 'context') return `/contexts/${target.id}`
  if (target.kind === 'authority') return `/authorities/${target.id}`
  if (target.kind === 'gateway') return `/gateways/${target.id}`
  if (target.kind === 'network-policies') return networkPoliciesHref(target.id)
  const api = target.kind === 'api' ? model.apis.get(target.id) : undefined
  if (!api) return null
  const page = `/catalog/${api.apiId}`
  return kind === 'edit-upstream' || kind === 'deploy' ? page : `${page}/policies?instance=${api.id}`
}

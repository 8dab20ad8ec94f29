'use client'
import Link from 'next/link'
import { useState } from 'react'
import type { FindingView } from '#domain/topology.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Asked } from '../dialogs/asked.ts'
import { findingTitle, severityLook } from '../looks.ts'
import type { Model } from '../model.ts'
import { count } from '../words.ts'

interface Props {
  model: Model
  findings: readonly FindingView[]
  ask: (asked: Asked) => void
  mayWrite: boolean
}

const tones = { error: 'err', warning: 'warn' } as const

// Hundreds at once help nobody and cost a second to draw.
const shownAtOnce = 8

/** Findings with what mends them, the gravest first; more on demand. */
export function FindingList({ model, findings, ask, mayWrite }: Props) {
  const [shown, setShown] = useState(shownAtOnce)
  const rest = findings.length - shown
  if (findings.length === 0) return <p className="text-sm text-ink-3">Nothing is to be said against it.</p>
  return (
    <div className="flex flex-col gap-2">
      {findings.slice(0, shown).map((finding) => (
        <Notice
          key={finding.id}
          tone={tones[finding.severity]}
          title={
            <>
              {findingTitle[finding.code]}{' '}
              <span className="text-xs font-normal text-ink-3">
                {severityLook[finding.severity].label}
                {finding.flowIds.length > 1 && `, ${count(finding.flowIds.length, 'flow')}`}
              </span>
            </>
          }
          actions={<Fix model={model} finding={finding} ask={ask} mayWrite={mayWrite} />}
        >
          {finding.why}
        </Notice>
      ))}
      {rest > 0 && (
        <Button onClick={() => setShown(shown + 4 * shownAtOnce)}>
          Show more of {findings.length} findings
        </Button>
      )}
    </div>
  )
}

function Fix({ model, finding: { fix }, ask, mayWrite }: Omit<Props, 'findings'> & { finding: FindingView }) {
  if (fix.kind === 'add-firewall') {
    const network = model.networks.get(fix.id)
    if (!network || !mayWrite) return null
    return (
      <Button variant="link" onClick={() => ask({ kind: 'network', network, focus: 'firewall' })}>
        {fix.label}
      </Button>
    )
  }
  const apiId = model.apis.get(fix.id)?.apiId
  const href = fix.kind === 'edit-listener' ? `/gateways/${fix.id}` : apiId ? `/catalog/${apiId}` : null
  if (!href) return null
  return (
    <Button variant="link" asChild>
      {/* Fetched ahead, dozens of these would come before the map's own code. */}
      <Link href={href} prefetch={false}>
        {fix.label}
      </Link>
    </Button>
  )
}

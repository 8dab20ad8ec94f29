'use client'
import { useState } from 'react'
import type { LegView } from '#domain/leg.ts'
import { Button } from '../../ui/button.tsx'
import type { Model } from '#diagram/model.ts'
import { Part } from '../panel/part.tsx'
import { doorsOf, probesOf } from './places.ts'
import { ProbeDialog } from './probe-dialog.tsx'
import { TryCertificateDialog } from './try-certificate-dialog.tsx'

/** Ways to prove what is declared of a leg. */
export function ProveIt({ model, leg }: { model: Model; leg: LegView }) {
  const [asked, setAsked] = useState<'probe' | 'certificate' | null>(null)
  const doors = doorsOf(leg)
  const choices = probesOf(model, leg)
  const close = () => setAsked(null)
  return (
    <Part title="Prove it">
      {doors.length === 0 && choices.length === 0 && (
        <p className="text-xs text-ink-3">
          No node stands on this leg, and nothing here is asked for a certificate.
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {choices.length > 0 && <Button onClick={() => setAsked('probe')}>Probe from a node</Button>}
        {doors.length > 0 && <Button onClick={() => setAsked('certificate')}>Try a certificate</Button>}
      </div>
      {asked === 'probe' && <ProbeDialog choices={choices} onClose={close} />}
      {asked === 'certificate' && (
        <TryCertificateDialog doors={doors} certificates={model.topology.certificates} onClose={close} />
      )}
    </Part>
  )
}

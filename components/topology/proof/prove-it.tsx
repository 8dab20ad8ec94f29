'use client'
import { useState } from 'react'
import type { LegView } from '#domain/leg.ts'
import { Button } from '../../ui/button.tsx'
import type { Model } from '#diagram/model.ts'
import { Part } from '../panel/part.tsx'
import { doorsOf } from './places.ts'
import { TryCertificateDialog } from './try-certificate-dialog.tsx'

/** Ways to prove what is declared of a leg. */
export function ProveIt({ model, leg }: { model: Model; leg: LegView }) {
  const [asked, setAsked] = useState<'certificate' | null>(null)
  const doors = doorsOf(leg)
  if (doors.length === 0) return null
  return (
    <Part title="Prove it">
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => setAsked('certificate')}>Try a certificate</Button>
      </div>
      {asked === 'certificate' && (
        <TryCertificateDialog
          doors={doors}
          certificates={model.topology.certificates}
          onClose={() => setAsked(null)}
        />
      )}
    </Part>
  )
}

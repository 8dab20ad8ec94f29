'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Standing } from '#domain/expiry.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Section } from '../ui/panel.tsx'
import { CertificateActions } from './certificate-actions.tsx'
import { CertificateChain } from './certificate-chain.tsx'
import { CertificateFactsPanel } from './certificate-facts.tsx'
import { CertificateReach } from './certificate-reach.tsx'
import { KeptNodes } from './kept-nodes.tsx'
import { kindLabel } from './looks.ts'
import { OpenRequest } from './open-request.tsx'
import { certificateQueries } from './queries.ts'
import { RenewalPanel } from './renewal-panel.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { ValidityPanel } from './validity-panel.tsx'
import { VersionTable } from './version-table.tsx'

interface Props {
  certificate: CertificateRecord
  standing: Standing
  isRotating: boolean
}

/** One certificate: how long, by whom, for whom, what fails without it, and how it is renewed. */
export function CertificatePage({ certificate: initial, standing: initialStanding, isRotating }: Props) {
  const { data: certificate } = useQuery({ ...certificateQueries.one(initial.id), initialData: initial })
  const { data: standing } = useQuery({
    ...certificateQueries.standing(initial.id),
    initialData: initialStanding,
  })
  const mayWrite = useMay('trust.write')
  const [rotating, setRotating] = useState(isRotating && mayWrite && initial.kept === null)
  const isShown = certificate.chain.length > 0
  const { kept } = certificate
  return (
    <Page
      title={certificate.name}
      note={`${kindLabel[certificate.kind]} certificate`}
      crumbs={[{ label: 'Certificates', href: '/certificates' }]}
      actions={
        <>
          <CertificateActions certificate={certificate} mayWrite={mayWrite} />
          {mayWrite && kept === null && (
            <Button variant="primary" aria-haspopup="dialog" onClick={() => setRotating(true)}>
              {isShown ? 'Rotate' : 'Bring the certificate'}
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-6">
        {certificate.request !== null && (
          <OpenRequest
            certificate={certificate}
            request={certificate.request}
            complete={mayWrite ? () => setRotating(true) : null}
          />
        )}
        {kept && <KeptNodes certificate={certificate} kept={kept} mayWrite={mayWrite} />}
        {isShown && <ValidityPanel certificate={certificate} standing={standing} />}
        <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
          <div className="flex min-w-0 flex-col gap-6">
            <Section title="What fails when it lapses">
              <CertificateReach standing={standing} />
            </Section>
            {isShown && <CertificateFactsPanel certificate={certificate} />}
            {kept === null && (
              <Section title="Versions" description="The name stays, versions come and go.">
                <VersionTable certificate={certificate} mayWrite={mayWrite} />
              </Section>
            )}
          </div>
          <div className="flex min-w-0 flex-col gap-6">
            {isShown && (
              <Section title="Chain" description="From the leaf up.">
                <CertificateChain chain={standing.chain} />
              </Section>
            )}
            <RenewalPanel certificate={certificate} standing={standing} mayWrite={mayWrite} />
          </div>
        </div>
      </div>
      <RotateDialog certificateId={rotating ? certificate.id : null} close={() => setRotating(false)} />
    </Page>
  )
}

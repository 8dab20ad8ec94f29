'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AuthorityRecord, CertificateRecord, RotationPreview } from '#domain/trust-record.ts'
import { count } from '#domain/listing.ts'
import { asProblem } from '../shell/problem-error.ts'
import { FormContent } from '../ui/form-dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { BroughtFacts } from './brought-facts.tsx'
import { ContentField } from './content-field.tsx'
import { ImpactFacts } from './impact-facts.tsx'
import {
  certificateQueries,
  completeRequest,
  previewRotation,
  type Rotated,
  rotateCertificate,
} from './queries.ts'
import { RenewalChecks } from './renewal-checks.tsx'
import { type Bringing, useBrought } from './use-brought.ts'

interface Props {
  certificate: CertificateRecord
  /** The CA here that issued what is shown, and can again. */
  issuer: AuthorityRecord | null
  onDone: (rotated: Rotated) => void
}

/** What takes the place of what is shown, with every check and whom it reaches, before anything is done. */
export function RotateForm({ certificate, issuer, onDone }: Props) {
  const [way, setWay] = useState<'issue' | 'bring'>(issuer ? 'issue' : 'bring')
  const impact = useQuery(certificateQueries.impact(certificate.id))
  const bringing = useBrought((content) => previewRotation(certificate.id, content))
  const isReady = way === 'issue' ? impact.data !== undefined : mayRotate(bringing.found)
  return (
    <FormContent
      title={`Rotate ${certificate.name}`}
      description={shownText(certificate)}
      size="lg"
      submit={actionText(impact.data?.gateways.length)}
      disabled={!isReady}
      save={() =>
        way === 'issue' ? rotateCertificate(certificate, { source: 'issue' }) : bring(certificate, bringing)
      }
      refreshes={[certificateQueries.all]}
      onSaved={onDone}
    >
      {() => (
        <>
          {issuer && <Ways issuer={issuer} way={way} setWay={setWay} />}
          {way === 'bring' && (
            <ContentField
              bringing={bringing}
              label="New certificate and key"
              hint={
                certificate.request === null
                  ? 'PEM bundle, PKCS#12, or a Secret of Kubernetes'
                  : 'What the CA answered to the request, or another certificate with its key'
              }
            >
              {bringing.found && <BroughtFacts chain={bringing.found.chain} hasKey={bringing.found.hasKey} />}
            </ContentField>
          )}
          {way === 'bring' && bringing.found && <RenewalChecks checks={bringing.found.checks} />}
          {impact.error ? (
            <ProblemPanel problem={asProblem(impact.error)} onRetry={() => void impact.refetch()} />
          ) : impact.data ? (
            <ImpactFacts impact={impact.data} />
          ) : (
            <Skeleton className="h-28 w-full" />
          )}
        </>
      )}
    </FormContent>
  )
}

async function bring(
  certificate: CertificateRecord,
  { content, found }: Bringing<RotationPreview>,
): Promise<Rotated> {
  if (!content) throw new Error('Nothing was brought.')
  if (found?.answersRequest) return completeRequest(certificate, content)
  return rotateCertificate(certificate, { source: 'import', content })
}

function mayRotate(found: RotationPreview | null): boolean {
  return found !== null && found.checks.every(({ verdict }) => verdict !== 'refused')
}

function shownText({ chain: [leaf] }: CertificateRecord): string {
  if (!leaf) return 'Nothing is shown yet.'
  return `What is shown ends on ${leaf.notAfter.slice(0, 10)}. It is kept and can be restored.`
}

function actionText(gateways: number | undefined): string {
  if (!gateways) return 'Rotate'
  return `Rotate on ${count(gateways, 'gateway')}`
}

interface WaysProps {
  issuer: AuthorityRecord
  way: 'issue' | 'bring'
  setWay: (way: 'issue' | 'bring') => void
}

function Ways({ issuer, way, setWay }: WaysProps) {
  const ways = [
    {
      value: 'issue',
      label: `Issue again by ${issuer.name}`,
      hint: 'A new key, the same names and lifetime.',
    },
    { value: 'bring', label: 'Bring another', hint: 'Drop a PEM bundle or a PKCS#12 file.' },
  ] as const
  return (
    <fieldset className="grid gap-2 sm:grid-cols-2">
      <legend className="mb-1 text-sm font-medium">What takes its place</legend>
      {ways.map(({ value, label, hint }) => (
        <label
          key={value}
          className="flex cursor-pointer items-start gap-2.5 rounded-lg border border-line-2 px-3 py-2 text-sm has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="way"
            value={value}
            checked={way === value}
            onChange={() => setWay(value)}
            className="mt-1 accent-accent"
          />
          <span>
            <span className="block font-medium">{label}</span>
            <span className="block text-xs text-ink-2">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

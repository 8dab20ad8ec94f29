'use client'
import { type CertificateFacts, type Validity, validityOf } from '#domain/certificate.ts'
import { count } from '#domain/listing.ts'
import { validityLook } from '../gateways/reports/looks.ts'
import { useWatch } from '../shell/shell-context.tsx'
import { State } from '../ui/state.tsx'

function daysInWords({ state, daysLeft }: Validity): string {
  if (state === 'expired') return daysLeft >= -1 ? 'under a day ago' : `${count(-daysLeft - 1, 'day')} ago`
  return daysLeft < 1 ? 'under a day' : count(daysLeft, 'day')
}

/** How long a certificate is still valid, and whether that is long. */
export function DaysLeft({ certificate, now }: { certificate: CertificateFacts; now: Date }) {
  const validity = validityOf(certificate, now, useWatch())
  const { label, tone } = validityLook[validity.state]
  return (
    <span className="flex items-center gap-2 whitespace-nowrap" title={`until ${certificate.notAfter}`}>
      <span className="min-w-16 tnum">{daysInWords(validity)}</span>
      <State tone={tone}>{label}</State>
    </span>
  )
}

/** The life of a certificate as a bar: how much of it has gone. */
export function LifeBar({ certificate, now }: { certificate: CertificateFacts; now: Date }) {
  const start = Date.parse(certificate.notBefore)
  const end = Date.parse(certificate.notAfter)
  const share = Math.min(1, Math.max(0, (now.getTime() - start) / (end - start)))
  const { tone } = validityLook[validityOf(certificate, now, useWatch()).state]
  const fill = { ok: 'bg-ok', warn: 'bg-warn', err: 'bg-err', busy: 'bg-accent', idle: 'bg-ink-3' }[tone]
  return (
    <div className="flex flex-col gap-1">
      <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-line">
        <div className={`h-full rounded-full ${fill}`} style={{ width: `${share * 100}%` }} />
      </div>
      <div className="flex justify-between text-xs text-ink-3 tnum">
        <time dateTime={certificate.notBefore}>{certificate.notBefore.slice(0, 10)}</time>
        <time dateTime={certificate.notAfter}>{certificate.notAfter.slice(0, 10)}</time>
      </div>
    </div>
  )
}

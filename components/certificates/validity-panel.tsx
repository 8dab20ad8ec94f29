import type { Standing } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { cn } from '../ui/class-names.ts'
import { Panel } from '../ui/panel.tsx'
import { State } from '../ui/state.tsx'
import { daysText, shortName, validityLook } from './looks.ts'

/** The life of a certificate as a bar: how much of it is over, and where its warning begins. */
export function ValidityPanel({
  certificate: {
    chain: [leaf],
  },
  standing: { at, validity },
}: {
  certificate: CertificateRecord
  standing: Standing
}) {
  if (!leaf || !validity) return null
  const { label, tone } = validityLook[validity.state]
  const [start, end] = [Date.parse(leaf.notBefore), Date.parse(leaf.notAfter)]
  const share = (moment: number) => Math.min(1, Math.max(0, (moment - start) / (end - start))) * 100
  const now = share(Date.parse(at))
  const warning = share(end - validity.warningDays * 86_400_000)
  const isFirst = validity.subject !== leaf.subject
  return (
    <Panel className="px-4 py-3">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span className="text-xl font-semibold tnum">
          {validity.daysLeft < 0 ? daysText(validity.daysLeft) : `${daysText(validity.daysLeft)} left`}
        </span>
        <State tone={tone}>{label}</State>
        <span className="text-sm text-ink-2">
          {isFirst
            ? `${shortName(validity.subject)} in its chain ends first, on ${validity.notAfter.slice(0, 10)}`
            : `warned of ${count(validity.warningDays, 'day')} before its end`}
        </span>
      </div>
      <div
        role="img"
        aria-label={`Valid from ${leaf.notBefore.slice(0, 10)} to ${leaf.notAfter.slice(0, 10)}; ${Math.round(now)} per cent of it are over`}
        className="relative mt-3 h-2.5 overflow-hidden rounded-full bg-line"
      >
        {/* The window of the warning is hatched, so that it reads without colour. */}
        <span
          className="absolute inset-y-0 right-0 bg-warn-soft bg-[repeating-linear-gradient(135deg,var(--warn)_0_1px,transparent_1px_5px)]"
          style={{ left: `${warning}%` }}
        />
        <span
          className={cn('absolute inset-y-0 left-0 rounded-full', barOf[tone])}
          style={{ width: `${now}%` }}
        />
      </div>
      <div className="mt-1.5 flex justify-between text-xs text-ink-3 tnum">
        <span>from {leaf.notBefore.slice(0, 10)}</span>
        <span>to {leaf.notAfter.slice(0, 10)}</span>
      </div>
    </Panel>
  )
}

const barOf = { ok: 'bg-ok', warn: 'bg-warn', err: 'bg-err', busy: 'bg-accent', idle: 'bg-ink-3' } as const

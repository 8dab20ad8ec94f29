import type { CertificateKind, ValidityState } from '#domain/certificate.ts'
import type { ExpiryEntry } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import type { KeptState } from '#domain/kept-certificate.ts'
import type { RenewalCheck } from '#domain/renewal.ts'
import type { CertificateVersionView } from '#domain/trust-record.ts'
import type { CertificateView } from '#domain/trust.ts'
import type { Look, Tone } from '../ui/state.tsx'

export const validityLook: Record<ValidityState, Look> = {
  valid: { label: 'valid', tone: 'ok' },
  expiring: { label: 'expiring', tone: 'warn' },
  critical: { label: 'critical', tone: 'err' },
  expired: { label: 'expired', tone: 'err' },
  'not-yet-valid': { label: 'not valid yet', tone: 'err' },
}

export const kindLabel: Record<CertificateKind, string> = {
  server: 'server',
  client: 'client',
  ca: 'CA',
}

export const versionLook: Record<CertificateVersionView['state'], Look> = {
  current: { label: 'shown', tone: 'ok' },
  previous: { label: 'kept, can be restored', tone: 'idle' },
  requested: { label: 'requested', tone: 'busy' },
  retired: { label: 'retired, without its key', tone: 'idle' },
}

export const keptLook: Record<KeptState, Look> = {
  awaited: { label: 'has not asked yet', tone: 'idle' },
  requested: { label: 'request waits to be signed', tone: 'busy' },
  signed: { label: 'signed, not seen to be shown', tone: 'idle' },
  serving: { label: 'shown', tone: 'ok' },
  failed: { label: 'failed', tone: 'err' },
}

export const checkTone: Record<RenewalCheck['verdict'], Tone> = {
  passed: 'ok',
  warning: 'warn',
  refused: 'err',
}

export const renewalLabel: Record<CertificateView['renewalMethod'], string> = {
  'built-in': 'by a CA here',
  'cert-manager': 'by cert-manager',
  manual: 'by hand',
}

/** How long something has yet, or since when it has ended. */
export function daysText(daysLeft: number): string {
  if (daysLeft < 0) return `ended ${count(-daysLeft, 'day')} ago`
  return daysLeft === 0 ? 'less than a day' : count(daysLeft, 'day')
}

/** What kind of thing ends, in a few words. */
export function sourceText({
  about,
  kind,
  towards,
}: Pick<ExpiryEntry, 'about' | 'kind' | 'towards'>): string {
  if (about.kind === 'api') return `in a policy, towards ${towards}`
  if (about.kind === 'authority') return 'CA'
  return kind === null ? 'certificate' : `${kindLabel[kind]} certificate`
}

/** The common name of a subject, or all of it. */
export function shortName(subject: string): string {
  return /(?:^|[,+])\s*CN=((?:\\.|[^,+\\])*)/i.exec(subject)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? subject
}

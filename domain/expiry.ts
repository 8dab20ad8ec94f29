import { z } from 'zod'
import { certificateFacts, certificateKinds, type ValidityState, validityStates } from './certificate.ts'
import { subject } from './finding.ts'
import { count } from './listing.ts'
import { networkClasses } from './network.ts'
import { renewalMethods } from './trust.ts'

/** Certificates by when they end, as pages and machines see them: what ends, how soon, and what fails then. */

const id = z.string()
const named = z.object({ id, name: z.string() })
const validity = { state: z.enum(validityStates), daysLeft: z.int() }

export const expiryEntry = z.object({
  /** Tells entries apart: an API may show several certificates. */
  id,
  about: subject,
  /** Where it is seen and renewed: the API that an instance belongs to. */
  apiId: id.nullable(),
  towards: z.string().nullable().describe('Of an API: towards whom its policies show it'),
  kind: z.enum(certificateKinds).nullable().describe('Null where no more is known than that it is shown'),
  /** Null while its first version is only asked for. */
  ends: z
    .object({
      ...validity,
      notBefore: z.iso.datetime(),
      notAfter: z.iso.datetime().describe('When the first certificate of its chain ends'),
      subject: z.string(),
      issuer: z.string(),
      names: z.array(z.string()),
      first: z.string().nullable().describe('What of its chain ends before it'),
    })
    .nullable(),
  contexts: z.array(named),
  breaks: z.object({ apis: z.int(), consumers: z.int(), legs: z.int() }),
  renewalMethod: z.enum(renewalMethods).nullable(),
  /** A request for another version is out. */
  isRequested: z.boolean(),
})
export const expiryList = z.object({ at: z.iso.datetime(), entries: z.array(expiryEntry) })

/** How one certificate stands: its chain up to a CA, and what fails when it lapses. */
export const standing = z.object({
  at: z.iso.datetime(),
  /** Of what ends first of its chain; null before the first version. */
  validity: z
    .object({ ...validity, subject: z.string(), notAfter: z.iso.datetime(), warningDays: z.number() })
    .nullable(),
  chain: z.object({
    links: z.array(certificateFacts.extend({ ...validity, isSent: z.boolean() })),
    anchor: named.nullable().describe('The CA here that it ends at'),
    missing: z.string().nullable().describe('The issuer that nobody could find: "unknown authority"'),
    /** A CA or chain here that would close the gap. */
    known: z.string().nullable(),
  }),
  contexts: z.array(named.extend({ class: z.enum(networkClasses) })),
  apis: z.array(named.extend({ apiId: id, label: z.string() })),
  consumers: z.array(named),
  legs: z.array(z.object({ id, from: z.string(), to: z.string() })),
})

export type ExpiryEntry = z.infer<typeof expiryEntry>
export type ExpiryList = z.infer<typeof expiryList>
export type Standing = z.infer<typeof standing>

/** How far it goes, in a few words: `7 APIs, 12 consumers, 9 legs`. */
export function breaksText({ apis, consumers, legs }: ExpiryEntry['breaks']): string {
  if (legs === 0) return 'nothing uses it'
  return [count(apis, 'API'), count(consumers, 'consumer'), count(legs, 'leg')].join(', ')
}

/** Where what ends is looked at: a certificate, a CA, or the policies that hold it. */
export function entryHref({ about, apiId }: Pick<ExpiryEntry, 'about' | 'apiId'>): string {
  if (about.kind === 'certificate') return `/certificates/${about.id}`
  if (about.kind === 'authority') return `/authorities/${about.id}`
  return `/catalog/${apiId}/policies?instance=${about.id}`
}

const needing: ReadonlySet<ValidityState> = new Set(['expired', 'critical', 'expiring', 'not-yet-valid'])

/** Whether somebody must see to it: it has ended, cannot be used yet, or is in the time in which it is warned of. */
export function needsSomebody({ ends }: Pick<ExpiryEntry, 'ends'>): boolean {
  return ends !== null && needing.has(ends.state)
}

// ── what is looked at ───────────────────────────────────────────────────────

export const expirySources = ['certificate', 'authority', 'api'] as const
export const expiryFilter = z.object({
  search: z.string().trim().max(200).catch(''),
  /** Days from now; what has ended is within any. */
  within: z.coerce.number().int().min(1).max(3_650).nullable().catch(null),
  state: z
    .enum([...validityStates, 'attention', 'requested'])
    .nullable()
    .catch(null),
  source: z.enum(expirySources).nullable().catch(null),
  /** `2027-01`; what ended before this month is `ended`. */
  month: z
    .string()
    .regex(/^(?:\d{4}-\d{2}|ended|later)$/)
    .nullable()
    .catch(null),
})
export type ExpiryFilter = z.infer<typeof expiryFilter>
export const everything: ExpiryFilter = { search: '', within: null, state: null, source: null, month: null }

/** What a filter leaves, the soonest first. */
export function matching({ at, entries }: ExpiryList, filter: ExpiryFilter): ExpiryEntry[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter((entry) => {
    const { ends, about } = entry
    if (filter.source !== null && about.kind !== filter.source) return false
    if (filter.within !== null && (ends === null || ends.daysLeft >= filter.within)) return false
    if (filter.month !== null && (ends === null || monthOf(ends.notAfter, at) !== filter.month)) return false
    return isInState(entry, filter.state) && words.every((word) => textOf(entry).includes(word))
  })
}

function isInState(entry: ExpiryEntry, state: ExpiryFilter['state']): boolean {
  if (state === null) return true
  if (state === 'attention') return needsSomebody(entry)
  if (state === 'requested') return entry.isRequested
  return entry.ends?.state === state
}

function textOf({ about, ends, contexts }: ExpiryEntry): string {
  const said = [about.name, ends?.subject, ends?.issuer, ...(ends?.names ?? [])]
  return [...said, ...contexts.map(({ name }) => name)].join(' ').toLowerCase()
}

// ── the months ahead ────────────────────────────────────────────────────────

const monthsAhead = 12

export interface Month {
  /** `2027-01`, or what lies before and behind: `ended`, `later`. */
  readonly key: string
  readonly entries: readonly ExpiryEntry[]
}

/** What ends when: what has ended, the next twelve months beginning with this one, and everything later. */
export function monthsOf({ at, entries }: ExpiryList): Month[] {
  const byMonth = Map.groupBy(
    entries.flatMap((entry) => (entry.ends ? [{ entry, key: monthOf(entry.ends.notAfter, at) }] : [])),
    ({ key }) => key,
  )
  return ['ended', ...nextMonths(at), 'later'].map((key) => ({
    key,
    entries: (byMonth.get(key) ?? []).map(({ entry }) => entry),
  }))
}

function monthOf(notAfter: string, at: string): string {
  if (Date.parse(notAfter) <= Date.parse(at)) return 'ended'
  const month = new Date(notAfter).toISOString().slice(0, 7)
  return nextMonths(at).includes(month) ? month : 'later'
}

function nextMonths(at: string): string[] {
  const now = new Date(at)
  return Array.from({ length: monthsAhead }, (_, index) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index)).toISOString().slice(0, 7),
  )
}

import { z } from 'zod'

/** What a topology is of: the drafts of today, what is deployed, or what was at some time. */
export type Moment =
  /** What stands there now, with every draft. */
  | { readonly kind: 'draft' }
  /** What gateways are to serve now. */
  | { readonly kind: 'deployed' }
  /** When a gateway's revision was deployed. */
  | { readonly kind: 'revision'; readonly gateway: string; readonly number: number }
  | { readonly kind: 'date'; readonly at: string }
  /** What somebody signed off, as everything else stood then. */
  | { readonly kind: 'sign-off'; readonly id: string }
  /** What somebody asked to have judged, as everything else stands now. */
  | { readonly kind: 'review'; readonly id: string }

/** As addresses and REST write a moment: `draft`, `edge@42`, `2026-11-30T12:00:00Z`, `sign-off:…`. */
export function momentText(moment: Moment): string {
  switch (moment.kind) {
    case 'draft':
    case 'deployed':
      return moment.kind
    case 'revision':
      return `${moment.gateway}@${moment.number}`
    case 'date':
      return moment.at
    case 'sign-off':
    case 'review':
      return `${moment.kind}:${moment.id}`
  }
}

const date = z.iso.datetime({ offset: true })
const revision = /^([a-z0-9-]{1,63})@([1-9]\d{0,8})$/
const record = /^(sign-off|review):([0-9a-f-]{36})$/

/** Null for what is no moment. */
export function parseMoment(text: string): Moment | null {
  if (text === 'draft' || text === 'deployed') return { kind: text }
  const [, gateway, number] = revision.exec(text) ?? []
  if (gateway !== undefined) return { kind: 'revision', gateway, number: Number(number) }
  const [, kind, id] = record.exec(text) ?? []
  if (id !== undefined && z.uuid().safeParse(id).success)
    return { kind: kind === 'review' ? 'review' : 'sign-off', id }
  const parsed = date.safeParse(text)
  return parsed.success ? { kind: 'date', at: new Date(parsed.data).toISOString() } : null
}

/** A moment as text, for queries. */
export const momentInput = z
  .string()
  .max(100)
  .transform((text, context) => {
    const moment = parseMoment(text)
    if (moment) return moment
    const message = 'Give draft, deployed, a revision like edge@42, or a date like 2026-11-30T12:00:00Z.'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .meta({
    description:
      'draft, deployed, a revision of a gateway (edge@42), a date (2026-11-30T12:00:00Z), sign-off:ID or review:ID',
  })

/** Whether anything may be changed where it is shown: only what is now can be. */
export function isNow({ kind }: Moment): boolean {
  return kind === 'draft'
}

/** What a moment is called, and when it is. */
export const momentView = z.object({
  moment: z.string().describe('As ?at= takes it'),
  label: z.string().describe('Revision 42 of edge'),
  at: z.iso.datetime().describe('Certificates are judged at that date'),
  /** Null where it is of no single gateway. */
  gatewayId: z.string().nullable(),
  revision: z.int().nullable(),
})
export type MomentView = z.infer<typeof momentView>

/** A moment that one can go to. */
const choice = momentView.extend({
  note: z.string(),
  by: z.string(),
  signedOffBy: z.string().nullable().describe('Who answers for exactly this'),
  isKept: z.boolean().describe('Whether what stood around the gateways then is known'),
})
export const momentChoices = z.object({
  /** Null while nothing has ever stood there. */
  keptSince: z.iso.datetime().nullable().describe('From when on everything is kept'),
  keptDays: z.int().describe('What ended so many days ago is cut'),
  choices: z.array(choice).describe('Revisions, newest first'),
})
export type MomentChoice = z.infer<typeof choice>
export type MomentChoices = z.infer<typeof momentChoices>

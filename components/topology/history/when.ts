import { parseMoment } from '#domain/moment.ts'

/** Which time the topology page shows, as the address holds it. */

export interface Compared {
  readonly from: string
  readonly to: string
}

export interface When {
  /** A moment as text; null for now. */
  readonly at: string | null
  readonly compare: Compared | null
}

export const now: When = { at: null, compare: null }

/** Reads the address; what it does not understand is as if it were not there. */
export function readWhen(search: URLSearchParams): When {
  const [from, to, ...more] = (search.get('compare') ?? '').split('..')
  if (isMoment(from) && isMoment(to) && more.length === 0) return { at: null, compare: { from, to } }
  const at = search.get('at')
  return { at: isMoment(at) && at !== 'draft' ? at : null, compare: null }
}

function isMoment(text: string | null | undefined): text is string {
  return typeof text === 'string' && parseMoment(text) !== null
}

export function writeWhen({ at, compare }: When, search: URLSearchParams): void {
  if (compare) search.set('compare', `${compare.from}..${compare.to}`)
  else if (at) search.set('at', at)
}

/** The address that compares two moments. */
export function compareHref({ from, to }: Compared): string {
  return `/topology?${new URLSearchParams({ compare: `${from}..${to}` })}`
}

/** A moment in a sentence; its own words where it has none on the page. */
export function momentWords(text: string): string {
  const moment = parseMoment(text)
  switch (moment?.kind) {
    case 'draft':
      return 'now, with drafts'
    case 'deployed':
      return 'what is deployed'
    case 'revision':
      return `revision ${moment.number} of ${moment.gateway}`
    case 'date':
      return dateWords(moment.at)
    case 'sign-off':
      return 'the last sign-off'
    case 'review':
      return 'what is under review'
    case undefined:
      return text
  }
}

/** The same on the server and in every zone. */
export function dateWords(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
}

const long = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const short = new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' })

/** A month of the timeline in words: `January 2027`, or what lies before and behind. */
export function monthName(key: string): string {
  if (key === 'ended') return 'Ended'
  return key === 'later' ? 'Later than a year' : long.format(new Date(`${key}-01T00:00:00Z`))
}

/** The same where there is little room; the year stands where it begins. */
export function monthMark(key: string, isFirst: boolean): string {
  if (key === 'ended') return 'Ended'
  if (key === 'later') return 'Later'
  const name = short.format(new Date(`${key}-01T00:00:00Z`))
  return isFirst || key.endsWith('-01') ? `${name} ${key.slice(2, 4)}` : name
}

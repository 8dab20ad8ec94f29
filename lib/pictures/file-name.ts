/** A name for a file: what it is, whose, and of which day, in letters that every system takes. */
export function fileNameOf(what: string, organisation: string, at: Date, extension: string): string {
  const whose = organisation
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
  return `${[what, whose, at.toISOString().slice(0, 10)].filter((part) => part !== '').join('-')}.${extension}`
}

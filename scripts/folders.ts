import path from 'node:path'

/** The checkout. */
export const checkout = path.resolve(import.meta.dirname, '..')

/** A path as it is shown to people: from the checkout on where it lies inside, else whole. */
export function shownPath(folder: string): string {
  const relative = path.relative(checkout, folder)
  return relative.startsWith('..') ? folder : relative || '.'
}

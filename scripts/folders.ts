import path from 'node:path'

/** The checkout. */
export const checkout = path.resolve(import.meta.dirname, '..')

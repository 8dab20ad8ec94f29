import { everything, type ExpiryFilter } from '#domain/expiry.ts'

/** The address of one certificate; with `rotate` its renewal is open. */
export function certificateHref(id: string, open?: 'rotate'): string {
  return `/certificates/${id}${open ? `?${open}` : ''}`
}

/** The address of the list with a filter, without what is as it comes. */
export function listHref(filter: Partial<ExpiryFilter>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...everything, ...filter }))
    if (value !== null && value !== '') search.set(name, String(value))
  return `/certificates${search.size > 0 ? `?${search}` : ''}`
}

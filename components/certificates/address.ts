import { everything, type ExpiryEntry, type ExpiryFilter } from '#domain/expiry.ts'

/** The address of one certificate; with `rotate` its renewal is open. */
export function certificateHref(id: string, open?: 'rotate'): string {
  return `/certificates/${id}${open ? `?${open}` : ''}`
}

/** Where what ends is looked at: a certificate, a CA, or the policies that hold it. */
export function entryHref({ about, apiId }: Pick<ExpiryEntry, 'about' | 'apiId'>): string {
  if (about.kind === 'certificate') return certificateHref(about.id)
  if (about.kind === 'authority') return `/authorities/${about.id}`
  return `/catalog/${apiId}/policies?instance=${about.id}`
}

/** The address of the list with a filter, without what is as it comes. */
export function listHref(filter: Partial<ExpiryFilter>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...everything, ...filter }))
    if (value !== null && value !== '') search.set(name, String(value))
  return `/certificates${search.size > 0 ? `?${search}` : ''}`
}

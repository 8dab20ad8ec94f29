'use client'
import { useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { type ExpiryFilter, expiryFilter } from '#domain/expiry.ts'
import { listHref } from './address.ts'

/** What of the list is looked at, as the address says it, and a way to change it there. */
export function useExpiryFilter(): {
  filter: ExpiryFilter
  change: (change: Partial<ExpiryFilter>) => void
} {
  const search = useSearchParams()
  const filter = useMemo(() => expiryFilter.parse(Object.fromEntries(search)), [search])
  const change = (part: Partial<ExpiryFilter>) => {
    // No question to the server: the page has everything already.
    window.history.replaceState(null, '', listHref({ ...filter, ...part }))
  }
  return { filter, change }
}

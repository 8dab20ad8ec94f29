'use client'
import { useQuery } from '@tanstack/react-query'
import { needsSomebody } from '#domain/expiry.ts'
import { certificateQueries } from './queries.ts'

/** How many have ended or are in the time in which they are warned of; nothing while there are none. */
export function CertificateAlarm() {
  const { data } = useQuery(certificateQueries.expiries())
  const number = data?.entries.filter(needsSomebody).length ?? 0
  if (number === 0) return null
  return (
    <span className="ml-auto text-xs font-medium text-err tnum">
      {number}
      <span className="sr-only"> {number === 1 ? 'needs' : 'need'} somebody</span>
    </span>
  )
}

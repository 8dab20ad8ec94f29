'use client'
import { useEffect, useState } from 'react'

const steps: [limitSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, 'second', 1],
  [3_600, 'minute', 60],
  [86_400, 'hour', 3_600],
  [2_592_000, 'day', 86_400],
  [31_536_000, 'month', 2_592_000],
]
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** How long ago a moment is, in words. */
function ago(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1_000)
  if (Math.abs(seconds) < 5) return 'now'
  const [, unit, size] = steps.find(([limit]) => Math.abs(seconds) < limit) ?? [
    0,
    'year' as const,
    31_536_000,
  ]
  return words.format(Math.round(seconds / size), unit)
}

/** A moment in words that keep up with the clock; the exact time shows on hover. */
export function RelativeTime({ at, className }: { at: string | Date; className?: string }) {
  const moment = typeof at === 'string' ? new Date(at) : at
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 10_000)
    return () => clearInterval(timer)
  }, [])
  const iso = moment.toISOString()
  // The server does not know the reader's clock or zone; both sides first draw the same exact text.
  return (
    <time dateTime={iso} title={iso} className={className} suppressHydrationWarning>
      {ago(moment, moment > now ? moment : now)}
    </time>
  )
}

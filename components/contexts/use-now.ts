'use client'
import { useEffect, useState } from 'react'

const minuteMs = 60_000

/** The moment at which certificates are judged: the server's at first, so that both sides draw the same. */
export function useNow(at: string): Date {
  const [now, setNow] = useState(() => new Date(at))
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), minuteMs)
    return () => clearInterval(timer)
  }, [])
  return now
}

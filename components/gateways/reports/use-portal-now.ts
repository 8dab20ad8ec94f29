import { useEffect, useState } from 'react'

const tickMs = 1_000

/**
 * The portal's clock: when the answer was made, and how long ago that is by the reader's own clock. Two machines
 * agree on how long something takes, not on what time it is.
 */
export function usePortalNow(at: string, receivedAtMs: number): Date {
  const [nowMs, setNowMs] = useState(receivedAtMs)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  return new Date(Date.parse(at) + Math.max(0, nowMs - receivedAtMs))
}

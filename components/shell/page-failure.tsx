'use client'
import { RotateCcw } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { startTransition, useEffect, useEffectEvent, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { LoadFailed } from '../ui/empty-state.tsx'
import { type PortalHealth, readHealth } from './health.ts'
import { healthText } from './health-banner.tsx'

interface Props {
  error: Error & { digest?: string }
  reset: () => void
}

/**
 * Stands in the place of a page that could not be shown. It asks how the portal is, says so, and shows the
 * page again by itself once the portal has recovered.
 */
export function PageFailure({ error, reset }: Props) {
  const router = useRouter()
  const [health, setHealth] = useState<PortalHealth | null>(null)
  const retry = () =>
    startTransition(() => {
      router.refresh()
      reset()
    })
  useWatchedHealth((next, previous) => {
    setHealth(next)
    if (next === 'well' && previous !== null && previous !== 'well') retry()
  })
  const away = health !== null && health !== 'well'
  return (
    <div className="p-4 md:p-5.5">
      <LoadFailed
        title={away ? 'The portal is not complete at the moment' : 'This page could not be shown'}
        action={
          <Button onClick={retry}>
            <RotateCcw aria-hidden />
            Try again
          </Button>
        }
      >
        {away ? healthText[health] : 'This is a fault on our side. Gateways go on serving.'}
        {error.digest && (
          <p className="mt-2 text-xs text-ink-3">
            In the log it is <Mono>{error.digest}</Mono>
          </p>
        )}
      </LoadFailed>
    </div>
  )
}

// The frame with its query client may be what failed, so this asks without it.
function useWatchedHealth(onAnswer: (next: PortalHealth, previous: PortalHealth | null) => void): void {
  const answered = useEffectEvent(onAnswer)
  useEffect(() => {
    let previous: PortalHealth | null = null
    const controller = new AbortController()
    const ask = async () => {
      const next = await readHealth(controller.signal).catch(() => null)
      if (next === null || controller.signal.aborted) return
      answered(next, previous)
      previous = next
    }
    void ask()
    const timer = setInterval(() => void ask(), 3_000)
    return () => {
      controller.abort()
      clearInterval(timer)
    }
  }, [])
}

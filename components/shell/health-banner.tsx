'use client'
import { TriangleAlert } from 'lucide-react'
import { type PortalHealth, usePortalHealth } from './health.ts'

export const healthText: Record<Exclude<PortalHealth, 'well'>, string> = {
  'database-away': 'The portal cannot reach its database. Gateways go on serving.',
  'changes-unheard': 'Changes are not heard of at the moment. Gateways go on serving what they have.',
  'portal-away': 'The portal does not answer. Gateways go on serving; this page tries again by itself.',
}

/** Says above every page that the portal or its database is away, for as long as it is. */
export function HealthBanner() {
  const health = usePortalHealth()
  return (
    <div role="status" aria-live="polite">
      {health && health !== 'well' && (
        <div className="flex items-center gap-2 border-b border-warn bg-warn-soft px-4.5 py-2 text-sm text-warn">
          <TriangleAlert aria-hidden className="size-4 shrink-0" />
          {healthText[health]}
        </div>
      )}
    </div>
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import type { ExpiryList } from '#domain/expiry.ts'
import type { Overview as Seen } from '#domain/overview.ts'
import { certificateQueries } from '../certificates/queries.ts'
import { ApiList } from './api-list.tsx'
import { NextSteps } from './next-steps.tsx'
import { OverviewTiles } from './overview-tiles.tsx'
import { overviewQuery } from './queries.ts'
import { RecentDeployments } from './recent-deployments.tsx'

/** How everything stands, kept up to date. */
export function Overview({ initial, expiries }: { initial: Seen; expiries: ExpiryList }) {
  const { data: seen } = useQuery({ ...overviewQuery, initialData: initial })
  const { data: ends } = useQuery({ ...certificateQueries.expiries(), initialData: expiries })
  return (
    <div className="flex flex-col gap-5">
      <OverviewTiles seen={seen} ends={ends} />
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_360px]">
        <ApiList seen={seen} />
        <div className="flex min-w-0 flex-col gap-5">
          <NextSteps seen={seen} endings={ends.entries} />
          <RecentDeployments seen={seen} />
        </div>
      </div>
    </div>
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import type { Overview as Seen } from '#domain/overview.ts'
import { ApiList } from './api-list.tsx'
import { NextSteps } from './next-steps.tsx'
import { OverviewTiles } from './overview-tiles.tsx'
import { overviewQuery } from './queries.ts'
import { RecentDeployments } from './recent-deployments.tsx'

/** How everything stands, kept up to date. */
export function Overview({ initial }: { initial: Seen }) {
  const { data: seen } = useQuery({ ...overviewQuery, initialData: initial })
  return (
    <div className="flex flex-col gap-5">
      <OverviewTiles seen={seen} />
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_360px]">
        <ApiList seen={seen} />
        <div className="flex min-w-0 flex-col gap-5">
          <NextSteps seen={seen} />
          <RecentDeployments seen={seen} />
        </div>
      </div>
    </div>
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeftRight } from 'lucide-react'
import Link from 'next/link'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { deploymentsHref } from './address.ts'
import { ChangeList } from './change-list.tsx'
import { countOf } from './looks.ts'
import { deploymentQueries } from './queries.ts'

/** What lies between two revisions. */
export function Comparison({ gatewayId, from, to }: { gatewayId: string; from: number; to: number }) {
  const { data, error, refetch } = useQuery(deploymentQueries.comparison(gatewayId, from, to))
  return (
    <Section
      title={`From revision ${from} to ${to}`}
      description={data && countOf(data.count, 'change')}
      action={
        <Button asChild size="sm">
          <Link href={deploymentsHref({ gateway: gatewayId, compare: [to, from] })}>
            <ArrowLeftRight aria-hidden /> Swap
          </Link>
        </Button>
      }
    >
      {error && !data && <ProblemPanel problem={asProblem(error)} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-40 w-full" />}
      {data?.count === 0 && <p className="text-sm text-ink-2">Both serve exactly the same.</p>}
      {data && <ChangeList difference={data} />}
    </Section>
  )
}

'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import type { AuthorityRecord, RotationRecord, RotationSummary } from '#domain/trust-record.ts'
import { TrustTabs } from '../certificates/trust-tabs.tsx'
import { DaysLeft } from '../contexts/days-left.tsx'
import { Touched } from '../contexts/touched.tsx'
import { refreshTrust } from '../contexts/trust-dialog.tsx'
import { useNow } from '../contexts/use-now.ts'
import { Page } from '../shell/page.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { toastProblem } from '../ui/toast.tsx'
import { authorityQueries, endRotation, rotationQueries } from './queries.ts'
import { RotationBegin } from './rotation-begin.tsx'
import { RotationSteps } from './rotation-steps.tsx'

interface Props {
  fromId: string
  authorities: AuthorityRecord[]
  rotations: RotationSummary[]
  at: string
}

/** Replaces a CA by another, step by step, without a failed handshake. */
export function RotationPage(initial: Props) {
  const { data: authorities } = useQuery({ ...authorityQueries.list(), initialData: initial.authorities })
  const { data: rotations } = useQuery({ ...rotationQueries.list(), initialData: initial.rotations })
  const from = authorities.find(({ id }) => id === initial.fromId)
  const begun = rotations.find(({ fromId }) => fromId === initial.fromId)
  const { data: rotation } = useQuery({
    ...rotationQueries.one(begun?.id ?? ''),
    enabled: begun !== undefined,
  })
  const to = authorities.find(({ id }) => id === begun?.toId)
  const now = useNow(initial.at)
  const name = from?.name ?? 'a CA'
  return (
    <Page
      title={`Rotate ${name}`}
      crumbs={[
        { label: 'CAs', href: '/authorities' },
        { label: name, href: `/authorities/${initial.fromId}` },
      ]}
      actions={rotation && <EndRotation rotation={rotation} />}
    >
      <div className="flex flex-col gap-5">
        <TrustTabs />
        {from && (
          <div className="flex flex-wrap items-stretch gap-3">
            <AuthorityCard label="Old" authority={from} now={now} />
            {to && (
              <>
                <ArrowRight aria-hidden className="size-4 self-center text-ink-3" />
                <AuthorityCard label="New" authority={to} now={now} />
              </>
            )}
          </div>
        )}
        {from && !begun && <RotationBegin from={from} authorities={authorities} />}
        {begun && <Begun rotation={rotation} />}
      </div>
    </Page>
  )
}

function AuthorityCard({ label, authority, now }: { label: string; authority: AuthorityRecord; now: Date }) {
  return (
    <Panel className="min-w-56 px-3.5 py-2.5">
      <div className="text-xs text-ink-3">{label}</div>
      <Link
        href={`/authorities/${authority.id}`}
        className="rounded-sm text-sm font-semibold hover:text-accent"
      >
        {authority.name}
      </Link>
      <DaysLeft certificate={authority.certificate} now={now} />
    </Panel>
  )
}

function Begun({ rotation }: { rotation: RotationRecord | undefined }) {
  if (!rotation) return <Skeleton className="h-96 w-full" />
  const isOver = rotation.steps.every(({ state }) => state === 'done')
  return (
    <div className="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
      <Section
        title="Steps"
        description={
          <>
            begun by {rotation.createdBy} <RelativeTime at={rotation.createdAt} />
          </>
        }
      >
        <Panel className="px-4 py-4">
          {isOver && (
            <Notice
              tone="ok"
              title={`${rotation.to} has taken the place of ${rotation.from}`}
              className="mb-4"
            >
              Nothing trusts the old CA any more. End the rotation once there is no way back to be kept.
            </Notice>
          )}
          <RotationSteps rotation={rotation} />
        </Panel>
      </Section>
      <Section title="What it touches" description="Each step is served at once, without a redeploy.">
        <Touched impact={rotation.impact} none="Nothing that is deployed goes by it." />
      </Section>
    </div>
  )
}

function EndRotation({ rotation }: { rotation: RotationRecord }) {
  const client = useQueryClient()
  const router = useRouter()
  const mayWrite = useMay('trust.write')
  const ending = useMutation({
    mutationFn: endRotation,
    onSuccess: async () => {
      await refreshTrust(client)
      router.push(`/authorities/${rotation.fromId}`)
    },
    onError: (error) => toastProblem(asProblem(error)),
  })
  if (!mayWrite) return null
  return (
    <Button
      busy={ending.isPending}
      title="What its steps changed stays as it is"
      onClick={() => ending.mutate(rotation)}
    >
      End rotation
    </Button>
  )
}

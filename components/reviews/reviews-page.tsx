'use client'
import { useQuery } from '@tanstack/react-query'
import { CheckCheck, MessageSquare, ShieldAlert, ShieldCheck } from 'lucide-react'
import Link from 'next/link'
import { count } from '#domain/listing.ts'
import type { Review, Thread } from '#domain/review.ts'
import { type SignOff, stands } from '#domain/sign-off.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { compareHref } from '../topology/history/when.ts'
import { Mono } from '../ui/code-line.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { reviewLook, shortHash, subjectOf } from './looks.ts'
import { ObjectionButton } from './objection-dialog.tsx'
import { reviewQueries } from './queries.ts'
import { RequestReviewButton } from './request-dialog.tsx'

interface Props {
  initial: { reviews: Review[]; signOffs: SignOff[]; threads: Thread[] }
}

/** What waits to be judged, what people say about it, and who answers for what. */
export function ReviewsPage({ initial }: Props) {
  const mayWrite = useMay('reviews.write')
  const { data: reviews } = useQuery({ ...reviewQueries.list(), initialData: initial.reviews })
  const { data: signOffs } = useQuery({ ...reviewQueries.signOffs(), initialData: initial.signOffs })
  const { data: threads } = useQuery({ ...reviewQueries.threads(), initialData: initial.threads })
  const open = reviews.filter(({ state }) => state === 'open')
  const closed = reviews.filter(({ state }) => state !== 'open')
  const unsettled = threads.filter(({ resolvedAt }) => resolvedAt === null)
  return (
    <Page title="Reviews" crumbs={[{ label: 'Trust' }]} actions={mayWrite && <RequestReviewButton />}>
      <div className="grid gap-x-5 gap-y-6 lg:grid-cols-[minmax(0,1fr)_minmax(300px,400px)]">
        <div className="flex min-w-0 flex-col gap-6">
          <Section title="Open reviews" description={count(open.length, 'review')}>
            {open.length === 0 ? (
              <NoneYet icon={CheckCheck} title="Nothing waits for a review">
                A draft or a revision is reviewed by somebody who changed nothing in it, and signed off by the
                hash of its manifest.
              </NoneYet>
            ) : (
              <ReviewList reviews={open} />
            )}
          </Section>
          {closed.length > 0 && (
            <Section title="Closed reviews">
              <ReviewList reviews={closed} />
            </Section>
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          <Section title="Unsettled comments" description={count(unsettled.length, 'thread')}>
            <Threads threads={unsettled} />
          </Section>
          <Section title="Sign-offs">
            <SignOffs signOffs={signOffs} />
          </Section>
        </div>
      </div>
    </Page>
  )
}

function ReviewList({ reviews }: { reviews: readonly Review[] }) {
  return (
    <ul className="flex flex-col gap-2">
      {reviews.map((review) => {
        const { label, tone } = reviewLook[review.state]
        return (
          <li
            key={review.id}
            className="relative rounded-lg border border-line bg-panel px-3.5 py-2.5 transition-colors hover:border-line-2"
          >
            <div className="flex items-center gap-2">
              <Link
                href={`/reviews/${review.id}`}
                className="min-w-0 truncate text-sm font-semibold after:absolute after:inset-0 after:rounded-lg"
              >
                {subjectOf(review)}
              </Link>
              <span className="ml-auto">
                <State tone={tone}>{label}</State>
              </span>
            </div>
            {review.note && <p className="truncate text-sm">{review.note}</p>}
            <div className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-xs text-ink-3">
              <span>
                asked by {review.requestedBy} <RelativeTime at={review.requestedAt} />
              </span>
              <span>{count(review.changes, 'change')} since the last sign-off</span>
              {review.weakening > 0 && (
                <span className="inline-flex items-center gap-1 text-warn">
                  <ShieldAlert aria-hidden className="size-3.5" />
                  {review.weakening} with less protection
                </span>
              )}
              {review.demanded && <span>{review.environment} demands a sign-off</span>}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function Threads({ threads }: { threads: readonly Thread[] }) {
  if (threads.length === 0)
    return <p className="text-sm text-ink-2">Comments on legs and findings of the topology stand here.</p>
  return (
    <ul className="flex flex-col gap-2">
      {threads.map(({ id, subject, comments }) => {
        const last = comments.at(-1)
        return (
          <li
            key={id}
            className="relative rounded-lg border border-line bg-panel px-3 py-2 hover:border-line-2"
          >
            <Link
              href={topologyHref(subject.legId)}
              className="flex items-center gap-1.5 text-sm font-medium after:absolute after:inset-0"
            >
              <MessageSquare aria-hidden className="size-3.5 shrink-0 text-ink-3" />
              <span className="min-w-0 truncate">{subject.name}</span>
            </Link>
            {last && (
              <>
                <p className="line-clamp-2 text-sm text-ink-2">{last.text}</p>
                <p className="text-xs text-ink-3">
                  {last.author} <RelativeTime at={last.at} />
                  {comments.length > 1 && `, ${comments.length} comments`}
                </p>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}

/** Where the topology shows a leg. */
function topologyHref(legId: string | null): string {
  return legId === null ? '/topology' : `/topology?${new URLSearchParams({ select: `leg:${legId}` })}`
}

function SignOffs({ signOffs }: { signOffs: readonly SignOff[] }) {
  if (signOffs.length === 0) return <p className="text-sm text-ink-2">Nobody has signed anything off yet.</p>
  return (
    <Panel>
      <ul className="divide-y divide-line">
        {signOffs.map((signOff) => (
          <SignOffEntry key={signOff.id} signOff={signOff} />
        ))}
      </ul>
    </Panel>
  )
}

export function SignOffEntry({ signOff }: { signOff: SignOff }) {
  const maySign = useMay('reviews.sign')
  const counts = stands(signOff)
  return (
    <li className="px-3 py-2 text-sm">
      <div className="flex items-center gap-2">
        {counts ? (
          <ShieldCheck aria-label="counts" className="size-4 shrink-0 text-ok" />
        ) : (
          <ShieldAlert aria-label="objected to" className="size-4 shrink-0 text-err" />
        )}
        <span className="min-w-0 truncate font-medium">{subjectOf(signOff)}</span>
        <Mono className="ml-auto text-xs text-ink-3">{shortHash(signOff.hash)}</Mono>
      </div>
      <p className="text-xs text-ink-3">
        {signOff.by} <RelativeTime at={signOff.at} />
        {signOff.note && `: ${signOff.note}`}
      </p>
      {signOff.objections.map(({ id, by, reason, at }) => (
        <p key={id} className="text-xs text-err">
          {by} objected <RelativeTime at={at} />: {reason}
        </p>
      ))}
      <div className="mt-1 flex gap-3 text-xs">
        <Link
          href={compareHref({ from: `sign-off:${signOff.id}`, to: 'deployed' })}
          className="rounded-sm text-accent hover:underline"
        >
          What changed since
        </Link>
        {counts && maySign && <ObjectionButton signOff={signOff} />}
      </div>
    </li>
  )
}

'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { count, listed } from '#domain/listing.ts'
import type { ReviewDetail, Thread } from '#domain/review.ts'
import { ChangeList } from '../deployments/change-list.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { NewFindings } from '../topology/history/change-parts.tsx'
import { compareHref } from '../topology/history/when.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { Notice } from '../ui/notice.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { reviewLook, shortHash, subjectOf } from './looks.ts'
import { reviewQueries, withdrawReview } from './queries.ts'
import { SignOffEntry } from './reviews-page.tsx'
import { SignOffDialog } from './sign-off-dialog.tsx'
import { ThreadCard } from './threads.tsx'

interface Props {
  initial: ReviewDetail
  threads: Thread[]
}

/** All that one needs to judge a revision or a draft, and the judgement. */
export function ReviewPage({ initial, threads: initialThreads }: Props) {
  const { data: review } = useQuery({ ...reviewQueries.one(initial.id), initialData: initial })
  const { data: threads } = useQuery({ ...reviewQueries.threads(), initialData: initialThreads })
  const { label, tone } = reviewLook[review.state]
  const unsettled = threads.filter(({ resolvedAt }) => resolvedAt === null)
  const { added, gone } = review.findings
  return (
    <Page
      title={subjectOf(review)}
      crumbs={[{ label: 'Reviews', href: '/reviews' }]}
      actions={<Actions review={review} />}
    >
      <div className="grid gap-x-5 gap-y-6 lg:grid-cols-[minmax(0,1fr)_minmax(300px,400px)]">
        <div className="flex min-w-0 flex-col gap-6">
          <Standing review={review} />
          <Section
            title={review.since ? 'What changed since the last sign-off' : 'What is to be signed off'}
            description={count(review.changes, 'change')}
            action={
              <Link
                href={compareHref({ from: review.from ?? 'deployed', to: review.to })}
                className="text-xs text-accent hover:underline"
              >
                See it on the topology
              </Link>
            }
          >
            {review.changes === 0 ? (
              <p className="text-sm text-ink-2">It is exactly what was signed off.</p>
            ) : (
              <ChangeList difference={review.difference} />
            )}
          </Section>
          <Section
            title={review.since ? 'Findings new since then' : 'Findings'}
            description={count(added.length, 'finding')}
          >
            {added.length === 0 && <p className="text-sm text-ink-2">No new finding.</p>}
            <NewFindings title="New or graver" findings={added} />
            <NewFindings title="Gone" findings={gone} />
          </Section>
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          <Section title="Review" action={<State tone={tone}>{label}</State>}>
            <Panel className="px-3.5 py-3">
              <Facts>
                <Fact label="Asked by">
                  {review.requestedBy} <RelativeTime at={review.requestedAt} className="text-ink-3" />
                </Fact>
                {review.note && <Fact label="Look at">{review.note}</Fact>}
                <Fact label="Environment">
                  {review.environment}
                  {review.demanded && ', demands a sign-off'}
                </Fact>
                <Fact label="Manifest">
                  <Mono>{shortHash(review.hash)}</Mono>
                </Fact>
                <Fact label="Changed by">{listed(review.signatories.authors, 6) || 'nobody by name'}</Fact>
                <Fact label="May sign off">
                  {listed(review.signatories.mayBeSignedBy, 6) || 'nobody yet'}
                </Fact>
              </Facts>
            </Panel>
          </Section>
          {(review.signOff ?? review.since) && (
            <Section title={review.signOff ? 'Sign-off' : 'Last sign-off'}>
              <Panel>
                <ul>
                  {[review.signOff ?? review.since].map(
                    (signOff) => signOff && <SignOffEntry key={signOff.id} signOff={signOff} />,
                  )}
                </ul>
              </Panel>
            </Section>
          )}
          <Section title="Comments" description={count(unsettled.length, 'unsettled thread')}>
            {unsettled.length === 0 ? (
              <p className="text-sm text-ink-2">Say something on a leg or a finding of the topology.</p>
            ) : (
              <ul className="flex flex-col gap-3">
                {unsettled.map((thread) => (
                  <li key={thread.id} className="flex flex-col gap-1">
                    <span className="text-xs font-medium text-ink-2">{thread.subject.name}</span>
                    <ThreadCard thread={thread} />
                  </li>
                ))}
              </ul>
            )}
          </Section>
        </div>
      </div>
    </Page>
  )
}

function Standing({ review }: { review: ReviewDetail }) {
  const { state, signatories, demanded, environment, revision, signOff } = review
  switch (state) {
    case 'moved-on':
      return (
        <Notice tone="warn" title="It is no longer what there is">
          {revision === null ? 'The draft' : 'What is deployed'} has changed since the review was requested.
          Request another one.
        </Notice>
      )
    case 'withdrawn':
      return <Notice tone="info" title="The request was withdrawn" />
    case 'objected':
      return (
        <Notice tone="err" title="It was signed off, and somebody objected: the sign-off counts no more" />
      )
    case 'signed-off':
      return (
        <Notice tone="ok" title={`Signed off by ${signOff?.by ?? 'somebody'}`}>
          {revision === null && 'It can be deployed for as long as the draft stays as it is.'}
        </Notice>
      )
    case 'open':
      return signatories.refusal === null ? (
        demanded && revision === null ? (
          <Notice tone="info" title={`${environment} deploys this when you have signed it off`} />
        ) : null
      ) : (
        <Notice tone="info" title="You may not sign this off">
          {signatories.refusal}
          {signatories.mayBeSignedBy.length > 0 && ` ${listed(signatories.mayBeSignedBy)} may.`}
        </Notice>
      )
  }
}

function Actions({ review }: { review: ReviewDetail }) {
  const client = useQueryClient()
  const mayWrite = useMay('reviews.write')
  const [signing, setSigning] = useState(false)
  const withdraw = useMutation({
    mutationFn: () => withdrawReview(review.id),
    onSuccess: () => client.invalidateQueries({ queryKey: reviewQueries.all }),
  })
  if (review.state !== 'open') return null
  const { signatories } = review
  return (
    <>
      {withdraw.error && <ProblemPanel problem={asProblem(withdraw.error)} />}
      {mayWrite && (
        <Button busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
          Withdraw
        </Button>
      )}
      {signatories.refusal === null && (
        <Button variant="primary" aria-haspopup="dialog" onClick={() => setSigning(true)}>
          {review.revision === null ? 'Sign off draft' : `Sign off revision ${review.revision}`}
        </Button>
      )}
      {signing && (
        <SignOffDialog
          wish={{ ...review, last: review.since, showChanges: false }}
          onClose={() => setSigning(false)}
        />
      )}
    </>
  )
}

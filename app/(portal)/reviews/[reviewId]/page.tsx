import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { ReviewPage } from '#components/reviews/review-page.tsx'
import { Problem } from '#domain/problem.ts'
import { readReview } from '#lib/reviews/reviews.ts'
import { listThreads } from '#lib/reviews/threads.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Review' }

export default async function Review({ params }: PageProps<'/reviews/[reviewId]'>) {
  const actor = await requireActor('reviews.read')
  const id = z.uuid().safeParse((await params).reviewId).data ?? notFound()
  const [review, threads] = await Promise.all([readReview(actor, id), listThreads(actor)]).catch(
    (error: unknown) => {
      if (error instanceof Problem && error.code === 'not-found') notFound()
      throw error
    },
  )
  return <ReviewPage initial={review} threads={threads} />
}

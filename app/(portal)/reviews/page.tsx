import type { Metadata } from 'next'
import { ReviewsPage } from '#components/reviews/reviews-page.tsx'
import { listReviews } from '#lib/reviews/reviews.ts'
import { listSignOffs } from '#lib/reviews/sign-offs.ts'
import { listThreads } from '#lib/reviews/threads.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Reviews' }

export default async function Reviews() {
  const actor = await requireActor('reviews.read')
  const [reviews, signOffs, threads] = await Promise.all([
    listReviews(actor),
    listSignOffs(actor),
    listThreads(actor),
  ])
  return <ReviewsPage initial={{ reviews, signOffs, threads }} />
}

import { queryOptions } from '@tanstack/react-query'
import type { NewReview, ThreadSubject } from '#domain/review.ts'
import { reviewDetail, reviewList, thread, threadList } from '#domain/review.ts'
import { signOff, signOffList, signOffStandings } from '#domain/sign-off.ts'
import { getJson, nothing, send, sendJson } from '../shell/api.ts'

/** Comments, reviews and sign-offs. */
export const reviewQueries = {
  all: ['reviews'] as const,
  list: () =>
    queryOptions({
      queryKey: [...reviewQueries.all, 'list'],
      queryFn: async ({ signal }) => (await getJson('/reviews', reviewList, signal)).reviews,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...reviewQueries.all, 'one', id],
      queryFn: ({ signal }) => getJson(`/reviews/${id}`, reviewDetail, signal),
    }),
  signOffs: () =>
    queryOptions({
      queryKey: [...reviewQueries.all, 'sign-offs'],
      queryFn: async ({ signal }) => (await getJson('/sign-offs', signOffList, signal)).signOffs,
    }),
  standings: () =>
    queryOptions({
      queryKey: [...reviewQueries.all, 'standings'],
      queryFn: async ({ signal }) =>
        (await getJson('/sign-offs/standings', signOffStandings, signal)).gateways,
    }),
  threads: () =>
    queryOptions({
      queryKey: [...reviewQueries.all, 'threads'],
      queryFn: async ({ signal }) => (await getJson('/threads', threadList, signal)).threads,
    }),
}

export function requestReview(gatewayId: string, wish: Partial<NewReview>) {
  return sendJson('POST', `/gateways/${gatewayId}/reviews`, wish, reviewDetail)
}

export function withdrawReview(id: string) {
  return send(`/reviews/${id}`, nothing, { method: 'DELETE' })
}

export function giveSignOff(gatewayId: string, wish: { hash: string; note: string }) {
  return sendJson('POST', `/gateways/${gatewayId}/sign-offs`, wish, signOff)
}

export function raiseObjection(signOffId: string, reason: string) {
  return sendJson('POST', `/sign-offs/${signOffId}/objections`, { reason }, signOff)
}

export function beginThread(subject: Pick<ThreadSubject, 'kind' | 'id'>, text: string) {
  return sendJson('POST', '/threads', { subject, text }, thread)
}

export function addComment(threadId: string, text: string) {
  return sendJson('POST', `/threads/${threadId}/comments`, { text }, thread)
}

export async function settleThread(threadId: string, settled: boolean): Promise<void> {
  const path = `/threads/${threadId}/resolution`
  if (settled) await send(path, thread, { method: 'POST' })
  else await send(path, nothing, { method: 'DELETE' })
}

import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { type Chain, type ChainStep, chain, policyList, type Verdict, verdict } from '#domain/chain.ts'
import { revisionDetail } from '#domain/deployment.ts'
import { getJson, sendJson } from '../shell/api.ts'

const verdicts = z.object({ verdicts: z.array(verdict) })

export const policyQueries = {
  all: ['policies'] as const,
  list: () =>
    queryOptions({
      queryKey: [...policyQueries.all, 'list'],
      queryFn: async ({ signal }) => (await getJson('/policies', policyList, signal)).policies,
      staleTime: Number.POSITIVE_INFINITY,
    }),
  chain: (instanceId: string) =>
    queryOptions({
      queryKey: [...policyQueries.all, 'chain', instanceId],
      queryFn: ({ signal }) => getJson(`/instances/${instanceId}/policies`, chain, signal),
    }),
  /** What the policies say about steps that are being edited, by the steps' ids. */
  verdicts: (steps: readonly Pick<ChainStep, 'id' | 'kind' | 'config'>[]) =>
    queryOptions({
      queryKey: [...policyQueries.all, 'check', steps.map(({ id, kind, config }) => [id, kind, config])],
      queryFn: () => checkSteps(steps),
      placeholderData: (previous: ReadonlyMap<string, Verdict> | undefined) => previous,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 30_000,
    }),
}

async function checkSteps(
  steps: readonly Pick<ChainStep, 'id' | 'kind' | 'config'>[],
): Promise<ReadonlyMap<string, Verdict>> {
  if (steps.length === 0) return new Map()
  // The id leads to the secrets that masks stand for.
  const body = { policies: steps.map(({ id, kind, config }) => ({ id, kind, config })) }
  const answer = await sendJson('POST', '/policies/check', body, verdicts)
  return new Map(
    steps.flatMap(({ id }, at) => {
      const said = answer.verdicts[at]
      return said ? [[id, said] as const] : []
    }),
  )
}

/** Puts the chain in its place; refused when somebody else changed the instance meanwhile. */
export function saveChain(instanceId: string, steps: readonly ChainStep[], version: number): Promise<Chain> {
  return sendJson('PUT', `/instances/${instanceId}/policies`, { policies: steps }, chain, {
    ifMatch: version,
  })
}

/** Deploys this API alone, as its saved draft says. */
export function deployInstance(saved: Chain, note: string) {
  const { gateway, instanceId } = saved
  const body = { expectedHeadRevision: gateway.headRevision, instanceId, note }
  return sendJson('POST', `/gateways/${gateway.id}/revisions`, body, revisionDetail)
}

import { queryOptions } from '@tanstack/react-query'
import { difference, draft, instanceDeployment, revisionDetail, revisionList } from '#domain/deployment.ts'
import { getJson, sendJson } from '../shell/api.ts'

/** What is deployed, what would be, and what was. */
export const deploymentQueries = {
  all: ['deployments'] as const,
  draft: (gatewayId: string) =>
    queryOptions({
      queryKey: [...deploymentQueries.all, 'draft', gatewayId],
      queryFn: ({ signal }) => getJson(`/gateways/${gatewayId}/draft`, draft, signal),
    }),
  instance: (instanceId: string) =>
    queryOptions({
      queryKey: [...deploymentQueries.all, 'instance', instanceId],
      queryFn: ({ signal }) => getJson(`/instances/${instanceId}/deployment`, instanceDeployment, signal),
    }),
  history: (gatewayId: string) =>
    queryOptions({
      queryKey: [...deploymentQueries.all, 'history', gatewayId],
      queryFn: async ({ signal }) =>
        (await getJson(`/gateways/${gatewayId}/revisions?limit=50`, revisionList, signal)).revisions,
    }),
  revision: (gatewayId: string, number: number) =>
    queryOptions({
      queryKey: [...deploymentQueries.all, 'revision', gatewayId, number],
      queryFn: ({ signal }) => getJson(`/gateways/${gatewayId}/revisions/${number}`, revisionDetail, signal),
    }),
  comparison: (gatewayId: string, from: number, to: number) =>
    queryOptions({
      // Revisions never change, so neither does what lies between two of them.
      staleTime: Number.POSITIVE_INFINITY,
      queryKey: ['comparisons', gatewayId, from, to],
      queryFn: ({ signal }) =>
        getJson(`/gateways/${gatewayId}/revisions/${from}/compare/${to}`, difference, signal),
    }),
}

interface Wish {
  gatewayId: string
  expectedHeadRevision: number
  note: string
}

/** Deploys a gateway's draft, or one API of it. */
export function deploy({ gatewayId, ...body }: Wish & { instanceId?: string }) {
  return sendJson('POST', `/gateways/${gatewayId}/revisions`, body, revisionDetail)
}

/** Makes a gateway serve an earlier revision's items again. */
export function rollBack({ gatewayId, number, ...body }: Wish & { number: number }) {
  return sendJson('POST', `/gateways/${gatewayId}/revisions/${number}/rollback`, body, revisionDetail)
}

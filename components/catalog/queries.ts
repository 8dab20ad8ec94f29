import { queryOptions } from '@tanstack/react-query'
import {
  apiDetail,
  apiPage,
  consumerList,
  definitionText,
  type ImportSource,
  type ImportWish,
  type InstanceChange,
  type InstanceView,
  type InstanceWish,
  importOutcome,
  importPreview,
  instanceTraffic,
  instanceView,
  issuedCredential,
  versionDetail,
} from '#domain/catalog.ts'
import { type documentForms, exportedDocuments } from '#domain/documents.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'

export interface CatalogFilter {
  search: string
  /** Where the page begins: the name after which it reads on. */
  after: string
}

// Nodes report every five seconds.
const reportEveryMs = 5_000

/** The catalog as the browser asks for it. */
export const apiQueries = {
  all: ['apis'] as const,
  list: ({ search, after }: CatalogFilter) =>
    queryOptions({
      queryKey: [...apiQueries.all, 'list', search, after],
      queryFn: ({ signal }) => {
        const query = new URLSearchParams({ ...(search && { search }), ...(after && { cursor: after }) })
        return getJson(`/apis?${query}`, apiPage, signal)
      },
      refetchInterval: reportEveryMs,
    }),
  detail: (apiId: string) =>
    queryOptions({
      queryKey: [...apiQueries.all, 'detail', apiId],
      queryFn: ({ signal }) => getJson(`/apis/${apiId}`, apiDetail, signal),
    }),
  version: (apiId: string, versionId: string) =>
    queryOptions({
      // Versions never change.
      staleTime: Number.POSITIVE_INFINITY,
      queryKey: ['api-versions', versionId],
      queryFn: ({ signal }) => getJson(`/apis/${apiId}/versions/${versionId}`, versionDetail, signal),
    }),
  definition: (apiId: string, versionId: string) =>
    queryOptions({
      staleTime: Number.POSITIVE_INFINITY,
      queryKey: ['api-definitions', versionId],
      queryFn: async ({ signal }) => {
        const path = `/apis/${apiId}/versions/${versionId}/definition`
        return (await getJson(path, definitionText, signal)).text
      },
    }),
  traffic: (instanceId: string) =>
    queryOptions({
      queryKey: [...apiQueries.all, 'traffic', instanceId],
      queryFn: async ({ signal }) =>
        (await getJson(`/instances/${instanceId}/traffic`, instanceTraffic, signal)).traffic,
      refetchInterval: reportEveryMs,
    }),
  documents: (instanceId: string, form: (typeof documentForms)[number]) =>
    queryOptions({
      queryKey: [...apiQueries.all, 'documents', instanceId, form],
      queryFn: ({ signal }) =>
        getJson(`/instances/${instanceId}/documents?form=${form}`, exportedDocuments, signal),
    }),
  consumers: (instanceId: string) =>
    queryOptions({
      queryKey: [...apiQueries.all, 'consumers', instanceId],
      queryFn: async ({ signal }) =>
        (await getJson(`/instances/${instanceId}/consumers`, consumerList, signal)).consumers,
    }),
}

/** Says what importing a document would do. */
export function previewImport(source: ImportSource) {
  return sendJson('POST', '/apis/preview', { source }, importPreview)
}

/** Imports a document, and deploys it if that is wished. */
export function importApi(wish: Omit<ImportWish, 'host'>) {
  return sendJson('POST', '/apis', wish, importOutcome)
}

export function exposeApi(apiId: string, wish: Omit<InstanceWish, 'host' | 'stripBasePath'>) {
  return sendJson('POST', `/apis/${apiId}/instances`, wish, instanceView)
}

export function saveInstance(instance: Pick<InstanceView, 'id' | 'version'>, change: InstanceChange) {
  return sendJson('PUT', `/instances/${instance.id}`, change, instanceView, { ifMatch: instance.version })
}

export function removeInstance({ id, version }: Pick<InstanceView, 'id' | 'version'>) {
  return sendJson('DELETE', `/instances/${id}`, undefined, nothing, { ifMatch: version })
}

export function deleteApi(id: string, version: number) {
  return sendJson('DELETE', `/apis/${id}`, undefined, nothing, { ifMatch: version })
}

/** Lets a consumer call the API, a new one by its name, and issues a key to it. */
export function setTier(instanceId: string, consumerId: string, tier: string | null) {
  return sendJson('POST', `/instances/${instanceId}/consumers/${consumerId}/tier`, { tier }, consumerList)
}

export function admitConsumer(instanceId: string, who: { name: string } | { consumerId: string }) {
  return sendJson('POST', `/instances/${instanceId}/consumers`, who, issuedCredential)
}

/** One more key for a consumer. */
export function issueCredential(consumerId: string) {
  return sendJson('POST', `/consumers/${consumerId}/credentials`, {}, issuedCredential)
}

export function revokeCredential(id: string) {
  return sendJson('DELETE', `/credentials/${id}`, undefined, nothing)
}

import { z } from 'zod'
import {
  apiDetail,
  apiName,
  apiPage,
  consumerList,
  definitionText,
  importOutcome,
  importPreview,
  importSource,
  importWish,
  instanceChange,
  instanceTraffic,
  instanceView,
  instanceWish,
  issuedCredential,
  versionDetail,
} from '#domain/catalog.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { admitConsumer, issueCredential, listConsumers, revokeCredential, setTier } from './consumers.ts'
import { listApis, readApi, readDefinition, readInstance, readTraffic, readVersion } from './read.ts'
import { importApi } from './import-api.ts'
import { previewImport } from './preview-import.ts'
import { deleteApi } from './write-api.ts'
import { changeInstance, exposeVersion, removeInstance } from './write-instance.ts'

const id = z.uuid()
const tag = 'Catalog'
// A document of the greatest length that is taken, with its quotes and line breaks escaped.
const documentBytesMax = 56_000_000

const consumerName = z
  .string()
  .trim()
  .min(1, 'Give it a name.')
  .max(80, 'A name may have 80 characters at most.')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'A name has no line breaks or invisible characters.')

/** REST for APIs, their versions, where they are exposed, and who may call them. */
export const catalogOperations: readonly Operation[] = [
  endpoint({
    id: 'api.list',
    method: 'GET',
    path: '/apis',
    tag,
    summary: 'List the APIs of the catalog by name',
    access: 'apis.read',
    query: z.strictObject({
      search: z.string().max(200).optional(),
      cursor: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    output: apiPage,
    run: ({ query }, { actor }) => listApis(actor, query),
  }),
  endpoint({
    id: 'api.preview',
    method: 'POST',
    path: '/apis/preview',
    tag,
    summary: 'Read a document and say what importing it would do',
    access: 'apis.write',
    body: z.strictObject({ source: importSource, name: apiName.optional() }),
    bodyBytesMax: documentBytesMax,
    output: importPreview,
    problems: ['api.definition-invalid', 'api.definition-unreachable', 'import.busy'],
    run: ({ body }, { actor }) => previewImport(actor, body.source, body.name),
  }),
  endpoint({
    id: 'api.import',
    method: 'POST',
    path: '/apis',
    tag,
    summary: 'Import a document as an API, or as a version of one, and expose it at a gateway',
    access: 'apis.write',
    body: importWish,
    bodyBytesMax: documentBytesMax,
    output: importOutcome,
    status: 201,
    problems: [
      'not-found',
      'api.definition-invalid',
      'api.definition-unreachable',
      'import.busy',
      'api.version-taken',
      'name.taken',
      'instance.path-taken',
      'instance.upstream-forbidden',
      'write.stale',
    ],
    run: ({ body }, { actor }) => importApi(actor, body),
  }),
  endpoint({
    id: 'api.read',
    method: 'GET',
    path: '/apis/{apiId}',
    tag,
    summary: 'Read an API with its versions and where it is exposed',
    access: 'apis.read',
    params: z.strictObject({ apiId: id }),
    output: apiDetail,
    etag: (api) => api.version,
    run: ({ params }, { actor }) => readApi(actor, params.apiId),
  }),
  endpoint({
    id: 'api.delete',
    method: 'DELETE',
    path: '/apis/{apiId}',
    tag,
    summary: 'Delete an API that no gateway serves',
    access: 'apis.write',
    params: z.strictObject({ apiId: id }),
    needsIfMatch: true,
    status: 204,
    output: z.undefined(),
    problems: ['in-use'],
    run: ({ params }, { actor, ifMatch }) => deleteApi(actor, params.apiId, ifMatch).then(() => undefined),
  }),
  endpoint({
    id: 'api-version.read',
    method: 'GET',
    path: '/apis/{apiId}/versions/{versionId}',
    tag,
    summary: 'Read a version of an API with its operations',
    access: 'apis.read',
    params: z.strictObject({ apiId: id, versionId: id }),
    output: versionDetail,
    run: ({ params }, { actor }) => readVersion(actor, params.apiId, params.versionId),
  }),
  endpoint({
    id: 'api-version.definition.read',
    method: 'GET',
    path: '/apis/{apiId}/versions/{versionId}/definition',
    tag,
    summary: 'Read the OpenAPI document of a version, as JSON text',
    access: 'apis.read',
    params: z.strictObject({ apiId: id, versionId: id }),
    output: definitionText,
    run: async ({ params }, { actor }) => ({
      text: await readDefinition(actor, params.apiId, params.versionId),
    }),
  }),
  endpoint({
    id: 'instance.create',
    method: 'POST',
    path: '/apis/{apiId}/instances',
    tag,
    summary: 'Expose a version of an API at a gateway',
    access: 'apis.write',
    params: z.strictObject({ apiId: id }),
    body: instanceWish,
    output: instanceView,
    status: 201,
    etag: (instance) => instance.version,
    problems: ['instance.path-taken', 'instance.upstream-forbidden'],
    run: async ({ params, body }, { actor }) =>
      readInstance(actor, await exposeVersion(actor, params.apiId, body)),
  }),
  endpoint({
    id: 'instance.read',
    method: 'GET',
    path: '/instances/{instanceId}',
    tag,
    summary: 'Read an API at a gateway',
    access: 'apis.read',
    params: z.strictObject({ instanceId: id }),
    output: instanceView,
    etag: (instance) => instance.version,
    run: ({ params }, { actor }) => readInstance(actor, params.instanceId),
  }),
  endpoint({
    id: 'instance.update',
    method: 'PUT',
    path: '/instances/{instanceId}',
    tag,
    summary: 'Change where an API answers and where its requests go',
    access: 'apis.write',
    params: z.strictObject({ instanceId: id }),
    body: instanceChange,
    needsIfMatch: true,
    output: instanceView,
    etag: (instance) => instance.version,
    problems: ['instance.path-taken', 'instance.tls-differs', 'instance.upstream-forbidden'],
    run: async ({ params, body }, { actor, ifMatch }) => {
      await changeInstance(actor, params.instanceId, body, ifMatch)
      return readInstance(actor, params.instanceId)
    },
  }),
  endpoint({
    id: 'instance.delete',
    method: 'DELETE',
    path: '/instances/{instanceId}',
    tag,
    summary: 'Take an API off a gateway that does not serve it',
    access: 'apis.write',
    params: z.strictObject({ instanceId: id }),
    needsIfMatch: true,
    status: 204,
    output: z.undefined(),
    problems: ['in-use'],
    run: ({ params }, { actor, ifMatch }) =>
      removeInstance(actor, params.instanceId, ifMatch).then(() => undefined),
  }),
  endpoint({
    id: 'instance.traffic.read',
    method: 'GET',
    path: '/instances/{instanceId}/traffic',
    tag,
    summary: 'Read what the nodes reported of an API in the last seconds',
    access: 'apis.read',
    params: z.strictObject({ instanceId: id }),
    output: instanceTraffic,
    run: async ({ params }, { actor }) => ({ traffic: await readTraffic(actor, params.instanceId) }),
  }),
  endpoint({
    id: 'instance.consumers.list',
    method: 'GET',
    path: '/instances/{instanceId}/consumers',
    tag,
    summary: 'List who may call an API, and the keys they hold',
    access: 'apis.read',
    params: z.strictObject({ instanceId: id }),
    output: consumerList,
    run: async ({ params }, { actor }) => ({ consumers: await listConsumers(actor, params.instanceId) }),
  }),
  endpoint({
    id: 'instance.consumers.tier.assign',
    method: 'POST',
    path: '/instances/{instanceId}/consumers/{consumerId}/tier',
    tag,
    summary: 'Say which tier of an API a consumer is under',
    access: 'credentials.write',
    params: z.strictObject({ instanceId: id, consumerId: id }),
    body: z.strictObject({ tier: z.string().min(1).max(60).nullable() }),
    output: consumerList,
    run: async ({ params: { instanceId, consumerId }, body }, { actor }) => {
      await setTier(actor, instanceId, consumerId, body.tier)
      return { consumers: await listConsumers(actor, instanceId) }
    },
  }),
  endpoint({
    id: 'instance.consumers.admit',
    method: 'POST',
    path: '/instances/{instanceId}/consumers',
    tag,
    summary: 'Let a consumer, a new one by its name, call an API, and issue a key to it',
    access: 'credentials.write',
    params: z.strictObject({ instanceId: id }),
    body: z.union([
      z.strictObject({ consumerId: id }),
      z.strictObject({
        name: consumerName,
        networkId: id.optional().meta({ description: 'Where it stands; an internal network by default.' }),
      }),
    ]),
    output: issuedCredential,
    status: 201,
    problems: ['name.taken', 'topology.refused'],
    run: ({ params, body }, { actor }) => admitConsumer(actor, params.instanceId, body),
  }),
  endpoint({
    id: 'credential.issue',
    method: 'POST',
    path: '/consumers/{consumerId}/credentials',
    tag,
    summary: 'Issue an API key to a consumer; it is shown this once',
    access: 'credentials.write',
    params: z.strictObject({ consumerId: id }),
    body: z.strictObject({
      instanceId: id.optional().meta({ description: 'An API that the consumer may call from now on.' }),
    }),
    output: issuedCredential,
    status: 201,
    problems: ['topology.refused'],
    run: ({ params, body }, { actor }) => issueCredential(actor, params.consumerId, body.instanceId),
  }),
  endpoint({
    id: 'credential.revoke',
    method: 'DELETE',
    path: '/credentials/{credentialId}',
    tag,
    summary: 'Revoke an API key',
    access: 'credentials.write',
    params: z.strictObject({ credentialId: id }),
    status: 204,
    output: z.undefined(),
    run: ({ params }, { actor }) => revokeCredential(actor, params.credentialId).then(() => undefined),
  }),
]

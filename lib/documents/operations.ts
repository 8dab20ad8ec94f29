import { z } from 'zod'
import {
  documentForms,
  documentOutcome,
  documentPreview,
  documentWish,
  exportedDocuments,
} from '#domain/documents.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { exportInstance } from './export.ts'
import { importDocuments, previewDocuments } from './import.ts'

const tag = 'Documents'
/** A folder of documents as text. */
const folderBytesMax = 20_000_000

export const documentsOperations: readonly Operation[] = [
  endpoint({
    id: 'instance.export',
    method: 'GET',
    path: '/instances/{instanceId}/documents',
    tag,
    summary:
      'Give an API and its contexts as Flex YAML, cert-manager, NetworkPolicies and OpenAPI, without any key',
    access: 'apis.read',
    params: z.strictObject({ instanceId: z.uuid() }),
    query: z.strictObject({
      form: z
        .enum(documentForms)
        .default('members')
        .meta({ description: 'TLS as members of the ApiInstance, or as policies.' }),
    }),
    output: exportedDocuments,
    problems: ['documents.unsayable'],
    run: ({ params, query }, { actor }) => exportInstance(actor, params.instanceId, query.form),
  }),
  endpoint({
    id: 'documents.preview',
    method: 'POST',
    path: '/documents/preview',
    tag,
    summary: 'Say what documents of any mix become here: networks, APIs, contexts, certificates, findings',
    access: 'apis.write',
    body: documentWish,
    bodyBytesMax: folderBytesMax,
    output: documentPreview,
    problems: ['not-found', 'documents.unreadable', 'certificate.unreadable'],
    run: ({ body }, { actor }) => previewDocuments(actor, body),
  }),
  endpoint({
    id: 'documents.import',
    method: 'POST',
    path: '/documents',
    tag,
    summary: 'Import documents of any mix as drafts: all that they become, or nothing',
    access: 'apis.write',
    body: documentWish,
    bodyBytesMax: folderBytesMax,
    output: documentOutcome,
    status: 201,
    problems: [
      ...(['not-found', 'documents.unreadable', 'certificate.unreadable', 'certificate.known'] as const),
      ...(['name.taken', 'context.refused', 'api.version-taken', 'api.definition-invalid'] as const),
      ...(['instance.path-taken', 'instance.tls-differs', 'instance.upstream-forbidden'] as const),
      ...(['policy.unknown', 'policy.config-invalid', 'import.busy'] as const),
    ],
    run: ({ body }, { actor }) => importDocuments(actor, body),
  }),
]

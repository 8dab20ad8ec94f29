import { z } from 'zod'
import { contextRecord, published, trustImpact } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { contextChange, contextInput } from './input.ts'
import { listContexts, readContextRecord } from './read.ts'
import { changeContext, createContext, deleteContext, readContextImpact } from './write-context.ts'

const version = (view: { version: number }) => view.version
const contextId = z.object({ contextId: z.uuid() })
const contexts = 'mTLS contexts'

/** REST for mTLS contexts. */
export const contextOperations: readonly Operation[] = [
  endpoint({
    id: 'context.list',
    method: 'GET',
    path: '/contexts',
    tag: contexts,
    summary: 'List mTLS contexts and who uses them, by name',
    access: 'trust.read',
    output: z.object({ contexts: z.array(contextRecord) }),
    run: async (_input, { actor }) => ({ contexts: await listContexts(actor) }),
  }),
  endpoint({
    id: 'context.create',
    method: 'POST',
    path: '/contexts',
    tag: contexts,
    summary: 'Add an mTLS context: the CAs that validate the far side, and the certificate that it is shown',
    access: 'trust.write',
    body: contextInput,
    output: contextRecord,
    status: 201,
    etag: version,
    problems: ['name.taken', 'context.refused'],
    run: ({ body }, { actor }) => createContext(actor, body),
  }),
  endpoint({
    id: 'context.read',
    method: 'GET',
    path: '/contexts/{contextId}',
    tag: contexts,
    summary: 'Read an mTLS context, and who uses it',
    access: 'trust.read',
    params: contextId,
    output: contextRecord,
    etag: version,
    run: ({ params }, { actor }) => readContextRecord(actor, params.contextId),
  }),
  endpoint({
    id: 'context.impact.read',
    method: 'GET',
    path: '/contexts/{contextId}/impact',
    tag: contexts,
    summary: 'Read whom a change of the context reaches: listeners, APIs, consumers, open connections',
    access: 'trust.read',
    params: contextId,
    output: trustImpact,
    run: ({ params }, { actor }) => readContextImpact(actor, params.contextId),
  }),
  endpoint({
    id: 'context.update',
    method: 'PATCH',
    path: '/contexts/{contextId}',
    tag: contexts,
    summary: 'Change an mTLS context: gateways that serve by it take it at once',
    access: 'trust.write',
    params: contextId,
    body: contextChange,
    output: z.object({ context: contextRecord, published: z.array(published) }),
    needsIfMatch: true,
    etag: ({ context }) => context.version,
    problems: ['name.taken', 'context.refused', 'revision.invalid'],
    run: ({ params, body }, { actor, ifMatch }) => changeContext(actor, params.contextId, body, ifMatch),
  }),
  endpoint({
    id: 'context.delete',
    method: 'DELETE',
    path: '/contexts/{contextId}',
    tag: contexts,
    summary: 'Delete an mTLS context that nothing uses',
    access: 'trust.write',
    params: contextId,
    output: z.void(),
    status: 204,
    needsIfMatch: true,
    problems: ['in-use'],
    run: ({ params }, { actor, ifMatch }) => deleteContext(actor, params.contextId, ifMatch),
  }),
]

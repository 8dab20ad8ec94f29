import { z } from 'zod'
import { certificateFacts } from '#domain/certificate.ts'
import { authorityRecord, trustImpact } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { authorityChange, authorityInput, fileBytesMax, signing } from './input.ts'
import { listAuthorities, readAuthorityImpact, readAuthorityRecord } from './read.ts'
import {
  changeAuthority,
  createAuthority,
  deleteAuthority,
  developmentAuthority,
  signRequest,
} from './write-authority.ts'

const version = (view: { version: number }) => view.version

const authorityId = z.object({ authorityId: z.uuid() })
const authorities = 'Certificate authorities'

/** REST for CAs. */
export const authorityOperations: readonly Operation[] = [
  endpoint({
    id: 'authority.list',
    method: 'GET',
    path: '/authorities',
    tag: authorities,
    summary: 'List the CAs that contexts may trust, by name',
    access: 'trust.read',
    output: z.object({ authorities: z.array(authorityRecord) }),
    run: async (_input, { actor }) => ({ authorities: await listAuthorities(actor) }),
  }),
  endpoint({
    id: 'authority.create',
    method: 'POST',
    path: '/authorities',
    tag: authorities,
    summary: 'Add a CA, with its key where it is to issue here',
    access: 'trust.write',
    body: authorityInput,
    bodyBytesMax: fileBytesMax,
    output: authorityRecord,
    status: 201,
    etag: version,
    problems: ['name.taken', 'certificate.unreadable', 'certificate.known'],
    run: ({ body }, { actor }) => createAuthority(actor, body),
  }),
  endpoint({
    id: 'authority.development.ensure',
    method: 'POST',
    path: '/authorities/development',
    tag: authorities,
    summary:
      'Make the built-in development CA, a root and an intermediate, where there is none yet, and read it',
    access: 'trust.write',
    output: z.object({ root: authorityRecord, issuing: authorityRecord }),
    run: (_input, { actor }) => developmentAuthority(actor),
  }),
  endpoint({
    id: 'authority.read',
    method: 'GET',
    path: '/authorities/{authorityId}',
    tag: authorities,
    summary: 'Read a CA, its certificate, and what needs it',
    access: 'trust.read',
    params: authorityId,
    output: authorityRecord,
    etag: version,
    run: ({ params }, { actor }) => readAuthorityRecord(actor, params.authorityId),
  }),
  endpoint({
    id: 'authority.impact.read',
    method: 'GET',
    path: '/authorities/{authorityId}/impact',
    tag: authorities,
    summary: 'Read whom the contexts that trust a CA reach: listeners, APIs, consumers, open connections',
    access: 'trust.read',
    params: authorityId,
    output: trustImpact,
    run: ({ params }, { actor }) => readAuthorityImpact(actor, params.authorityId),
  }),
  endpoint({
    id: 'authority.update',
    method: 'PATCH',
    path: '/authorities/{authorityId}',
    tag: authorities,
    summary: 'Rename a CA, or say who runs it',
    access: 'trust.write',
    params: authorityId,
    body: authorityChange,
    output: authorityRecord,
    needsIfMatch: true,
    etag: version,
    problems: ['name.taken'],
    run: ({ params, body }, { actor, ifMatch }) => changeAuthority(actor, params.authorityId, body, ifMatch),
  }),
  endpoint({
    id: 'authority.delete',
    method: 'DELETE',
    path: '/authorities/{authorityId}',
    tag: authorities,
    summary: 'Delete a CA that nothing needs, with its key',
    access: 'trust.write',
    params: authorityId,
    output: z.void(),
    status: 204,
    needsIfMatch: true,
    problems: ['in-use'],
    run: ({ params }, { actor, ifMatch }) => deleteAuthority(actor, params.authorityId, ifMatch),
  }),
  endpoint({
    id: 'authority.sign',
    method: 'POST',
    path: '/authorities/{authorityId}/sign',
    tag: authorities,
    summary: "Sign somebody's request, a node's for example; the key stays with whoever made it",
    access: 'trust.write',
    params: authorityId,
    body: signing,
    output: z.object({ chain: z.array(certificateFacts), pem: z.string() }),
    status: 201,
    problems: ['certificate.unreadable', 'certificate.refused'],
    run: ({ params, body }, { actor }) => signRequest(actor, params.authorityId, body),
  }),
]

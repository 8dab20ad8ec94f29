import { z } from 'zod'
import { expiryList, standing } from '#domain/expiry.ts'
import { certificateContent, certificateRecord, trustImpact } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { listExpiries, readStanding } from './expiries.ts'
import { certificateChange, certificateInput, completion, fileBytesMax } from './input.ts'
import { checkContent, readCertificateImpact } from './preview.ts'
import { listCertificates, readCertificateRecord } from './read.ts'
import { changeCertificate, createCertificate, deleteCertificate } from './write-certificate.ts'

const version = (view: { version: number }) => view.version
const certificateId = z.object({ certificateId: z.uuid() })
const certificates = 'Certificates'

/** REST for certificates, and for when they lapse. */
export const certificateOperations: readonly Operation[] = [
  endpoint({
    id: 'certificate.list',
    method: 'GET',
    path: '/certificates',
    tag: certificates,
    summary: 'List certificates with their versions, by name',
    access: 'trust.read',
    output: z.object({ certificates: z.array(certificateRecord) }),
    run: async (_input, { actor }) => ({ certificates: await listCertificates(actor) }),
  }),
  endpoint({
    id: 'certificate.create',
    method: 'POST',
    path: '/certificates',
    tag: certificates,
    summary: 'Add a certificate: import one, have one issued, or make a key and a request',
    access: 'trust.write',
    body: certificateInput,
    bodyBytesMax: fileBytesMax,
    output: certificateRecord,
    status: 201,
    etag: version,
    problems: ['not-found', 'name.taken', 'certificate.unreadable', 'certificate.refused'],
    run: ({ body }, { actor }) => createCertificate(actor, body),
  }),
  endpoint({
    id: 'certificate.check',
    method: 'POST',
    path: '/certificates/check',
    tag: certificates,
    summary: 'Say what a file holds, before anything is made of it; nothing of it is kept',
    access: 'trust.write',
    body: completion,
    bodyBytesMax: fileBytesMax,
    output: certificateContent,
    problems: ['certificate.unreadable'],
    run: ({ body }, { actor }) => checkContent(actor, body.content),
  }),
  endpoint({
    id: 'expiry.list',
    method: 'GET',
    path: '/expiries',
    tag: certificates,
    summary:
      'List everything that can lapse, the soonest first: certificates, CAs, those in policies, and what fails',
    access: 'trust.read',
    output: expiryList,
    run: (_input, { actor }) => listExpiries(actor),
  }),
  endpoint({
    id: 'certificate.standing.read',
    method: 'GET',
    path: '/certificates/{certificateId}/standing',
    tag: certificates,
    summary: 'Read how a certificate stands: its chain up to a CA, and what fails when it lapses',
    access: 'trust.read',
    params: certificateId,
    output: standing,
    run: ({ params }, { actor }) => readStanding(actor, params.certificateId),
  }),
  endpoint({
    id: 'certificate.impact.read',
    method: 'GET',
    path: '/certificates/{certificateId}/impact',
    tag: certificates,
    summary: 'Read whom a renewal reaches: listeners, APIs, consumers, open connections',
    access: 'trust.read',
    params: certificateId,
    output: trustImpact,
    run: ({ params }, { actor }) => readCertificateImpact(actor, params.certificateId),
  }),
  endpoint({
    id: 'certificate.read',
    method: 'GET',
    path: '/certificates/{certificateId}',
    tag: certificates,
    summary: 'Read a certificate, its versions, and which contexts show it',
    access: 'trust.read',
    params: certificateId,
    output: certificateRecord,
    etag: version,
    run: ({ params }, { actor }) => readCertificateRecord(actor, params.certificateId),
  }),
  endpoint({
    id: 'certificate.update',
    method: 'PATCH',
    path: '/certificates/{certificateId}',
    tag: certificates,
    summary: 'Rename a certificate, or say how it is renewed',
    access: 'trust.write',
    params: certificateId,
    body: certificateChange,
    output: certificateRecord,
    needsIfMatch: true,
    etag: version,
    problems: ['name.taken'],
    run: ({ params, body }, { actor, ifMatch }) =>
      changeCertificate(actor, params.certificateId, body, ifMatch),
  }),
  endpoint({
    id: 'certificate.delete',
    method: 'DELETE',
    path: '/certificates/{certificateId}',
    tag: certificates,
    summary: 'Delete a certificate that no context shows, with its keys',
    access: 'trust.write',
    params: certificateId,
    output: z.void(),
    status: 204,
    needsIfMatch: true,
    problems: ['in-use'],
    run: ({ params }, { actor, ifMatch }) => deleteCertificate(actor, params.certificateId, ifMatch),
  }),
]

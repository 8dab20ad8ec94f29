import { z } from 'zod'
import { certificateRecord, published, rotationPreview } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { completion, fileBytesMax, versionInput } from './input.ts'
import { previewRotation } from './preview.ts'
import {
  cancelRequest,
  completeRequest,
  requestVersion,
  restoreVersion,
  retireVersion,
  rotateCertificate,
} from './rotate.ts'
import { completeForNode, renewByNodes } from './write-kept.ts'

const version = (view: { version: number }) => view.version
const certificateId = z.object({ certificateId: z.uuid() })
const certificateVersion = z.object({
  certificateId: z.uuid(),
  number: z.coerce.number().int().min(1).max(2_147_483_647),
})
const certificates = 'Certificates'
const rotated = z.object({ certificate: certificateRecord, published: z.array(published) })
const versionOfRotated = ({ certificate }: z.output<typeof rotated>) => certificate.version

/** REST for the versions of a certificate: renewing it, going back, and asking for one. */
export const certificateVersionOperations: readonly Operation[] = [
  endpoint({
    id: 'certificate.preview',
    method: 'POST',
    path: '/certificates/{certificateId}/preview',
    tag: certificates,
    summary: 'Say what a renewal would be, what to think of before, and whom it reaches',
    access: 'trust.read',
    params: certificateId,
    body: completion,
    bodyBytesMax: fileBytesMax,
    output: rotationPreview,
    problems: ['certificate.unreadable'],
    run: ({ params, body }, { actor }) => previewRotation(actor, params.certificateId, body.content),
  }),
  endpoint({
    id: 'certificate.rotate',
    method: 'POST',
    path: '/certificates/{certificateId}/versions',
    tag: certificates,
    summary: 'Renew a certificate: gateways show the new version at once, the one before is kept',
    access: 'trust.write',
    params: certificateId,
    body: versionInput,
    bodyBytesMax: fileBytesMax,
    output: rotated,
    status: 201,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.unreadable', 'certificate.refused', 'revision.invalid'],
    run: ({ params, body }, { actor, ifMatch }) =>
      rotateCertificate(actor, params.certificateId, body, ifMatch),
  }),
  endpoint({
    id: 'certificate.version.restore',
    method: 'POST',
    path: '/certificates/{certificateId}/versions/{number}/restore',
    tag: certificates,
    summary: 'Show an earlier version again',
    access: 'trust.write',
    params: certificateVersion,
    output: rotated,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.refused', 'revision.invalid'],
    run: ({ params: { certificateId: id, number } }, { actor, ifMatch }) =>
      restoreVersion(actor, id, number, ifMatch),
  }),
  endpoint({
    id: 'certificate.version.retire',
    method: 'DELETE',
    path: '/certificates/{certificateId}/versions/{number}',
    tag: certificates,
    summary: 'Destroy the key of an earlier version',
    access: 'trust.write',
    params: certificateVersion,
    output: rotated,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.refused'],
    run: ({ params: { certificateId: id, number } }, { actor, ifMatch }) =>
      retireVersion(actor, id, number, ifMatch),
  }),
  endpoint({
    id: 'certificate.nodes.renew',
    method: 'POST',
    path: '/certificates/{certificateId}/nodes/renewal',
    tag: certificates,
    summary: 'Have every node that keeps a certificate make another key, and have that signed',
    access: 'trust.write',
    params: certificateId,
    output: certificateRecord,
    needsIfMatch: true,
    etag: version,
    problems: ['certificate.refused'],
    run: ({ params }, { actor, ifMatch }) => renewByNodes(actor, params.certificateId, ifMatch),
  }),
  endpoint({
    id: 'certificate.node.complete',
    method: 'POST',
    path: '/certificates/{certificateId}/nodes/{nodeId}/completion',
    tag: certificates,
    summary: 'Give a node what a CA elsewhere signed for its request; it shows it at once',
    access: 'trust.write',
    params: z.object({ certificateId: z.uuid(), nodeId: z.uuid() }),
    body: completion,
    bodyBytesMax: fileBytesMax,
    output: certificateRecord,
    needsIfMatch: true,
    etag: version,
    problems: ['certificate.unreadable', 'certificate.refused'],
    run: ({ params: { certificateId: id, nodeId }, body }, { actor, ifMatch }) =>
      completeForNode(actor, id, nodeId, body.content, ifMatch),
  }),
  endpoint({
    id: 'certificate.request',
    method: 'POST',
    path: '/certificates/{certificateId}/request',
    tag: certificates,
    summary: 'Make a key and a request with the names of the version that is shown',
    access: 'trust.write',
    params: certificateId,
    output: rotated,
    status: 201,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.refused'],
    run: ({ params }, { actor, ifMatch }) => requestVersion(actor, params.certificateId, ifMatch),
  }),
  endpoint({
    id: 'certificate.complete',
    method: 'PUT',
    path: '/certificates/{certificateId}/request',
    tag: certificates,
    summary: 'Take back the certificate that was asked for, and show it',
    access: 'trust.write',
    params: certificateId,
    body: completion,
    bodyBytesMax: fileBytesMax,
    output: rotated,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.unreadable', 'certificate.refused', 'revision.invalid'],
    run: ({ params, body }, { actor, ifMatch }) =>
      completeRequest(actor, params.certificateId, body.content, ifMatch),
  }),
  endpoint({
    id: 'certificate.request.cancel',
    method: 'DELETE',
    path: '/certificates/{certificateId}/request',
    tag: certificates,
    summary: 'Give up the request that is out, and its key',
    access: 'trust.write',
    params: certificateId,
    output: rotated,
    needsIfMatch: true,
    etag: versionOfRotated,
    problems: ['certificate.refused'],
    run: ({ params }, { actor, ifMatch }) => cancelRequest(actor, params.certificateId, ifMatch),
  }),
]

import { z } from 'zod'
import type { ProblemCode } from '#domain/problem.ts'
import { rotationOutlook, rotationRecord, rotationSummary } from '#domain/trust-record.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { rotationChange, rotationInput, rotationMove } from './input.ts'
import { listRotations, previewAuthorityRotation, readRotation } from './rotations.ts'
import { beginRotation, endRotation, takeBack, takeStep, vouch } from './write-rotation.ts'

const params = z.object({ rotationId: z.uuid() })
const tag = 'Rotations of CAs'
const version = (rotation: { version: number }) => rotation.version

type Move = typeof takeStep

/** A step of a rotation, forth or back. */
function move(verb: 'advance' | 'reverse', summary: string, run: Move, problems: readonly ProblemCode[]) {
  return endpoint({
    id: `rotation.${verb}`,
    method: 'POST',
    path: `/rotations/{rotationId}/${verb}`,
    tag,
    summary,
    access: 'trust.write',
    params,
    body: rotationMove,
    output: rotationRecord,
    needsIfMatch: true,
    etag: version,
    problems,
    run: ({ params: { rotationId }, body }, { actor, ifMatch }) => run(actor, rotationId, body.step, ifMatch),
  })
}

/** REST for replacing one CA by another. */
export const rotationOperations: readonly Operation[] = [
  endpoint({
    id: 'rotation.list',
    method: 'GET',
    path: '/rotations',
    tag,
    summary: 'List the CAs that are being replaced, and which step is next',
    access: 'trust.read',
    output: z.object({ rotations: z.array(rotationSummary) }),
    run: async (_input, { actor }) => ({ rotations: await listRotations(actor) }),
  }),
  endpoint({
    id: 'rotation.preview',
    method: 'POST',
    path: '/rotations/preview',
    tag,
    summary: 'Say what replacing a CA would change, and whom it reaches',
    access: 'trust.read',
    body: rotationInput,
    output: rotationOutlook,
    problems: ['not-found'],
    run: ({ body }, { actor }) => previewAuthorityRotation(actor, body),
  }),
  endpoint({
    id: 'rotation.create',
    method: 'POST',
    path: '/rotations',
    tag,
    summary: 'Give a CA a successor, which its contexts trust beside it from now on',
    access: 'trust.write',
    body: rotationInput,
    output: rotationRecord,
    status: 201,
    etag: version,
    problems: ['not-found', 'rotation.refused', 'context.refused', 'revision.invalid'],
    run: ({ body }, { actor }) => beginRotation(actor, body),
  }),
  endpoint({
    id: 'rotation.read',
    method: 'GET',
    path: '/rotations/{rotationId}',
    tag,
    summary: 'Read how far a rotation is, what each step would change, and what holds it up',
    access: 'trust.read',
    params,
    output: rotationRecord,
    etag: version,
    run: ({ params: { rotationId } }, { actor }) => readRotation(actor, rotationId),
  }),
  endpoint({
    id: 'rotation.update',
    method: 'PATCH',
    path: '/rotations/{rotationId}',
    tag,
    summary: 'Say for whom somebody answers where no node sees',
    access: 'trust.write',
    params,
    body: rotationChange,
    output: rotationRecord,
    needsIfMatch: true,
    etag: version,
    run: ({ params: { rotationId }, body }, { actor, ifMatch }) =>
      vouch(actor, rotationId, body.vouchedIds, ifMatch),
  }),
  move(
    'advance',
    'Take the next step, which gateways serve at once; refused while it would cut a live peer off',
    takeStep,
    ['rotation.refused', 'certificate.refused', 'context.refused', 'revision.invalid'],
  ),
  move(
    'reverse',
    'Take a step back, which gateways serve at once; refused while it would cut a live peer off',
    takeBack,
    ['rotation.refused', 'context.refused', 'revision.invalid'],
  ),
  endpoint({
    id: 'rotation.end',
    method: 'DELETE',
    path: '/rotations/{rotationId}',
    tag,
    summary: 'End a rotation: what its steps changed stays',
    access: 'trust.write',
    params,
    output: z.void(),
    status: 204,
    needsIfMatch: true,
    run: ({ params: { rotationId } }, { actor, ifMatch }) => endRotation(actor, rotationId, ifMatch),
  }),
]

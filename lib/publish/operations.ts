import { z } from 'zod'
import { difference, draft, instanceDeployment, revisionDetail, revisionList } from '#domain/deployment.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { compareRevisions, deploymentOf, readDraft, readRevision, revisionPage } from './read.ts'
import { publish, rollBack } from './write.ts'

const id = z.uuid()
const number = z.coerce.number().int().min(0).max(2_147_483_647)
const note = z.string().trim().max(500).default('').meta({ description: 'Why; shown in the history.' })
const expectedHeadRevision = z
  .int()
  .min(0)
  .meta({ description: 'The revision that you compared with; 0 before the first.' })
const tag = 'Deployments'

/** REST for drafts, deployments, their history and roll-backs. */
export const publishOperations: readonly Operation[] = [
  endpoint({
    id: 'draft.read',
    method: 'GET',
    path: '/gateways/{gatewayId}/draft',
    tag,
    summary: 'Read what a deployment would change, and what would be refused',
    access: 'revisions.read',
    params: z.strictObject({ gatewayId: id }),
    output: draft,
    run: ({ params }, { actor }) => readDraft(actor, params.gatewayId),
  }),
  endpoint({
    id: 'revision.deploy',
    method: 'POST',
    path: '/gateways/{gatewayId}/revisions',
    tag,
    summary: 'Deploy the draft, whole or one API of it',
    access: 'revisions.deploy',
    params: z.strictObject({ gatewayId: id }),
    body: z.strictObject({
      expectedHeadRevision,
      note,
      instanceId: id.optional().meta({ description: 'Deploy this API instance alone.' }),
    }),
    output: revisionDetail,
    status: 201,
    problems: ['revision.raced', 'revision.invalid', 'revision.empty', 'sign-off.required'],
    run: async ({ params: { gatewayId }, body }, { actor }) =>
      readRevision(actor, gatewayId, await publish(actor, gatewayId, body)),
  }),
  endpoint({
    id: 'revision.list',
    method: 'GET',
    path: '/gateways/{gatewayId}/revisions',
    tag,
    summary: 'List the revisions of a gateway, newest first',
    access: 'revisions.read',
    params: z.strictObject({ gatewayId: id }),
    query: z.strictObject({
      cursor: z
        .string()
        .regex(/^\d{1,9}$/, 'Give the nextCursor of the page before.')
        .optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
    output: revisionList,
    run: ({ params, query }, { actor }) => revisionPage(actor, params.gatewayId, query),
  }),
  endpoint({
    id: 'revision.read',
    method: 'GET',
    path: '/gateways/{gatewayId}/revisions/{number}',
    tag,
    summary: 'Read a revision: its nodes, and what it changed',
    access: 'revisions.read',
    params: z.strictObject({ gatewayId: id, number }),
    output: revisionDetail,
    run: ({ params }, { actor }) => readRevision(actor, params.gatewayId, params.number),
  }),
  endpoint({
    id: 'revision.compare',
    method: 'GET',
    path: '/gateways/{gatewayId}/revisions/{from}/compare/{to}',
    tag,
    summary: 'Compare two revisions',
    access: 'revisions.read',
    params: z.strictObject({ gatewayId: id, from: number, to: number }),
    output: difference,
    run: ({ params }, { actor }) => compareRevisions(actor, params.gatewayId, params.from, params.to),
  }),
  endpoint({
    id: 'revision.rollback',
    method: 'POST',
    path: '/gateways/{gatewayId}/revisions/{number}/rollback',
    tag,
    summary: "Serve an earlier revision's items again, as a new revision",
    access: 'revisions.deploy',
    params: z.strictObject({ gatewayId: id, number }),
    body: z.strictObject({ expectedHeadRevision, note }),
    output: revisionDetail,
    status: 201,
    problems: [
      'revision.raced',
      'revision.invalid',
      'revision.empty',
      'revision.too-old',
      'sign-off.required',
    ],
    run: async ({ params: { gatewayId, number: to }, body }, { actor }) =>
      readRevision(actor, gatewayId, await rollBack(actor, gatewayId, to, body)),
  }),
  endpoint({
    id: 'instance.deployment.read',
    method: 'GET',
    path: '/instances/{instanceId}/deployment',
    tag,
    summary: "Read how an API's draft stands to what runs",
    access: 'revisions.read',
    params: z.strictObject({ instanceId: id }),
    output: instanceDeployment,
    run: ({ params }, { actor }) => deploymentOf(actor, params.instanceId),
  }),
]

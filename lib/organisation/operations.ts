import { z } from 'zod'
import { auditPage, auditVerification } from '#domain/audit.ts'
import { organisation, organisationChange } from '#domain/organisation.ts'
import { overview } from '#domain/overview.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { readOverview } from './overview.ts'
import { changeOrganisation, readOrganisation } from './settings.ts'
import { readTrail, verifyTrail } from './trail.ts'

/** REST for the organisation as a whole: how it stands, and who did what. */
export const organisationOperations: readonly Operation[] = [
  endpoint({
    id: 'organisation.read',
    method: 'GET',
    path: '/organisation',
    tag: 'Organisation',
    summary: 'Read what is set for the whole organisation',
    access: 'organisation.read',
    output: organisation,
    etag: ({ version }) => version,
    run: (_input, { actor }) => readOrganisation(actor),
  }),
  endpoint({
    id: 'organisation.update',
    method: 'PATCH',
    path: '/organisation',
    tag: 'Organisation',
    summary: 'Change from when on certificates are warned of, where nobody says otherwise',
    access: 'organisation.write',
    body: organisationChange,
    output: organisation,
    needsIfMatch: true,
    etag: ({ version }) => version,
    run: ({ body }, { actor, ifMatch }) => changeOrganisation(actor, body, ifMatch),
  }),
  endpoint({
    id: 'overview.read',
    method: 'GET',
    path: '/overview',
    tag: 'Organisation',
    summary: 'Read how everything stands: APIs, nodes, drafts, the last deployments',
    access: 'organisation.read',
    output: overview,
    run: (_input, { actor }) => readOverview(actor),
  }),
  endpoint({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    tag: 'Audit',
    summary: 'List who did what, newest first',
    access: 'audit.read',
    query: z.strictObject({
      cursor: z
        .string()
        .regex(/^\d{1,9}$/, 'Give the nextCursor of the page before.')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      outcome: z.enum(['done', 'refused']).optional(),
    }),
    output: auditPage,
    run: ({ query }, { actor }) => readTrail(actor, query),
  }),
  endpoint({
    id: 'audit.verify',
    method: 'GET',
    path: '/audit/verification',
    tag: 'Audit',
    summary: 'Walk the whole trail and say whether it holds',
    access: 'audit.read',
    output: auditVerification,
    run: (_input, { actor }) => verifyTrail(actor),
  }),
]

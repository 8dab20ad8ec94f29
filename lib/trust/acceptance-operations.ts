import { z } from 'zod'
import { endpoint, type Operation } from '../endpoint.ts'
import { acceptanceRecord, acceptFinding, listAcceptances, withdrawAcceptance } from './acceptances.ts'
import { acceptanceInput } from './input.ts'

const findings = 'Findings'

/** REST for findings that somebody answers for. */
export const acceptanceOperations: readonly Operation[] = [
  endpoint({
    id: 'acceptance.list',
    method: 'GET',
    path: '/acceptances',
    tag: findings,
    summary: 'List the findings that somebody answers for',
    access: 'topology.read',
    output: z.object({ acceptances: z.array(acceptanceRecord) }),
    run: async (_input, { actor }) => ({ acceptances: await listAcceptances(actor) }),
  }),
  endpoint({
    id: 'acceptance.create',
    method: 'POST',
    path: '/acceptances',
    tag: findings,
    summary: 'Accept a finding until a day, with who answers for it and why',
    access: 'topology.write',
    body: acceptanceInput,
    output: acceptanceRecord,
    status: 201,
    run: ({ body }, { actor }) => acceptFinding(actor, body),
  }),
  endpoint({
    id: 'acceptance.withdraw',
    method: 'DELETE',
    path: '/acceptances/{acceptanceId}',
    tag: findings,
    summary: 'Withdraw an acceptance: the finding is back',
    access: 'topology.write',
    params: z.object({ acceptanceId: z.uuid() }),
    output: z.void(),
    status: 204,
    run: ({ params }, { actor }) => withdrawAcceptance(actor, params.acceptanceId),
  }),
]

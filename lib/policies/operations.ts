import { z } from 'zod'
import { chain, chainInput, chainStepInput, policyList, verdict } from '#domain/chain.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { checkSteps, listPolicies, readChain } from './read.ts'
import { addPolicy, replaceChain } from './write.ts'

const params = z.strictObject({ instanceId: z.uuid() })
const tag = 'Policies'

/** REST for the policies that there are and the chains that they form. */
export const policiesOperations: readonly Operation[] = [
  endpoint({
    id: 'policy.list',
    method: 'GET',
    path: '/policies',
    tag,
    summary: 'List every policy with the JSON Schema of its configuration',
    access: 'apis.read',
    output: policyList,
    run: async (_input, { actor }) => ({ policies: listPolicies(actor) }),
  }),
  endpoint({
    id: 'policy.check',
    method: 'POST',
    path: '/policies/check',
    tag,
    summary: 'Say what policies make of configurations, without saving them',
    access: 'apis.read',
    body: z.strictObject({
      policies: z.array(chainStepInput.pick({ id: true, kind: true, config: true })).max(50),
    }),
    output: z.object({ verdicts: z.array(verdict) }),
    run: async ({ body }, { actor }) => ({ verdicts: await checkSteps(actor, body.policies) }),
  }),
  endpoint({
    id: 'instance.policies.read',
    method: 'GET',
    path: '/instances/{instanceId}/policies',
    tag,
    summary: 'Read the policy chain of an API, beside the one that runs',
    access: 'apis.read',
    params,
    output: chain,
    etag: ({ version }) => version,
    run: ({ params: { instanceId } }, { actor }) => readChain(actor, instanceId),
  }),
  endpoint({
    id: 'instance.policies.replace',
    method: 'PUT',
    path: '/instances/{instanceId}/policies',
    tag,
    summary: 'Put another policy chain in its place',
    access: 'apis.write',
    params,
    body: chainInput,
    output: chain,
    needsIfMatch: true,
    etag: ({ version }) => version,
    problems: ['policy.unknown', 'policy.config-invalid', 'instance.tls-differs'],
    run: ({ params: { instanceId }, body }, { actor, ifMatch }) =>
      replaceChain(actor, instanceId, body.policies, ifMatch),
  }),
  endpoint({
    id: 'instance.policies.add',
    method: 'POST',
    path: '/instances/{instanceId}/policies',
    tag,
    summary: 'Add one policy to the chain of an API',
    access: 'apis.write',
    params,
    body: chainStepInput,
    output: chain,
    status: 201,
    etag: ({ version }) => version,
    problems: ['policy.unknown', 'policy.config-invalid', 'instance.tls-differs'],
    run: ({ params: { instanceId }, body }, { actor }) => addPolicy(actor, instanceId, body),
  }),
]

import { z } from 'zod'
import { momentChoices, momentInput } from '#domain/moment.ts'
import { pastReach, pastReachChange } from '#domain/past.ts'
import { topologyComparison } from '#domain/topology-comparison.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { listMoments } from './moments.ts'
import { changeReach, readReach } from './reach.ts'
import { compareMoments } from './read.ts'

const tag = 'Topology'

/** REST for what stood there at other times. `topology.read` itself takes a moment too. */
export const historyOperations: readonly Operation[] = [
  endpoint({
    id: 'topology.moment.list',
    method: 'GET',
    path: '/topology/moments',
    tag,
    summary: 'List the moments whose topology can be read, newest first',
    access: 'topology.read',
    output: momentChoices,
    run: (_, { actor }) => listMoments(actor),
  }),
  endpoint({
    id: 'topology.compare',
    method: 'GET',
    path: '/topology/comparison',
    tag,
    summary: 'Compare the topology of two moments; without them what is deployed with its drafts',
    access: 'topology.read',
    query: z.strictObject({ from: momentInput.optional(), to: momentInput.optional() }),
    output: topologyComparison,
    problems: ['not-found', 'topology.not-kept'],
    run: ({ query }, { actor }) =>
      compareMoments(actor, query.from ?? { kind: 'deployed' }, query.to ?? { kind: 'draft' }),
  }),
  endpoint({
    id: 'topology.past.read',
    method: 'GET',
    path: '/topology/past',
    tag,
    summary: 'Read for how long the past of the topology is kept, and from when on',
    access: 'organisation.read',
    output: pastReach,
    etag: ({ version }) => version,
    run: (_, { actor }) => readReach(actor),
  }),
  endpoint({
    id: 'topology.past.update',
    method: 'PATCH',
    path: '/topology/past',
    tag,
    summary: 'Say for how long the past of the topology is kept',
    access: 'organisation.write',
    body: pastReachChange,
    needsIfMatch: true,
    output: pastReach,
    etag: ({ version }) => version,
    problems: ['write.stale'],
    run: ({ body }, { actor, ifMatch }) => changeReach(actor, body, ifMatch),
  }),
]

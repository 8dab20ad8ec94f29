import { simulationResult } from '#domain/handshake.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { probeList, probeTarget, probeView } from '#domain/probe.ts'
import { z } from 'zod'
import { simulation } from './input.ts'
import { listProbes, runProbe } from './probe.ts'
import { simulate } from './simulate.ts'

const tag = 'Proof'

export const proofOperations: readonly Operation[] = [
  endpoint({
    id: 'handshake.simulate',
    method: 'POST',
    path: '/handshakes/simulate',
    tag,
    summary: 'Say what a client with a certificate meets at an API or a context: the verdict of its nodes',
    access: 'trust.read',
    body: simulation,
    output: simulationResult,
    problems: ['not-found', 'certificate.unreadable', 'handshake.no-tls'],
    run: ({ body }, { actor }) => simulate(actor, body),
  }),
  endpoint({
    id: 'probe.run',
    method: 'POST',
    path: '/gateways/{gatewayId}/nodes/{nodeId}/probes',
    tag,
    summary: 'Have a node connect to an upstream or to a listener of its own, and say what it finds',
    access: 'revisions.deploy',
    params: z.object({ gatewayId: z.uuid(), nodeId: z.uuid() }),
    body: z.strictObject({ target: probeTarget }),
    output: probeView,
    problems: ['not-found', 'node.no-answer', 'node.too-old', 'probe.too-many'],
    run: ({ params, body }, { actor }) => runProbe(params, body.target, actor),
  }),
  endpoint({
    id: 'probe.list',
    method: 'GET',
    path: '/gateways/{gatewayId}/probes',
    tag,
    summary: 'List what the nodes of a gateway found when they looked, the newest first',
    access: 'gateways.read',
    params: z.object({ gatewayId: z.uuid() }),
    output: probeList,
    run: async ({ params }, { actor }) => ({ probes: await listProbes(actor, params.gatewayId) }),
  }),
]

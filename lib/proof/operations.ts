import { simulationResult } from '#domain/handshake.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { simulation } from './input.ts'
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
]

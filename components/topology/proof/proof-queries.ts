import { simulationResult } from '#domain/handshake.ts'
import { sendJson } from '../../shell/api.ts'
import type { DoorChoice } from './places.ts'

/** What a simulated client shows. */
export type Shown =
  | { readonly from: 'stored'; readonly certificateId: string }
  | { readonly from: 'pem'; readonly pem: string }
  | { readonly from: 'none' }

export function simulateHandshake({ shown, door }: { shown: Shown; door: DoorChoice }) {
  const at =
    door.kind === 'api'
      ? { kind: door.kind, instanceId: door.instanceId }
      : { kind: door.kind, contextId: door.contextId }
  return sendJson('POST', '/handshakes/simulate', { certificate: shown, at }, simulationResult)
}

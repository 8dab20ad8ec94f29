import type { InstanceDeployment } from '#domain/deployment.ts'
import type { Look } from '../ui/state.tsx'

export type Serving = 'healthy' | 'degraded' | 'down' | 'unknown' | 'not-served'

export const servingLook: Record<Serving, Look> = {
  healthy: { label: 'Serving', tone: 'ok' },
  degraded: { label: 'Served in part', tone: 'warn' },
  down: { label: 'No node serves it', tone: 'err' },
  unknown: { label: 'Unknown', tone: 'idle' },
  'not-served': { label: 'Not served', tone: 'idle' },
}

/** What callers get just now, from what the gateway's nodes really run; the draft does not matter. */
export function servingOf({ state, nodes }: Pick<InstanceDeployment, 'state' | 'nodes'>): Serving {
  if (state === 'not-deployed') return 'not-served'
  if (nodes.length === 0) return 'unknown'
  const applied = nodes.filter((node) => node.state === 'applied').length
  if (applied === nodes.length) return 'healthy'
  return applied > 0 ? 'degraded' : 'down'
}

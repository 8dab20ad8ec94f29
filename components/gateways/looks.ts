import type { NodeState } from '#domain/deployment.ts'
import type { GatewayNode } from '#domain/gateway.ts'
import type { NodeStatus } from '#domain/node-status.ts'
import type { Look } from '../ui/state.tsx'

const statusLook: Record<NodeStatus, Look> = {
  healthy: { label: 'healthy', tone: 'ok' },
  degraded: { label: 'degraded', tone: 'warn' },
  offline: { label: 'offline', tone: 'err' },
}

/** How what a node serves stands to what it should serve, in a few words. */
export const stateLook: Record<NodeState, Look> = {
  applied: { label: 'in sync', tone: 'ok' },
  waiting: { label: 'behind', tone: 'busy' },
  refused: { label: 'refused', tone: 'err' },
  offline: { label: 'unknown', tone: 'idle' },
}

/**
 * A node that has registered and never connected is waited for, and one whose gateway has no revision yet has
 * nothing to serve; calling them offline or degraded would alarm.
 */
export function statusOf(node: GatewayNode): Look {
  if (node.connectedAt === null) return { label: 'waiting for contact', tone: 'busy' }
  if (node.state === null && node.status === 'degraded')
    return { label: 'nothing to serve yet', tone: 'idle' }
  return statusLook[node.status]
}

export interface Sums {
  nodes: number
  healthy: number
  degraded: number
  offline: number
  requestsPerSecond: number
  errorsPerSecond: number
}

/** What all the nodes come to. */
export function sumsOf(nodes: readonly GatewayNode[]): Sums {
  const count = (status: NodeStatus) => nodes.filter((node) => node.status === status).length
  const sum = (read: (node: GatewayNode) => number | undefined) =>
    nodes.reduce((total, node) => total + (read(node) ?? 0), 0)
  return {
    nodes: nodes.length,
    healthy: count('healthy'),
    degraded: count('degraded'),
    offline: count('offline'),
    requestsPerSecond: sum((node) => node.traffic?.requestsPerSecond),
    errorsPerSecond: sum((node) => node.traffic?.errorsPerSecond),
  }
}

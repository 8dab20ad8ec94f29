import { isOffline, type SeenNode } from './deployment.ts'

export const nodeStatuses = ['healthy', 'degraded', 'offline'] as const
export type NodeStatus = (typeof nodeStatuses)[number]

/** What a node can be said to be at a moment. Silence outweighs whatever it reported last. */
export function nodeStatusOf(
  node: Omit<SeenNode, 'appliedHash'>,
  reported: 'healthy' | 'degraded' | null,
  now: Date,
): NodeStatus {
  if (isOffline(node, now)) return 'offline'
  return reported ?? 'healthy'
}

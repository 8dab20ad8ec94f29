import { z } from 'zod'
import { signOffGate } from './sign-off.ts'

/** What a deployment is made of, as pages and machines see it. */

/** One difference between two configurations. */
export const change = z.object({
  kind: z.enum(['added', 'removed', 'changed']),
  /** JSON pointer (RFC 6901) into the items: /items/{item id}/… */
  pointer: z.string(),
  /** The change in plain words. */
  text: z.string(),
  /** Whether it takes protection away, such as a removed identity policy. */
  weakens: z.boolean(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})

/** A line of the textual difference; `gap` stands for unchanged lines that are left out. */
const diffLine = z.object({ sign: z.enum(['same', 'added', 'removed', 'gap']), text: z.string() })

/** The changes of one API, or of the gateway itself. */
const changeGroup = z.object({
  kind: z.enum(['api', 'gateway']),
  /** The instance's id, or the gateway's. */
  id: z.string(),
  title: z.string(),
  changes: z.array(change),
  lines: z.array(diffLine),
})

export const difference = z.object({
  /** Null stands for nothing deployed, or for the draft. */
  fromRevision: z.int().nullable(),
  toRevision: z.int().nullable(),
  count: z.int(),
  groups: z.array(changeGroup),
})

const deploymentFault = z.object({ pointer: z.string(), detail: z.string() })

/** The draft of a gateway against what is deployed there. */
export const draft = z.object({
  gatewayId: z.string(),
  gatewayName: z.string(),
  headRevision: z.int(),
  difference,
  /** What would be refused; while there are any, nothing can be deployed. */
  faults: z.array(deploymentFault),
  /** Null where the environment demands none. */
  signOff: signOffGate.nullable(),
})

export const nodeStates = ['applied', 'waiting', 'refused', 'offline'] as const
export type NodeState = (typeof nodeStates)[number]

/** A node under a revision: what it was asked to serve and what it does serve. */
const nodeDeployment = z.object({
  nodeId: z.string(),
  name: z.string(),
  state: z.enum(nodeStates),
  /** What the node serves, or served when it was last seen. */
  servesRevision: z.int().nullable(),
  servesHash: z.string().nullable(),
  lastSeenAt: z.iso.datetime().nullable(),
  acknowledgedAt: z.iso.datetime().nullable(),
  durationMs: z.int().nullable(),
  reasons: z.array(z.object({ pointer: z.string(), reason: z.string() })),
  requestsPerSecond: z.number().nullable(),
  p99Ms: z.number().nullable(),
})

const revisionStates = ['applied', 'partly-applied', 'waiting', 'refused', 'no-nodes', 'superseded'] as const
export type RevisionState = (typeof revisionStates)[number]

export const revisionSummary = z.object({
  gatewayId: z.string(),
  number: z.int(),
  kind: z.enum(['deploy', 'rollback']),
  restoresNumber: z.int().nullable(),
  hash: z.string(),
  note: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  isHead: z.boolean(),
  state: z.enum(revisionStates),
  /** Nodes that acknowledged it, and nodes that refused it. */
  appliedBy: z.int(),
  refusedBy: z.int(),
})

/** A page of a gateway's history, newest first. */
export const revisionList = z.object({
  revisions: z.array(revisionSummary),
  /** Give it back as `cursor` to read on; null at the end. */
  nextCursor: z.string().nullable(),
})

export const revisionDetail = revisionSummary.extend({
  gatewayName: z.string(),
  nodes: z.array(nodeDeployment),
  difference,
})

export const instanceStates = ['not-deployed', 'in-sync', 'changed'] as const
export type InstanceState = (typeof instanceStates)[number]

/** How an API instance's draft stands to what runs. */
export const instanceDeployment = z.object({
  instanceId: z.string(),
  gatewayId: z.string(),
  gatewayName: z.string(),
  state: z.enum(instanceStates),
  headRevision: z.int(),
  changes: z.int(),
  difference,
  faults: z.array(deploymentFault),
  /** Null where the environment demands none. */
  signOff: signOffGate.nullable(),
  nodes: z.array(nodeDeployment),
})

export type Change = z.infer<typeof change>
export type DiffLine = z.infer<typeof diffLine>
export type ChangeGroup = z.infer<typeof changeGroup>
export type Difference = z.infer<typeof difference>
export type Draft = z.infer<typeof draft>
export type NodeDeployment = z.infer<typeof nodeDeployment>
export type RevisionSummary = z.infer<typeof revisionSummary>
export type RevisionList = z.infer<typeof revisionList>
export type RevisionDetail = z.infer<typeof revisionDetail>
export type InstanceDeployment = z.infer<typeof instanceDeployment>

/** Nodes report every 5 s; one that missed three reports is called offline, whatever it said last. */
export const offlineAfterMs = 15_000

export interface SeenNode {
  lastSeenAt: Date | null
  connectedAt: Date | null
  disconnectedAt: Date | null
  appliedHash: string | null
}

/** Says whether a node is out of reach: it said goodbye, or its reports are overdue. */
export function isOffline(node: Omit<SeenNode, 'appliedHash'>, now: Date): boolean {
  if (!node.connectedAt || !node.lastSeenAt) return true
  if (node.disconnectedAt && node.disconnectedAt >= node.connectedAt) return true
  return now.getTime() - node.lastSeenAt.getTime() > offlineAfterMs
}

/** Whether what was received then can pass for what is now; otherwise it is shown with its age. */
export function isReportCurrent(
  node: Omit<SeenNode, 'appliedHash'>,
  receivedAt: Date | null,
  now: Date,
): boolean {
  if (!receivedAt || isOffline(node, now)) return false
  return now.getTime() - receivedAt.getTime() <= offlineAfterMs
}

/** The state of a node under the revision that its gateway should serve. */
export function nodeStateOf(
  node: SeenNode,
  revision: { hash: string },
  lastOutcome: 'applied' | 'refused' | null,
  now: Date,
): NodeState {
  if (isOffline(node, now)) return 'offline'
  if (node.appliedHash === revision.hash) return 'applied'
  return lastOutcome === 'refused' ? 'refused' : 'waiting'
}

/** The state of a whole revision, from its nodes. */
export function revisionStateOf(isHead: boolean, nodes: readonly { state: NodeState }[]): RevisionState {
  if (!isHead) return 'superseded'
  if (nodes.length === 0) return 'no-nodes'
  if (nodes.every((node) => node.state === 'applied')) return 'applied'
  if (nodes.some((node) => node.state === 'applied')) return 'partly-applied'
  return nodes.some((node) => node.state === 'refused') ? 'refused' : 'waiting'
}

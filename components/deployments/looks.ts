import type { InstanceState, NodeState, RevisionState } from '#domain/deployment.ts'
import type { Look } from '../ui/state.tsx'

export const nodeLook: Record<NodeState, Look> = {
  applied: { label: 'applied', tone: 'ok' },
  waiting: { label: 'waiting', tone: 'busy' },
  refused: { label: 'refused', tone: 'err' },
  offline: { label: 'offline', tone: 'warn' },
}

export const revisionLook: Record<RevisionState, Look> = {
  applied: { label: 'applied', tone: 'ok' },
  'partly-applied': { label: 'partly applied', tone: 'warn' },
  waiting: { label: 'waiting', tone: 'busy' },
  refused: { label: 'refused', tone: 'err' },
  'no-nodes': { label: 'no nodes', tone: 'idle' },
  superseded: { label: 'superseded', tone: 'idle' },
}

export const instanceLook: Record<InstanceState, Look> = {
  'not-deployed': { label: 'Not deployed', tone: 'idle' },
  'in-sync': { label: 'In sync', tone: 'ok' },
  changed: { label: 'Changed', tone: 'warn' },
}

/** 1 change, 2 changes. */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

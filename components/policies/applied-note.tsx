'use client'
import { useQuery } from '@tanstack/react-query'
import { deploymentQueries } from '../deployments/queries.ts'
import { WordState } from '../ui/state.tsx'

/** On how many nodes the deployed chain runs; says which node refused it. */
export function AppliedNote({ instanceId }: { instanceId: string }) {
  const nodes = useQuery(deploymentQueries.instance(instanceId)).data?.nodes
  if (!nodes || nodes.length === 0) return null
  const applied = nodes.filter(({ state }) => state === 'applied').length
  const refused = nodes.filter(({ state }) => state === 'refused')
  if (refused.length > 0) {
    return (
      <WordState tone="err" className="text-sm">
        Refused by {refused.map(({ name }) => name).join(', ')}
      </WordState>
    )
  }
  return (
    <WordState tone={applied === nodes.length ? 'ok' : 'busy'} className="text-sm">
      Applied on {applied} of {nodes.length} {nodes.length === 1 ? 'node' : 'nodes'}
    </WordState>
  )
}

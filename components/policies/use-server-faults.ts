'use client'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Chain, ChainStep } from '#domain/chain.ts'
import { deploymentQueries } from '../deployments/queries.ts'
import type { FieldFault } from './field-faults.ts'
import { faultsBySteps, type ServerFaults } from './server-faults.ts'

/**
 * What the server has against the steps as they are: what it said when they were to be saved, or what gateways would
 * refuse in those that are saved.
 */
export function useServerFaults(
  chain: Chain,
  steps: readonly ChainStep[],
  refused: readonly FieldFault[],
  dirty: boolean,
): ServerFaults {
  const { instanceId } = chain
  const deployment = useQuery(deploymentQueries.instance(instanceId)).data
  return useMemo(() => {
    if (dirty) return { ...faultsBySteps(refused, '/policies', idsOf(steps)), elsewhere: [] }
    const enabled = steps.filter((step) => step.enabled)
    return faultsBySteps(deployment?.faults ?? [], `/items/api:${instanceId}/policies`, idsOf(enabled))
  }, [instanceId, steps, refused, dirty, deployment])
}

function idsOf(steps: readonly ChainStep[]): string[] {
  return steps.map(({ id }) => id)
}

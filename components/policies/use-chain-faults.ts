'use client'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Chain, ChainStep, PolicyDescription, Verdict } from '#domain/chain.ts'
import { useDebounced } from '../shell/use-debounced.ts'
import type { FieldFault } from './field-faults.ts'
import { faultsIn, readSchema } from './form-schema.ts'
import { policyQueries } from './queries.ts'
import type { ServerFaults } from './server-faults.ts'

export interface Judgement {
  verdicts: ReadonlyMap<string, Verdict>
  faults: ReadonlyMap<string, readonly FieldFault[]>
  /** Over all steps, those that are off too: they are saved with the others. */
  faultCount: number
}

/**
 * What is wrong with a draft: at once what its schemas say, a moment later what the policies themselves say, and what
 * the server said when it was saved or would say when it is deployed.
 */
export function useChainFaults(
  chain: Chain,
  steps: readonly ChainStep[],
  policies: readonly PolicyDescription[],
  /** About the steps as they are. */
  refused: ServerFaults,
): Judgement {
  const settled = useDebounced(steps, 250)
  const checked = useQuery(policyQueries.verdicts(settled)).data
  return useMemo(() => {
    const saved = new Map(chain.policies.map((step) => [step.id, step.verdict]))
    const verdicts = new Map([...saved, ...(checked ?? [])])
    const settledById = new Map(settled.map((step) => [step.id, step]))
    const faults = new Map(
      steps.map((step) => {
        const schema = policies.find(({ kind }) => kind === step.kind)?.schema
        const own = schema ? faultsIn(readSchema(schema), step.config) : []
        // While somebody types, the server's word is about an earlier text: only the schema's counts.
        const current = settledById.get(step.id)?.config === step.config
        const said = current ? (verdicts.get(step.id)?.faults ?? []) : []
        const all = [...said, ...(refused.byStep.get(step.id) ?? [])]
        return [step.id, own.length > 0 ? own : all] as const
      }),
    )
    const faultCount = [...faults.values()].reduce((sum, list) => sum + list.length, 0)
    return { verdicts, faults, faultCount }
  }, [chain, steps, settled, checked, policies, refused])
}

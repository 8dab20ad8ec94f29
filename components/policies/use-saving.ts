'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import type { Chain } from '#domain/chain.ts'
import { deploymentsHref } from '../deployments/address.ts'
import { deploymentQueries } from '../deployments/queries.ts'
import { asProblem } from '../shell/problem-error.ts'
import { toast } from '../ui/toast.tsx'
import { type Draft, type DraftAction, isDirty } from './draft.ts'
import type { FieldFault } from './field-faults.ts'
import { deployInstance, policyQueries, saveChain } from './queries.ts'

const noFaults: readonly FieldFault[] = []

/** Saving and deploying a draft: each says it is done only after the server has said so. */
export function useSaving(chain: Chain, draft: Draft, dispatch: (action: DraftAction) => void) {
  const client = useQueryClient()
  const router = useRouter()
  const { instanceId } = chain
  const storeSaved = (saved: Chain) => {
    client.setQueryData(policyQueries.chain(instanceId).queryKey, saved)
    dispatch({ do: 'saved', chain: saved })
  }
  const save = useMutation({
    mutationFn: async (steps: Draft['steps']) => {
      const saved = await saveChain(instanceId, steps, draft.version)
      storeSaved(saved)
      return saved
    },
    onSuccess: async () => {
      toast.success('Draft saved')
      await client.invalidateQueries({ queryKey: deploymentQueries.instance(instanceId).queryKey })
    },
  })
  const deploy = useMutation({
    mutationFn: async (steps: Draft['steps']) => {
      const saved = isDirty(draft) ? await saveChain(instanceId, steps, draft.version) : chain
      if (saved !== chain) storeSaved(saved)
      return deployInstance(saved, '')
    },
    onSuccess: (revision) =>
      toast.success(`Revision ${revision.number} is on its way to ${chain.gateway.name}`, {
        action: {
          label: 'Watch',
          onClick: () =>
            router.push(deploymentsHref({ gateway: chain.gateway.id, revision: revision.number })),
        },
      }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: policyQueries.chain(instanceId).queryKey }),
        client.invalidateQueries({ queryKey: deploymentQueries.all }),
      ]),
  })
  const error = save.error ?? deploy.error
  const problem = error ? asProblem(error) : null
  const refusedSteps = save.error ? save.variables : deploy.variables
  return {
    save,
    deploy,
    busy: save.isPending || deploy.isPending,
    problem,
    /** What was wrong with the steps that are still as they were refused. */
    faults: problem && refusedSteps === draft.steps ? problem.faults : noFaults,
    dismiss: () => {
      save.reset()
      deploy.reset()
    },
  }
}

'use client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useReducer, useState } from 'react'
import { type Chain, type ChainStep, compareChains, type PolicyDescription, placeFor } from '#domain/chain.ts'
import { draftOf, isDirty, reduceDraft } from './draft.ts'
import { isGroup, readSchema, startValue } from './form-schema.ts'
import { countMarks, marksInWords } from './policy-words.ts'
import { policyQueries } from './queries.ts'
import { newStepId } from './step-id.ts'
import { useChainFaults } from './use-chain-faults.ts'
import { useSaving } from './use-saving.ts'
import { useServerFaults } from './use-server-faults.ts'

/** What the designer is about: the saved chain, the draft of it, its mistakes, and its difference to what runs. */
export function useDesigner(initial: Chain, policies: readonly PolicyDescription[]) {
  const { data: chain } = useQuery({ ...policyQueries.chain(initial.instanceId), initialData: initial })
  const [draft, dispatch] = useReducer(reduceDraft, initial, (from) => draftOf(from, null))
  const { marks, removed } = compareChains(draft.steps, chain.deployed?.policies ?? [])
  const saving = useSaving(chain, draft, dispatch)
  const [addedId, setAddedId] = useState<string | null>(null)
  const dirty = isDirty(draft)
  const refused = useServerFaults(chain, draft.steps, saving.faults, dirty)
  const judgement = useChainFaults(chain, draft.steps, policies, refused)

  // Somebody else saved meanwhile: without edits of our own theirs is simply shown.
  useEffect(() => {
    if (!dirty && chain.version !== draft.version) dispatch({ do: 'saved', chain })
  }, [chain, dirty, draft.version])

  const insert = (policy: PolicyDescription, at?: number) => {
    const place = at ?? placeFor(policy, draft.steps.map(placedBy(policies)))
    const step = newStep(policy)
    dispatch({ do: 'add', step, at: place })
    setAddedId(step.id)
  }
  return {
    chain,
    draft,
    dispatch,
    dirty,
    judgement,
    /** What stands in the way of deploying the chain as it is saved, and is no step's. */
    hindrances: refused.elsewhere,
    saving,
    insert,
    /** The step that was added last. */
    addedId,
    marks,
    removed,
    difference: marksInWords(marks, removed.length),
    differences: countMarks(marks, removed.length),
    /** Selects the policy of a kind, or adds it where it is not there. */
    begin: (kind: string) => {
      const there = draft.steps.find((step) => step.kind === kind)
      const policy = policies.find((each) => each.kind === kind)
      if (there) dispatch({ do: 'select', id: there.id })
      else if (policy) insert(policy)
    },
  }
}

function newStep({ kind, policyVersion, schema }: PolicyDescription) {
  const start = startValue(readSchema(schema))
  return { id: newStepId(), kind, policyVersion, config: isGroup(start) ? start : {} }
}

function placedBy(policies: readonly PolicyDescription[]) {
  return (step: ChainStep) =>
    policies.find(({ kind }) => kind === step.kind) ?? { category: 'shape' as const, first: false }
}

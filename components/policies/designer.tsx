'use client'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useEffect, useReducer, useRef, useState } from 'react'
import { type Chain, type ChainStep, compareChains, type PolicyDescription, placeFor } from '#domain/chain.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Drawer, DrawerContent } from '../ui/drawer.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { DesignerBar } from './designer-bar.tsx'
import { DifferenceDialog } from './difference-dialog.tsx'
import { draftOf, isDirty, reduceDraft } from './draft.ts'
import { isGroup, readSchema, startValue } from './form-schema.ts'
import { LeaveGuard } from './leave-guard.tsx'
import { Pipe } from './pipe.tsx'
import { PolicyPicker } from './policy-picker.tsx'
import { countMarks, marksInWords } from './policy-words.ts'
import { policyQueries } from './queries.ts'
import { newStepId } from './step-id.ts'
import { StepPanel } from './step-panel.tsx'
import { useChainFaults } from './use-chain-faults.ts'
import { useFocusOn, useQuickAdd } from './use-quick-add.ts'
import { useSaving } from './use-saving.ts'
import { useWide } from './use-wide.ts'

interface Props {
  initial: Chain
  policies: readonly PolicyDescription[]
  /** The kind to begin with: added when it is not there, selected when it is. */
  add: string | null
}

/** The policy designer: what there is, the pipe, and the selected step. */
export function Designer({ initial, policies, add }: Props) {
  const { data: chain } = useQuery({ ...policyQueries.chain(initial.instanceId), initialData: initial })
  const mayWrite = useMay('apis.write')
  const mayDeploy = useMay('revisions.deploy')
  const [draft, dispatch] = useReducer(reduceDraft, initial, (from) => draftOf(from, null))
  const judgement = useChainFaults(chain, draft.steps, policies)
  const { marks, removed } = compareChains(draft.steps, chain.deployed?.policies ?? [])
  const saving = useSaving(chain, draft, dispatch)
  const [open, setOpen] = useState<'list' | 'difference' | null>(null)
  const [addedId, setAddedId] = useState<string | null>(null)
  const wide = useWide()
  const dirty = isDirty(draft)
  const form = useRef<HTMLDivElement>(null)
  const selected =
    draft.steps.find((step) => step.id === draft.selectedId) ?? (wide ? draft.steps[0] : undefined)

  // Somebody else saved meanwhile: without edits of our own theirs is simply shown.
  useEffect(() => {
    if (!dirty && chain.version !== draft.version) dispatch({ do: 'saved', chain })
  }, [chain, dirty, draft.version])

  const insert = (policy: PolicyDescription, at?: number) => {
    const place = at ?? placeFor(policy, draft.steps.map(placedBy(policies)))
    const step = newStep(policy)
    dispatch({ do: 'add', step, at: place })
    setOpen(null)
    setAddedId(step.id)
  }
  useQuickAdd(mayWrite ? add : null, (kind) => {
    const there = draft.steps.find((step) => step.kind === kind)
    const policy = policies.find((each) => each.kind === kind)
    if (there) dispatch({ do: 'select', id: there.id })
    else if (policy) insert(policy)
  })
  useFocusOn(form, addedId)
  const panel = selected && (
    <StepPanel
      step={selected}
      policy={policies.find(({ kind }) => kind === selected.kind)}
      faults={judgement.faults.get(selected.id) ?? []}
      readOnly={!mayWrite}
      dispatch={dispatch}
    />
  )
  const picker = (
    <PolicyPicker
      className="h-full"
      policies={policies}
      selectedKind={selected?.kind}
      disabled={!mayWrite}
      onPick={(policy) => insert(policy)}
    />
  )
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-0 flex-1">
        <section
          aria-label="Policies that there are"
          className="hidden w-59 shrink-0 border-r border-line bg-panel p-3.5 lg:block"
        >
          {picker}
        </section>
        <section
          aria-label="The way of a request"
          tabIndex={0}
          className="dotted min-w-0 flex-1 overflow-y-auto px-4 py-5.5 focus-visible:-outline-offset-2"
        >
          {mayWrite && (
            <Button className="mx-auto mb-4 flex lg:hidden" onClick={() => setOpen('list')}>
              <Plus aria-hidden />
              Add a policy
            </Button>
          )}
          <Pipe
            chain={chain}
            steps={draft.steps}
            policies={policies}
            verdicts={judgement.verdicts}
            faultCounts={new Map([...judgement.faults].map(([id, list]) => [id, list.length]))}
            marks={marks}
            removed={removed}
            selectedId={selected?.id ?? null}
            readOnly={!mayWrite}
            dispatch={dispatch}
            onAdd={insert}
          />
        </section>
        {wide && (
          <section
            aria-label="The selected step"
            ref={form}
            className="w-95 shrink-0 overflow-y-auto border-l border-line bg-panel px-4.5 py-2"
          >
            {panel ?? <NothingSelected empty={draft.steps.length === 0} />}
          </section>
        )}
      </div>
      {saving.problem && (
        <div className="border-t border-line bg-canvas p-3">
          <ProblemPanel problem={saving.problem} onRetry={saving.dismiss} />
        </div>
      )}
      <DesignerBar
        chain={chain}
        difference={marksInWords(marks, removed.length)}
        differences={countMarks(marks, removed.length)}
        dirty={dirty}
        faults={judgement.faultCount}
        busy={saving.deploy.isPending ? 'deploy' : saving.save.isPending ? 'save' : null}
        mayWrite={mayWrite}
        mayDeploy={mayDeploy}
        onSave={() => saving.save.mutate()}
        onDeploy={() => saving.deploy.mutate()}
        onDiscard={() => dispatch({ do: 'discard' })}
        onShowFault={() => dispatch({ do: 'select', id: firstFaulty(judgement.faults) })}
        onShowDifference={() => setOpen('difference')}
      />
      <Drawer open={open === 'list'} onOpenChange={(stays) => setOpen(stays ? 'list' : null)}>
        <DrawerContent side="left" title="Add a policy">
          {picker}
        </DrawerContent>
      </Drawer>
      <Drawer
        open={!wide && selected !== undefined}
        onOpenChange={() => dispatch({ do: 'select', id: null })}
      >
        <DrawerContent
          title={selected?.label || (policies.find(({ kind }) => kind === selected?.kind)?.title ?? '')}
        >
          {panel}
        </DrawerContent>
      </Drawer>
      <DifferenceDialog
        open={open === 'difference'}
        onOpenChange={(stays) => setOpen(stays ? 'difference' : null)}
        chain={chain}
        steps={draft.steps}
        difference={marksInWords(marks, removed.length)}
      />
      <LeaveGuard
        dirty={dirty}
        mayLeave={() => dispatch({ do: 'discard' })}
        onSave={() =>
          saving.save.mutateAsync().then(
            () => true,
            () => false,
          )
        }
      />
    </div>
  )
}

function NothingSelected({ empty }: { empty: boolean }) {
  return (
    <p className="py-10 text-center text-sm text-ink-3">
      {empty
        ? 'No policies yet: every request goes straight to the upstream.'
        : 'Select a step to see what it does.'}
    </p>
  )
}

function newStep({ kind, policyVersion, schema }: PolicyDescription) {
  const start = startValue(readSchema(schema))
  return { id: newStepId(), kind, policyVersion, config: isGroup(start) ? start : {} }
}

function placedBy(policies: readonly PolicyDescription[]) {
  return (step: ChainStep) =>
    policies.find(({ kind }) => kind === step.kind) ?? { category: 'shape' as const, first: false }
}

function firstFaulty(faults: ReadonlyMap<string, readonly unknown[]>): string | null {
  return [...faults].find(([, list]) => list.length > 0)?.[0] ?? null
}

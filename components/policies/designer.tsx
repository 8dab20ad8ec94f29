'use client'
import { Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Chain, PolicyDescription } from '#domain/chain.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Hindrances } from '../deployments/hindrances.tsx'
import { Button } from '../ui/button.tsx'
import { Drawer, DrawerContent } from '../ui/drawer.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { useMediaQuery } from '../ui/use-media-query.ts'
import { DesignerBar } from './designer-bar.tsx'
import { DifferenceDialog } from './difference-dialog.tsx'
import { LeaveGuard } from './leave-guard.tsx'
import { Pipe } from './pipe.tsx'
import { PolicyPicker } from './policy-picker.tsx'
import { StepPanel } from './step-panel.tsx'
import { useDesigner } from './use-designer.ts'
import { useFocusOn, useQuickAdd } from './use-quick-add.ts'

interface Props {
  initial: Chain
  policies: readonly PolicyDescription[]
  /** The kind to begin with: added when it is not there, selected when it is. */
  add: string | null
}

/** The policy designer: what there is, the pipe, and the selected step. */
export function Designer({ initial, policies, add }: Props) {
  const designer = useDesigner(initial, policies)
  const { chain, draft, dispatch, dirty, judgement, saving } = designer
  const mayWrite = useMay('apis.write')
  const mayDeploy = useMay('revisions.deploy')
  const [open, setOpen] = useState<'list' | 'difference' | null>(null)
  const wide = useMediaQuery('(width >= 64rem)', true)
  const form = useRef<HTMLDivElement>(null)
  const selected =
    draft.steps.find((step) => step.id === draft.selectedId) ?? (wide ? draft.steps[0] : undefined)
  useQuickAdd(mayWrite ? add : null, designer.begin)
  useFocusOn(form, designer.addedId)
  const panel = selected && (
    <StepPanel
      step={selected}
      policy={policies.find(({ kind }) => kind === selected.kind)}
      faults={judgement.faults.get(selected.id) ?? []}
      warnings={judgement.verdicts.get(selected.id)?.warnings ?? []}
      upstreams={chain.upstreams}
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
      onPick={(policy) => {
        designer.insert(policy)
        setOpen(null)
      }}
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
            marks={designer.marks}
            removed={designer.removed}
            selectedId={selected?.id ?? null}
            readOnly={!mayWrite}
            dispatch={dispatch}
            onAdd={designer.insert}
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
      {!dirty && designer.hindrances.length > 0 && (
        <div className="border-t border-line bg-canvas p-3">
          <Hindrances faults={designer.hindrances} />
        </div>
      )}
      {saving.problem && (
        <div className="border-t border-line bg-canvas p-3">
          <ProblemPanel problem={saving.problem} onRetry={saving.dismiss} />
        </div>
      )}
      <DesignerBar
        chain={chain}
        difference={designer.difference}
        differences={designer.differences}
        dirty={dirty}
        faults={judgement.faultCount}
        hindered={designer.hindrances.length > 0}
        busy={saving.deploy.isPending ? 'deploy' : saving.save.isPending ? 'save' : null}
        mayWrite={mayWrite}
        mayDeploy={mayDeploy}
        onSave={() => saving.save.mutate(draft.steps)}
        onDeploy={() => saving.deploy.mutate(draft.steps)}
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
        difference={designer.difference}
      />
      <LeaveGuard
        dirty={dirty}
        mayLeave={() => dispatch({ do: 'discard' })}
        onSave={() =>
          saving.save.mutateAsync(draft.steps).then(
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

function firstFaulty(faults: ReadonlyMap<string, readonly unknown[]>): string | null {
  return [...faults].find(([, list]) => list.length > 0)?.[0] ?? null
}

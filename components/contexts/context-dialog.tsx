'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ContextRecord, Published, TrustImpact } from '#domain/trust-record.ts'
import { authorityQueries } from '../authorities/queries.ts'
import { DeploymentProgress } from '../deployments/progress.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { toast } from '../ui/toast.tsx'
import { ContextForm } from './context-form.tsx'
import { type ContextDraft, contextQueries, saveContext } from './queries.ts'
import { Touched } from './touched.tsx'
import { TrustDialog } from './trust-dialog.tsx'

interface Props {
  /** The one that is edited; without it, one is added. */
  context?: ContextRecord
  now: Date
  onSaved?: (context: ContextRecord) => void
  onClose: () => void
}

const blank: ContextDraft = { name: '', class: 'org-internal', authorityIds: [], keystoreId: null }

/** Adds or edits a context: what a change touches stands there before it is published, and nodes as they take it. */
export function ContextDialog({ context, now, onSaved, onClose }: Props) {
  const [draft, setDraft] = useState<ContextDraft>(context ?? blank)
  const [published, setPublished] = useState<readonly Published[]>([])
  const { data: authorities } = useQuery(authorityQueries.list())
  const { data: certificates } = useQuery(authorityQueries.certificates())
  const { data: impact } = useQuery({
    ...contextQueries.impact(context?.id ?? ''),
    enabled: context !== undefined,
  })
  if (published.length > 0) return <Publication published={published} onClose={onClose} />
  const isReady =
    authorities !== undefined && certificates !== undefined && (!context || impact !== undefined)
  return (
    <TrustDialog
      title={context ? `Edit ${context.name}` : 'Add context'}
      {...(context ? {} : { description: 'APIs take from it whom they trust, and what they show.' })}
      submit={submitWords(context, impact)}
      size="lg"
      fields={['/name', '/authorityIds', '/keystoreId']}
      disabled={!isReady || draft.name.trim() === '' || draft.authorityIds.length === 0}
      save={() => saveContext(partsOf(draft), context)}
      onSaved={(saved) => {
        onSaved?.(saved.context)
        if (saved.published.length > 0) return setPublished(saved.published)
        toast.success(`${saved.context.name} is ${context ? 'saved' : 'added'}`)
        onClose()
      }}
      onClose={onClose}
    >
      {(faultAt) =>
        isReady ? (
          <>
            {context && impact && (
              <section aria-label="What a change touches">
                <h3 className="mb-1 text-sm font-medium">A change touches at once</h3>
                <Touched impact={impact} none="Nothing that is deployed goes by it." />
              </section>
            )}
            <ContextForm {...{ draft, authorities, certificates, now, faultAt }} onDraft={setDraft} />
          </>
        ) : (
          <Skeleton className="h-72 w-full" />
        )
      }
    </TrustDialog>
  )
}

function partsOf({ name, class: cls, authorityIds, keystoreId }: ContextDraft): ContextDraft {
  return { name, class: cls, authorityIds, keystoreId }
}

function submitWords(context: ContextRecord | undefined, impact: TrustImpact | undefined): string {
  if (!context) return 'Add context'
  const { gateways = [] } = impact ?? {}
  if (gateways.length === 0) return 'Save'
  const [only] = gateways
  return gateways.length === 1 ? `Publish to ${only?.name}` : `Publish to ${gateways.length} gateways`
}

function Publication({ published, onClose }: { published: readonly Published[]; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title="Published"
        description="Each gateway with its nodes, as they take it. New handshakes go by it; open connections stay."
        footer={
          <DialogClose asChild>
            <Button variant="primary">Done</Button>
          </DialogClose>
        }
      >
        <div className="flex flex-col gap-5">
          {published.map(({ gatewayId, gatewayName, revision }) => (
            <section key={gatewayId}>
              <h3 className="mb-1.5 text-sm font-semibold">
                {gatewayName} <span className="font-normal text-ink-3">revision {revision}</span>
              </h3>
              <DeploymentProgress gatewayId={gatewayId} number={revision} />
            </section>
          ))}
        </div>
      </DialogContent>
    </Dialog>
  )
}

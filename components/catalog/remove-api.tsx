'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ApiDetail, InstanceView } from '#domain/catalog.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { toast } from '../ui/toast.tsx'
import { apiQueries, deleteApi, removeInstance } from './queries.ts'

/** Takes an API off a gateway, or deletes it; what a gateway still serves is refused by the server. */
export function RemoveApi({ api, instance }: { api: ApiDetail; instance: InstanceView | null }) {
  return (
    <Section title="Removal" description="Switch it off and deploy that first; a gateway may serve it still.">
      <Panel className="divide-y divide-line">
        {instance && (
          <Removal
            title={`Take it off ${instance.gatewayName}`}
            button="Take it off"
            detail={`${instance.basePath} answers no more. The API stays in the catalog.`}
            act={() => removeInstance(instance)}
            then={`/catalog/${api.id}`}
          />
        )}
        <Removal
          title={`Delete ${api.name}`}
          button="Delete"
          detail="With all its versions and policies. The audit trail keeps what was."
          act={() => deleteApi(api.id, api.version)}
          then="/catalog"
        />
      </Panel>
    </Section>
  )
}

interface Props {
  title: string
  /** The beginning of the title, for where it stands beside it. */
  button: string
  detail: string
  act: () => Promise<unknown>
  then: string
}

function Removal({ title, button, detail, act, then }: Props) {
  const client = useQueryClient()
  const router = useRouter()
  const [isOpen, setOpen] = useState(false)
  const remove = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      setOpen(false)
      toast.success('Removed')
      router.push(then)
      router.refresh()
      await client.invalidateQueries({ queryKey: apiQueries.all })
    },
  })
  return (
    <div className="flex flex-wrap items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="text-sm font-medium">{title}</p>
        <p className="text-xs text-ink-3">{detail}</p>
      </div>
      <Button variant="danger" aria-haspopup="dialog" aria-label={title} onClick={() => setOpen(true)}>
        {button}…
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={(open) => {
          setOpen(open)
          remove.reset()
        }}
      >
        <DialogContent
          title={`${title}?`}
          description={detail}
          size="sm"
          footer={
            <>
              <DialogClose asChild>
                <Button>Keep it</Button>
              </DialogClose>
              <Button variant="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
                {title}
              </Button>
            </>
          }
        >
          {remove.error ? (
            <ProblemPanel problem={asProblem(remove.error)} />
          ) : (
            <p className="text-sm text-ink-2">This cannot be undone.</p>
          )}
        </DialogContent>
      </Dialog>
    </div>
  )
}

'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { z } from 'zod'
import { type GatewaySummary, gatewayListeners, type Listener } from '#domain/gateway.ts'
import { deploymentQueries } from '../deployments/queries.ts'
import { isGroup, readSchema } from '../policies/form-schema.ts'
import { SchemaForm } from '../policies/schema-form.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { toast } from '../ui/toast.tsx'
import { gatewayQueries, saveListeners } from './queries.ts'

const formId = 'listeners'
const field = readSchema(z.toJSONSchema(gatewayListeners, { io: 'input' }))

/** Changes the ports that a gateway's nodes listen on. */
export function ListenersButton({ gateway }: { gateway: GatewaySummary }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="ghost" size="sm" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Change listeners
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <Content gateway={gateway} close={() => setOpen(false)} />}
      </Dialog>
    </>
  )
}

function Content({ gateway, close }: { gateway: GatewaySummary; close: () => void }) {
  const client = useQueryClient()
  const [value, setValue] = useState<unknown>({ listeners: gateway.listeners })
  const saving = useMutation({
    mutationFn: (listeners: readonly Listener[]) => saveListeners(gateway, listeners),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: gatewayQueries.all }),
        client.invalidateQueries({ queryKey: deploymentQueries.all }),
      ])
      close()
      toast.success('Saved', { description: 'It takes effect with the next deployment.' })
    },
  })
  const problem = saving.error ? asProblem(saving.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // What does not fit, the server says at its field.
    saving.mutate(isGroup(value) ? (value['listeners'] as Listener[]) : [])
  }
  return (
    <DialogContent
      title="Listeners"
      description="Ports of every node. With https the certificates come from the APIs' TLS policies."
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button type="submit" form={formId} variant="primary" busy={saving.isPending}>
            Save the draft
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        {field.type === 'group' && (
          <SchemaForm
            field={field}
            pointer=""
            value={value}
            onChange={setValue}
            faults={problem?.faults ?? []}
            readOnly={false}
          />
        )}
        {problem && problem.faults.length === 0 && <ProblemPanel problem={problem} />}
      </form>
    </DialogContent>
  )
}

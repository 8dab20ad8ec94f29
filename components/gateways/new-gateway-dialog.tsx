'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import type { EnvironmentView } from '#domain/gateway.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { createGateway, gatewayQueries } from './queries.ts'

const formId = 'new-gateway'

/** Makes a gateway: a name, an environment, and where clients reach it. */
export function NewGatewayButton({ environments }: { environments: readonly EnvironmentView[] }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button aria-haspopup="dialog" onClick={() => setOpen(true)}>
        New gateway
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <Content environments={environments} close={() => setOpen(false)} />}
      </Dialog>
    </>
  )
}

function Content({ environments, close }: { environments: readonly EnvironmentView[]; close: () => void }) {
  const router = useRouter()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [environmentId, setEnvironmentId] = useState(environments[0]?.id ?? '')
  const [publicUrl, setPublicUrl] = useState('')
  const creation = useMutation({
    mutationFn: createGateway,
    onSuccess: async (gateway) => {
      await client.invalidateQueries({ queryKey: gatewayQueries.all })
      close()
      router.push(`/gateways/${gateway.id}`)
    },
  })
  const problem = creation.error ? asProblem(creation.error) : null
  const faultAt = (pointer: string) => problem?.faults.find((fault) => fault.pointer === pointer)?.detail
  const submit = (event: FormEvent) => {
    event.preventDefault()
    creation.mutate({ name: name.trim(), environmentId, publicUrl: publicUrl.trim() })
  }
  return (
    <DialogContent
      title="New gateway"
      description="One configuration, served by as many nodes as you add."
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button variant="primary" type="submit" form={formId} busy={creation.isPending}>
            Create
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={submit} className="flex flex-col gap-4">
        {problem && problem.faults.length === 0 && <ProblemPanel problem={problem} />}
        <Field
          label="Name"
          description="Lower-case letters, digits and hyphens."
          error={faultAt('/name')}
          required
        >
          {(control) => (
            <Input
              {...control}
              value={name}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Environment" error={faultAt('/environmentId')} required>
          {(control) => (
            <Select
              {...control}
              value={environmentId}
              onValueChange={setEnvironmentId}
              options={environments.map((environment) => ({
                value: environment.id,
                label: environment.name,
              }))}
            />
          )}
        </Field>
        <Field
          label="Public address"
          description="Where clients reach it, for instance behind a load balancer. Only shown, never dialled."
          error={faultAt('/publicUrl')}
          required
        >
          {(control) => (
            <Input
              {...control}
              type="url"
              value={publicUrl}
              placeholder="https://api.example.org"
              onChange={(event) => setPublicUrl(event.target.value)}
            />
          )}
        </Field>
      </form>
    </DialogContent>
  )
}

'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import type { IssuedCredential } from '#domain/catalog.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { CodeLine } from '../ui/code-line.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { admitConsumer, apiQueries } from './queries.ts'

// With the refusal of a name that is taken comes whose it is.
const existingId = z.uuid()

interface Props {
  instanceId: string
  open: boolean
  onOpenChange: (open: boolean) => void
  /** A key that was just made; shown this once. */
  issued: IssuedCredential | null
  onIssued: (issued: IssuedCredential) => void
  curlOf: (key: string) => string
}

/** Makes a consumer by its name, then shows its key. */
export function ConsumerDialog({ open, onOpenChange, issued, ...props }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      {open && (issued ? <TheKey issued={issued} curlOf={props.curlOf} /> : <NameIt {...props} />)}
    </Dialog>
  )
}

function NameIt({ instanceId, onIssued }: Pick<Props, 'instanceId' | 'onIssued'>) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const create = useMutation({
    mutationFn: (who: Parameters<typeof admitConsumer>[1]) => admitConsumer(instanceId, who),
    onSuccess: (issued) => {
      onIssued(issued)
      return client.invalidateQueries({ queryKey: apiQueries.all })
    },
  })
  const problem = create.error ? asProblem(create.error) : null
  const existing = existingId.safeParse(problem?.document['consumerId']).data
  return (
    <DialogContent
      title="New consumer"
      description="It may call this API and gets a key of its own."
      size="sm"
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate({ name })
        }}
      >
        {existing && (
          <Notice tone="info" title={`${name.trim()} is a consumer already`}>
            <Button size="sm" className="mt-1" onClick={() => create.mutate({ consumerId: existing })}>
              Let it call this API too
            </Button>
          </Notice>
        )}
        <Field label="Name" error={problem && !existing ? problem.message : undefined} required>
          {(control) => (
            <Input
              {...control}
              autoFocus
              maxLength={80}
              placeholder="Web shop"
              value={name}
              onChange={(event) => {
                setName(event.target.value)
                create.reset()
              }}
            />
          )}
        </Field>
        <Button
          type="submit"
          variant="primary"
          className="self-end"
          busy={create.isPending}
          disabled={!name.trim()}
        >
          Create
        </Button>
      </form>
    </DialogContent>
  )
}

function TheKey({ issued, curlOf }: { issued: IssuedCredential; curlOf: Props['curlOf'] }) {
  return (
    <DialogContent
      title={`The key of ${issued.consumerName}`}
      size="lg"
      footer={
        <DialogClose asChild>
          <Button>Done</Button>
        </DialogClose>
      }
    >
      <div className="flex flex-col gap-3">
        <Notice tone="warn" title="Copy it now">
          It is kept nowhere and cannot be shown again. Gateways that serve the API take it at once.
        </Notice>
        <CodeLine text={issued.key} label="Copy the key" wrap />
        <CodeLine text={curlOf(issued.key)} label="Copy the command" />
      </div>
    </DialogContent>
  )
}

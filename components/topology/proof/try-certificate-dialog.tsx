'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { CertificateView } from '#domain/trust.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemPanel } from '../../ui/problem-panel.tsx'
import { type Option, Select } from '../../ui/select.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { type DoorChoice, keyOfDoor } from './places.ts'
import { type Shown, simulateHandshake } from './proof-queries.ts'
import { SimulatedResult } from './simulated-result.tsx'

interface Props {
  doors: readonly DoorChoice[]
  certificates: readonly CertificateView[]
  onClose: () => void
}

const paste = 'paste'
const none = 'none'

/** Tries a client certificate against what nodes check, without a client and without its key. */
export function TryCertificateDialog({ doors, certificates, onClose }: Props) {
  const choices = choicesOf(certificates)
  const [choice, setChoice] = useState(choices[0]?.value ?? paste)
  const [pem, setPem] = useState('')
  const [at, setAt] = useState(doors[0] ? keyOfDoor(doors[0]) : '')
  const trying = useMutation({ mutationFn: simulateHandshake })
  const door = doors.find((each) => keyOfDoor(each) === at)
  const shown = shownBy(choice, pem)
  // What is on the page must be about what is chosen.
  const changed = (change: () => void) => {
    change()
    trying.reset()
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        size="lg"
        title="Try a certificate"
        description="The verdict is the node’s own: the same checks, in the same order, without the client’s key."
        footer={
          <>
            <DialogClose asChild>
              <Button>Close</Button>
            </DialogClose>
            <Button
              variant="primary"
              busy={trying.isPending}
              disabled={!door || !shown}
              onClick={() => door && shown && trying.mutate({ shown, door })}
            >
              {trying.data ? 'Try again' : 'Try it'}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          <div className="grid gap-3.5 sm:grid-cols-2">
            <Field label="The client shows">
              {(control) => (
                <Select
                  {...control}
                  value={choice}
                  onValueChange={(value) => changed(() => setChoice(value))}
                  options={[
                    ...choices,
                    { value: paste, label: 'Another certificate', hint: 'pasted as PEM, the leaf first' },
                    { value: none, label: 'No certificate' },
                  ]}
                />
              )}
            </Field>
            <Field label="At">
              {(control) => (
                <Select
                  {...control}
                  value={at}
                  onValueChange={(value) => changed(() => setAt(value))}
                  options={doors.map((each) => ({
                    value: keyOfDoor(each),
                    label: each.name,
                    hint: each.kind === 'api' ? 'what its nodes check' : 'the CAs of the context alone',
                  }))}
                />
              )}
            </Field>
          </div>
          {choice === paste && (
            <Field label="Certificate and its intermediates" description="PEM. No private key is needed.">
              {(control) => (
                <Textarea
                  {...control}
                  rows={5}
                  spellCheck={false}
                  className="font-mono text-xs"
                  placeholder="-----BEGIN CERTIFICATE-----"
                  value={pem}
                  onChange={(event) => changed(() => setPem(event.target.value))}
                />
              )}
            </Field>
          )}
          {trying.error && <ProblemPanel problem={asProblem(trying.error)} />}
          {trying.data && <SimulatedResult result={trying.data} />}
        </div>
      </DialogContent>
    </Dialog>
  )
}

/** Those for clients first; others too, to see them refused. */
function choicesOf(certificates: readonly CertificateView[]): Option[] {
  const forClients = ({ kind }: CertificateView) => (kind === 'client' ? 0 : 1)
  return certificates
    .toSorted((a, b) => forClients(a) - forClients(b))
    .map(({ id, name, kind, chain: [leaf] }) => ({
      value: id,
      label: name,
      hint: `${kind}, until ${leaf?.notAfter.slice(0, 10) ?? 'unknown'}`,
    }))
}

function shownBy(choice: string, pem: string): Shown | null {
  if (choice === none) return { from: 'none' }
  if (choice !== paste) return { from: 'stored', certificateId: choice }
  return pem.trim() === '' ? null : { from: 'pem', pem }
}

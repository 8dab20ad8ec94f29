'use client'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { gatewayQueries } from '../gateways/queries.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { faultAt, FormProblem } from '../ui/form-dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import type { AddForm } from './add-by-import.tsx'
import { daysIn, DaysField } from './days-field.tsx'
import { EntryWithNames, useEntry, usualDays } from './entry.tsx'
import { certificateQueries } from './queries.ts'

const elsewhere = 'elsewhere'

/** A certificate for which each node of a gateway makes a key of its own. */
export function AddByNodes({ add, isAdding, problem }: AddForm) {
  const entry = useEntry()
  const [gatewayId, setGatewayId] = useState<string | null>(null)
  const [issuer, setIssuer] = useState<string | null>(null)
  const [days, setDays] = useState(String(usualDays))
  const gateways = useQuery(gatewayQueries.list())
  const issuers = useQuery(certificateQueries.issuers())
  const failed = gateways.error ?? issuers.error
  if (failed)
    return (
      <ProblemPanel
        problem={asProblem(failed)}
        onRetry={() => void Promise.all([gateways.refetch(), issuers.refetch()])}
      />
    )
  if (!gateways.data || !issuers.data) return <Skeleton className="h-72 w-full" />
  const gateway = gatewayId ?? gateways.data[0]?.id
  const signer = issuer ?? issuers.data.find(({ parentId }) => parentId !== null)?.id ?? elsewhere
  const lifetimeDays = daysIn(days)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (gateway === undefined || Number.isNaN(lifetimeDays)) return
    const authorityId = signer === elsewhere ? null : signer
    add({ source: 'nodes', ...entry.wish, gatewayId: gateway, authorityId, lifetimeDays })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <p className="text-sm text-ink-2">
        Each node makes its own key, which never leaves it, sends a request, and shows what is signed. It
        renews by itself before the end.
      </p>
      <EntryWithNames entry={entry} problem={problem} />
      <div className="grid gap-4 sm:grid-cols-[1fr_1fr_8rem]">
        <Field label="Gateway" description="Whose nodes keep it." error={faultAt(problem, '/gatewayId')}>
          {(control) => (
            <Select
              {...control}
              value={gateway ?? ''}
              onValueChange={setGatewayId}
              options={gateways.data.map(({ id, name: label, nodes }) => ({
                value: id,
                label,
                hint: nodes.length === 1 ? 'one node' : `${nodes.length} nodes`,
              }))}
            />
          )}
        </Field>
        <Field
          label="Signed by"
          description="Or outside, by download."
          error={faultAt(problem, '/authorityId')}
        >
          {(control) => (
            <Select
              {...control}
              value={signer}
              onValueChange={setIssuer}
              options={[
                ...issuers.data.map(({ id, name: label, parentId }) => ({
                  value: id,
                  label,
                  hint: parentId === null ? 'a root' : 'an intermediate',
                })),
                { value: elsewhere, label: 'A CA elsewhere', hint: 'requests are downloaded' },
              ]}
            />
          )}
        </Field>
        <DaysField
          label="Days"
          description="Where it is signed here."
          text={days}
          setText={setDays}
          error={faultAt(problem, '/lifetimeDays')}
        />
      </div>
      <FormProblem
        problem={problem}
        fields={['/name', '/kind', '/names', '/gatewayId', '/authorityId', '/lifetimeDays']}
      />
      <div className="flex justify-end">
        <Button type="submit" variant="primary" busy={isAdding} disabled={gateway === undefined}>
          Ask the nodes
        </Button>
      </div>
    </form>
  )
}

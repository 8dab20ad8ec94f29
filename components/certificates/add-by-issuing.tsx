'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { AuthorityRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { faultAt, FormProblem } from '../ui/form-dialog.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import type { AddForm } from './add-by-import.tsx'
import { daysIn, DaysField } from './days-field.tsx'
import { EntryWithNames, useEntry, usualDays } from './entry.tsx'
import { certificateQueries, developmentAuthority } from './queries.ts'

interface Props extends AddForm {
  source: 'issue' | 'request'
}

/** A certificate that a CA here issues, or a key with a request that another CA signs. */
export function AddByIssuing({ source, add, isAdding, problem }: Props) {
  const entry = useEntry()
  const [authorityId, setAuthorityId] = useState<string | null>(null)
  const [days, setDays] = useState(String(usualDays))
  const issuers = useQuery({ ...certificateQueries.issuers(), enabled: source === 'issue' })
  const issuer = authorityId ?? preferred(issuers.data ?? [])?.id
  const lifetimeDays = daysIn(days)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (source === 'request') add({ source, ...entry.wish })
    else if (issuer && !Number.isNaN(lifetimeDays))
      add({ source, ...entry.wish, authorityId: issuer, lifetimeDays })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {source === 'request' && (
        <p className="text-sm text-ink-2">
          The key is made and kept here; the request is what a CA elsewhere signs. Its page takes the answer
          back.
        </p>
      )}
      <EntryWithNames entry={entry} problem={problem} />
      {source === 'issue' && (
        <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
          <IssuerField
            issuers={issuers.data}
            chosen={issuer}
            choose={setAuthorityId}
            error={faultAt(problem, '/authorityId')}
          />
          <DaysField
            label="Days"
            description="Never longer than its CA."
            text={days}
            setText={setDays}
            error={faultAt(problem, '/lifetimeDays')}
          />
        </div>
      )}
      {issuers.error && (
        <ProblemPanel problem={asProblem(issuers.error)} onRetry={() => void issuers.refetch()} />
      )}
      <FormProblem problem={problem} fields={['/name', '/kind', '/names', '/authorityId', '/lifetimeDays']} />
      <div className="flex justify-end">
        <Button
          type="submit"
          variant="primary"
          busy={isAdding}
          disabled={source === 'issue' && issuer === undefined}
        >
          {source === 'issue' ? 'Issue' : 'Make key and request'}
        </Button>
      </div>
    </form>
  )
}

// An intermediate issues; roots are kept for that.
function preferred(issuers: readonly AuthorityRecord[]): AuthorityRecord | undefined {
  return issuers.find(({ parentId }) => parentId !== null) ?? issuers[0]
}

interface IssuerProps {
  issuers: readonly AuthorityRecord[] | undefined
  chosen: string | undefined
  choose: (id: string) => void
  error: string | undefined
}

function IssuerField({ issuers, chosen, choose, error }: IssuerProps) {
  if (!issuers) return <Skeleton className="h-16 w-full" />
  if (issuers.length === 0) return <NoIssuer choose={choose} />
  return (
    <Field label="Issued by" description="CAs whose key is here." error={error}>
      {(control) => (
        <Select
          {...control}
          value={chosen ?? ''}
          onValueChange={choose}
          options={issuers.map(({ id, name, parentId }) => ({
            value: id,
            label: name,
            hint: parentId === null ? 'a root' : 'an intermediate',
          }))}
        />
      )}
    </Field>
  )
}

function NoIssuer({ choose }: { choose: (id: string) => void }) {
  const client = useQueryClient()
  const making = useMutation({
    mutationFn: developmentAuthority,
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: certificateQueries.all })
      choose(id)
    },
  })
  return (
    <Notice
      tone="info"
      title="No CA here can issue"
      actions={
        <Button size="sm" busy={making.isPending} onClick={() => making.mutate()}>
          Make a development CA
        </Button>
      }
    >
      A root and an intermediate, for development. Import one with its key to issue for production.
      {making.error && <ProblemPanel problem={asProblem(making.error)} className="mt-2" />}
    </Notice>
  )
}

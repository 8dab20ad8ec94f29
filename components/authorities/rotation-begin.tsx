'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AuthorityRecord } from '#domain/trust-record.ts'
import { Touched } from '../contexts/touched.tsx'
import { refreshTrust } from '../contexts/trust-dialog.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { runByLabel } from './authority-fields.tsx'
import { beginRotation, rotationQueries } from './queries.ts'
import { sentence, stepWords } from './rotation-words.ts'

interface Props {
  from: AuthorityRecord
  authorities: readonly AuthorityRecord[]
}

const made = 'made'

/** Chooses what takes the place of a CA, and says what that changes before it is begun. */
export function RotationBegin({ from, authorities }: Props) {
  const client = useQueryClient()
  const mayWrite = useMay('trust.write')
  const others = authorities.filter(({ id, runBy }) => id !== from.id && runBy === from.runBy)
  const mayMake = from.runBy === 'organisation'
  const [chosen, setChosen] = useState(mayMake ? made : (others[0]?.id ?? ''))
  const wish = { fromId: from.id, toId: chosen === made ? null : chosen }
  const outlook = useQuery({ ...rotationQueries.outlook(wish), enabled: chosen !== '' })
  const beginning = useMutation({
    mutationFn: () => beginRotation(wish),
    onSuccess: async (rotation) => {
      client.setQueryData(rotationQueries.one(rotation.id).queryKey, rotation)
      await refreshTrust(client)
    },
  })
  const overlap = outlook.data?.steps.find(({ kind }) => kind === 'overlap')
  const problem = beginning.error ?? outlook.error
  return (
    <div className="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
      <Section title="What takes its place">
        <Panel className="flex flex-col gap-4 px-4 py-3.5">
          <Field
            label="Successor"
            description="Both are trusted until every peer has followed; nothing is cut off meanwhile."
          >
            {(control) => (
              <Select
                {...control}
                value={chosen}
                onValueChange={setChosen}
                placeholder="Import the new CA first"
                options={[
                  ...(mayMake
                    ? [{ value: made, label: 'A new CA, made here', hint: 'a root and an intermediate' }]
                    : []),
                  ...others.map(({ id, name, runBy, canIssue }) => ({
                    value: id,
                    label: name,
                    hint: `run by ${runByLabel[runBy]}${canIssue ? '' : ', issues elsewhere'}`,
                  })),
                ]}
              />
            )}
          </Field>
          {chosen === '' && (
            <Notice tone="info" title="No other CA of a third party is known here">
              Import the certificate of the new one, then come back.
            </Notice>
          )}
          {problem && <ProblemPanel problem={asProblem(problem)} />}
          {outlook.isPending && chosen !== '' && <Skeleton className="h-16 w-full" />}
          {overlap && (
            <>
              <div className="text-sm">
                <p className="font-medium">{stepWords.overlap.summary}</p>
                <ul className="mt-1 list-disc pl-5 text-ink-2">
                  {overlap.changes.map(({ text }) => (
                    <li key={text}>{text}</li>
                  ))}
                </ul>
              </div>
              {overlap.whyNot.length > 0 && (
                <Notice tone="err" title="It cannot begin like that">
                  {overlap.whyNot.map((why) => sentence(why)).join(' ')}
                </Notice>
              )}
              {mayWrite ? (
                <Button
                  variant="primary"
                  className="self-start"
                  busy={beginning.isPending}
                  disabled={!overlap.may}
                  onClick={() => beginning.mutate()}
                >
                  Trust both
                </Button>
              ) : (
                <p className="text-sm text-ink-3">Owners and operators rotate CAs.</p>
              )}
            </>
          )}
        </Panel>
      </Section>
      <Section title="What it touches" description="As it is deployed now.">
        {outlook.data ? (
          <Touched impact={outlook.data.impact} none="Nothing that is deployed goes by it." />
        ) : (
          chosen !== '' && <Skeleton className="h-32 w-full" />
        )}
      </Section>
    </div>
  )
}

'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { InstanceConsumer, InstanceView, IssuedCredential } from '#domain/catalog.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { TableSkeleton } from '../ui/skeleton.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { toastProblem } from '../ui/toast.tsx'
import { ConsumerDialog } from './consumer-dialog.tsx'
import { apiQueries, issueCredential, revokeCredential } from './queries.ts'
import { TierChoice } from './tier-choice.tsx'

/** Who may call an API and the keys they hold. */
export function ConsumerList({
  instance,
  curlOf,
}: {
  instance: InstanceView
  curlOf: (key: string) => string
}) {
  const mayWrite = useMay('credentials.write')
  const [isOpen, setOpen] = useState(false)
  const [issued, setIssued] = useState<IssuedCredential | null>(null)
  const { data: consumers, error, refetch } = useQuery(apiQueries.consumers(instance.id))
  if (error) return <ProblemPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (!consumers) return <TableSkeleton rows={3} />
  const newButton = mayWrite && (
    <Button variant="primary" aria-haspopup="dialog" onClick={() => setOpen(true)}>
      New consumer
    </Button>
  )
  return (
    <div className="flex flex-col gap-3">
      {instance.keyPlace === null && (
        <Notice tone="info" title="Nobody is asked for a key">
          Keys matter once the policy API key is on; until then everybody may call.
        </Notice>
      )}
      {consumers.length === 0 ? (
        <NoneYet icon={KeyRound} title="No consumers yet" action={newButton}>
          A consumer is an application that may call this API. It gets a key of its own.
        </NoneYet>
      ) : (
        <>
          <div className="flex justify-end">{newButton}</div>
          <ConsumerTable instance={instance} consumers={consumers} mayWrite={mayWrite} onIssued={setIssued} />
        </>
      )}
      <ConsumerDialog
        instanceId={instance.id}
        open={isOpen || issued !== null}
        issued={issued}
        onIssued={setIssued}
        curlOf={curlOf}
        onOpenChange={(open) => {
          setOpen(open)
          if (!open) setIssued(null)
        }}
      />
    </div>
  )
}

interface TableProps {
  instance: InstanceView
  consumers: readonly InstanceConsumer[]
  mayWrite: boolean
  onIssued: (issued: IssuedCredential) => void
}

function ConsumerTable({ instance, consumers, mayWrite, onIssued }: TableProps) {
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: apiQueries.all })
  const hasTiers = instance.routing.tiers.length > 0
  const onError = (error: Error) => toastProblem(asProblem(error))
  const revoke = useMutation({ mutationFn: revokeCredential, onSuccess: refresh, onError })
  const issue = useMutation({
    mutationFn: issueCredential,
    onSuccess: (issued) => {
      onIssued(issued)
      return refresh()
    },
    onError,
  })
  return (
    <Table>
      <caption className="sr-only">Consumers</caption>
      <TableHead>
        <tr>
          <TableHeader>Consumer</TableHeader>
          <TableHeader>Network</TableHeader>
          {hasTiers && <TableHeader>Tier</TableHeader>}
          <TableHeader>Keys</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {consumers.map((consumer) => (
          <TableRow key={consumer.id}>
            <TableCell className="font-medium">{consumer.name}</TableCell>
            <TableCell>{consumer.networkName}</TableCell>
            {hasTiers && (
              <TableCell>
                <TierChoice instance={instance} consumer={consumer} readOnly={!mayWrite} />
              </TableCell>
            )}
            <TableCell>
              <ul className="flex flex-col gap-1">
                {consumer.credentials.map((credential) => (
                  <li key={credential.id} className="flex items-center gap-2 text-xs">
                    <span className="font-mono">{credential.prefix}…</span>
                    <span className="text-ink-3">
                      {credential.revokedAt ? 'revoked ' : 'issued '}
                      <RelativeTime at={credential.revokedAt ?? credential.createdAt} />
                    </span>
                    {mayWrite && !credential.revokedAt && (
                      <Button
                        variant="ghost"
                        size="sm"
                        aria-label={`Revoke ${credential.prefix}`}
                        busy={revoke.isPending && revoke.variables === credential.id}
                        onClick={() => revoke.mutate(credential.id)}
                      >
                        Revoke
                      </Button>
                    )}
                  </li>
                ))}
                {consumer.credentials.length === 0 && <li className="text-xs text-ink-3">none</li>}
              </ul>
            </TableCell>
            <TableCell className="text-right">
              {mayWrite && (
                <Button
                  size="sm"
                  aria-label={`New key for ${consumer.name}`}
                  busy={issue.isPending && issue.variables === consumer.id}
                  onClick={() => issue.mutate(consumer.id)}
                >
                  New key
                </Button>
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { GatewayKeyView } from '#domain/gateway.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { gatewayQueries, revokeKey } from './queries.ts'

interface Props {
  gatewayId: string
  keys: readonly GatewayKeyView[]
  mayRevoke: boolean
}

/** The keys of a gateway, told apart by their first characters. */
export function KeyTable({ gatewayId, keys, mayRevoke }: Props) {
  const [revoking, setRevoking] = useState<GatewayKeyView | null>(null)
  if (keys.length === 0) {
    return (
      <NoneYet icon={KeyRound} title="No key yet" className="min-h-36">
        Adding a node makes one.
      </NoneYet>
    )
  }
  return (
    <>
      <Table>
        <caption className="sr-only">Keys</caption>
        <TableHead>
          <tr>
            <TableHeader>Key</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader>Made</TableHeader>
            <TableHeader>By</TableHeader>
            <TableHeader>Last used</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {keys.map((key) => (
            <TableRow key={key.id}>
              <TableCell>
                <Mono>{key.prefix}…</Mono>
              </TableCell>
              <TableCell>
                {key.revokedAt ? <State tone="idle">revoked</State> : <State tone="ok">valid</State>}
              </TableCell>
              <TableCell className="text-ink-2">
                <RelativeTime at={key.createdAt} />
              </TableCell>
              <TableCell className="text-ink-2">{key.createdBy}</TableCell>
              <TableCell className="text-ink-2">
                {key.lastUsedAt ? <RelativeTime at={key.lastUsedAt} /> : 'never'}
              </TableCell>
              <TableCell className="text-right">
                {mayRevoke && !key.revokedAt && (
                  <Button size="sm" variant="danger" aria-haspopup="dialog" onClick={() => setRevoking(key)}>
                    Revoke
                  </Button>
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <Dialog open={revoking !== null} onOpenChange={(open) => !open && setRevoking(null)}>
        {revoking && <Confirm gatewayId={gatewayId} gatewayKey={revoking} close={() => setRevoking(null)} />}
      </Dialog>
    </>
  )
}

function Confirm({
  gatewayId,
  gatewayKey,
  close,
}: {
  gatewayId: string
  gatewayKey: GatewayKeyView
  close: () => void
}) {
  const client = useQueryClient()
  const revocation = useMutation({
    mutationFn: revokeKey,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: gatewayQueries.all })
      close()
    },
  })
  return (
    <DialogContent
      size="sm"
      title={`Revoke ${gatewayKey.prefix}…?`}
      description="Nodes that use it go on serving what they have, and cannot connect again."
      footer={
        <>
          <DialogClose asChild>
            <Button>Keep it</Button>
          </DialogClose>
          <Button
            variant="danger"
            busy={revocation.isPending}
            onClick={() => revocation.mutate({ gatewayId, keyId: gatewayKey.id })}
          >
            Revoke
          </Button>
        </>
      }
    >
      {revocation.error ? (
        <ProblemPanel problem={asProblem(revocation.error)} />
      ) : (
        <p className="text-sm text-ink-2">This cannot be undone; a new key can be made at any time.</p>
      )}
    </DialogContent>
  )
}

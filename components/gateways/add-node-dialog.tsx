'use client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleCheck, LoaderCircle, Plus } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { GatewayNode, GatewaySummary } from '#domain/gateway.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button, type ButtonProps } from '../ui/button.tsx'
import { CodeLine } from '../ui/code-line.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { createKey, gatewayQueries } from './queries.ts'

/** Opens the dialog with the one line that adds a node. */
export function AddNodeButton({ gateway, ...props }: { gateway: GatewaySummary } & ButtonProps) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button {...props} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        Add node
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <Content gateway={gateway} />}
      </Dialog>
    </>
  )
}

function Content({ gateway }: { gateway: GatewaySummary }) {
  const key = useMutation({ mutationFn: () => createKey(gateway.id) })
  const asked = useRef(false)
  const { mutate } = key
  useEffect(() => {
    // React draws twice in development; one key is enough.
    if (!asked.current) mutate()
    asked.current = true
  }, [mutate])
  const arrived = useArrival(gateway)
  return (
    <DialogContent
      title={`Add a node to ${gateway.name}`}
      description="Paste this line into a terminal in a checkout of Hexgate, on the machine that is to serve."
      footer={
        <>
          <DialogClose asChild>
            <Button>Close</Button>
          </DialogClose>
          {key.data && <CopyButton text={key.data.command} label="Copy command" withText variant="primary" />}
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {key.error && <ProblemPanel problem={asProblem(key.error)} onRetry={() => mutate()} />}
        {key.data ? (
          <CodeLine text={key.data.command} label="Copy the line" wrap />
        ) : (
          !key.error && <Skeleton className="h-14 w-full" />
        )}
        <p className="text-xs text-ink-3">
          The key in it is shown this once. It can be used for several nodes and revoked on the gateway’s
          page.
        </p>
        <Arrival node={arrived} />
      </div>
    </DialogContent>
  )
}

/** The node that connected since the dialog was opened: a new one, or one that came back. */
function useArrival(gateway: GatewaySummary): GatewayNode | null {
  const [before] = useState(() => new Map(gateway.nodes.map((node) => [node.id, node.connectedAt])))
  const { data } = useQuery({
    ...gatewayQueries.one(gateway.id),
    initialData: gateway,
    refetchInterval: 2_000,
  })
  const arrived = data.nodes.find(
    (node) =>
      node.status !== 'offline' && node.connectedAt !== null && before.get(node.id) !== node.connectedAt,
  )
  return arrived ?? null
}

function Arrival({ node }: { node: GatewayNode | null }) {
  return (
    <div
      role="status"
      className={`flex min-h-10 items-center gap-2 rounded-md border px-3 py-2 text-sm ${
        node ? 'border-ok bg-ok-soft text-ok' : 'border-line text-ink-2'
      }`}
    >
      {node ? (
        <>
          <CircleCheck aria-hidden className="size-4 shrink-0" />
          <span>
            {node.hostname} is connected
            {node.servesRevision === null ? '.' : ` and serves revision ${node.servesRevision}.`}
          </span>
        </>
      ) : (
        <>
          <LoaderCircle aria-hidden className="size-4 shrink-0 animate-spin motion-reduce:animate-none" />
          <span>Waiting for the node to connect …</span>
        </>
      )}
    </div>
  )
}

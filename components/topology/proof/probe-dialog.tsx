'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { capabilityOf } from '#contract/events.ts'
import type { GatewayNode } from '#domain/gateway.ts'
import { probeMsMax, type ProbeView } from '#domain/probe.ts'
import { gatewayQueries } from '../../gateways/queries.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { useMay } from '../../shell/shell-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemPanel } from '../../ui/problem-panel.tsx'
import { type Option, Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import type { ProbeChoice } from './places.ts'
import { ProbeResult } from './probe-result.tsx'
import { probeQueries, runProbe } from './proof-queries.ts'

interface Props {
  choices: readonly ProbeChoice[]
  onClose: () => void
}

/** Has a node connect for real, and shows what it finds, or what it found last. */
export function ProbeDialog({ choices, onClose }: Props) {
  const client = useQueryClient()
  const may = useMay('revisions.deploy')
  const [key, setKey] = useState(choices[0]?.key ?? '')
  const choice = choices.find((each) => each.key === key) ?? choices[0]
  const gatewayId = choice?.gatewayId ?? ''
  const gateway = useQuery(gatewayQueries.one(gatewayId))
  const kept = useQuery(probeQueries.of(gatewayId))
  const nodes = gateway.data?.nodes ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const node = nodes.find(({ id }) => id === chosen) ?? nodes.find(canProbe) ?? nodes[0]
  const probing = useMutation({
    mutationFn: runProbe,
    onSettled: () => client.invalidateQueries({ queryKey: probeQueries.all }),
  })
  const shown = probing.data ?? (choice && lastOf(kept.data ?? [], choice))
  const failure = probing.error ?? gateway.error
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        size="lg"
        title="Probe from a node"
        description="The node connects itself, with the certificates and the address rules of real traffic. It sends no request."
        footer={
          <>
            {!may && (
              <span className="mr-auto text-xs text-ink-3">Whoever may deploy can have a node look.</span>
            )}
            <DialogClose asChild>
              <Button>Close</Button>
            </DialogClose>
            <Button
              variant="primary"
              busy={probing.isPending}
              disabled={!may || !choice || !node}
              onClick={() =>
                choice && node && probing.mutate({ gatewayId, nodeId: node.id, target: choice.target })
              }
            >
              {shown ? 'Probe again' : 'Probe'}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          <div className="grid gap-3.5 sm:grid-cols-2">
            <Field label="What to connect to">
              {(control) => (
                <Select
                  {...control}
                  value={choice?.key ?? ''}
                  onValueChange={(value) => {
                    setKey(value)
                    probing.reset()
                  }}
                  options={choices.map(({ key: value, label, hint }) => ({ value, label, hint }))}
                />
              )}
            </Field>
            <Field label="From">
              {(control) =>
                gateway.isPending ? (
                  <Skeleton className="h-8" />
                ) : (
                  <Select
                    {...control}
                    value={node?.id ?? ''}
                    onValueChange={(value) => {
                      setChosen(value)
                      probing.reset()
                    }}
                    placeholder="The gateway has no node yet"
                    options={nodes.map(optionOf)}
                  />
                )
              }
            </Field>
          </div>
          <div aria-live="polite">
            {probing.isPending ? (
              <Waiting hostname={node?.hostname ?? 'The node'} />
            ) : failure ? (
              <ProblemPanel problem={asProblem(failure)} />
            ) : shown ? (
              <ProbeResult probe={shown} />
            ) : (
              <p className="text-sm text-ink-3">Nobody has looked here yet.</p>
            )}
          </div>
        </div>
      </DialogContent>
    </Dialog>
  )
}

function Waiting({ hostname }: { hostname: string }) {
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="text-sm text-ink-2">
        {hostname} connects. It answers within {probeMsMax / 1_000} seconds.
      </p>
      <Skeleton className="h-2" />
      <Skeleton className="h-24" />
    </div>
  )
}

function canProbe({ status, capabilities }: GatewayNode): boolean {
  return status !== 'offline' && capabilities.includes(capabilityOf('probe'))
}

function optionOf(node: GatewayNode): Option {
  const { id, hostname, status, capabilities, runtimeVersion } = node
  const isOld = !capabilities.includes(capabilityOf('probe'))
  const hint = isOld ? `version ${runtimeVersion} cannot do this` : status
  return { value: id, label: hostname, hint }
}

/** What was found there last, by whichever node. */
function lastOf(kept: readonly ProbeView[], { target }: ProbeChoice): ProbeView | undefined {
  const wanted = JSON.stringify(sorted(target))
  return kept.find((probe) => probe.status === 'answered' && JSON.stringify(sorted(probe.target)) === wanted)
}

// The database keeps members in an order of its own.
function sorted(target: object): [string, unknown][] {
  return Object.entries(target).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

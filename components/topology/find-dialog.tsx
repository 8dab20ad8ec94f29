'use client'
import { Command } from 'cmdk'
import { type RefObject, useRef } from 'react'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { flowTitle } from '#diagram/words.ts'

interface Props {
  model: Model
  open: boolean
  onOpenChange: (open: boolean) => void
  onFound: (selection: Selection) => void
  /** What had the focus before. */
  returnTo: RefObject<Element | null>
}

/** Finds anything in the topology by its name. */
export function FindDialog({ model, open, onOpenChange, onFound, returnTo }: Props) {
  const isFound = useRef(false)
  const { parties, apis, gateways, networks, flows } = model.topology
  const groups: { title: string; entries: { selection: Selection; name: string }[] }[] = [
    {
      title: 'Consumers and providers',
      entries: parties.map(({ id, name }) => ({ selection: { kind: 'party', id }, name })),
    },
    {
      title: 'APIs',
      entries: apis.map(({ id, name, label }) => ({
        selection: { kind: 'api', id },
        name: `${name} ${label}`,
      })),
    },
    {
      title: 'Gateways',
      entries: gateways.map(({ id, name }) => ({ selection: { kind: 'gateway', id }, name })),
    },
    {
      title: 'Networks',
      entries: networks.map(({ id, name }) => ({ selection: { kind: 'network', id }, name })),
    },
    {
      title: 'Flows',
      entries: flows.map((flow) => ({
        selection: { kind: 'flow', id: flow.id },
        name: flowTitle(model, flow),
      })),
    },
  ]
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Find in the topology"
        size="md"
        onCloseAutoFocus={(event) => {
          event.preventDefault()
          // What was found gets the focus from whoever shows it.
          if (!isFound.current && returnTo.current instanceof HTMLElement) returnTo.current.focus()
          isFound.current = false
        }}
      >
        <Command label="Find in the topology" loop>
          <Command.Input
            autoFocus
            placeholder="Name of a party, API, gateway, network or flow"
            className="h-8 w-full rounded-md border border-line-2 bg-canvas px-2.5 text-sm focus-visible:border-accent focus-visible:outline-1"
          />
          <Command.List className="mt-2 max-h-80 overflow-y-auto">
            <Command.Empty className="px-2 py-6 text-center text-sm text-ink-3">
              Nothing has that name.
            </Command.Empty>
            {groups.map(({ title, entries }) => (
              <Command.Group
                key={title}
                heading={title}
                className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3"
              >
                {entries.map(({ selection, name }) => (
                  <Command.Item
                    key={`${selection.kind}:${selection.id}`}
                    value={`${name} ${selection.id}`}
                    onSelect={() => {
                      isFound.current = true
                      onFound(selection)
                    }}
                    className="cursor-default rounded-md px-2 py-1.5 text-sm data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
                  >
                    {name}
                  </Command.Item>
                ))}
              </Command.Group>
            ))}
          </Command.List>
        </Command>
      </DialogContent>
    </Dialog>
  )
}

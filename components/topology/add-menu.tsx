'use client'
import { Plus } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx'
import type { Asked } from './dialogs/asked.ts'

const entries: { label: string; asked: Asked }[] = [
  { label: 'Network', asked: { kind: 'network' } },
  { label: 'Consumer', asked: { kind: 'party', partyKind: 'consumer' } },
  { label: 'Provider', asked: { kind: 'party', partyKind: 'provider' } },
  { label: 'Flow', asked: { kind: 'flow' } },
]

/** Adds to the topology. */
export function AddMenu({ ask }: { ask: (asked: Asked) => void }) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          Add
        </Button>
      </MenuTrigger>
      <MenuContent>
        {entries.map(({ label, asked }) => (
          <MenuItem key={label} onSelect={() => ask(asked)}>
            {label}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  )
}

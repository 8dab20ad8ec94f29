'use client'
import { Plus } from 'lucide-react'
import { useRef } from 'react'
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
  const chosen = useRef<Asked | null>(null)
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          Add
        </Button>
      </MenuTrigger>
      <MenuContent
        // A menu holds the focus until it has closed; only then can a dialog take it.
        onCloseAutoFocus={(event) => {
          if (!chosen.current) return
          event.preventDefault()
          ask(chosen.current)
          chosen.current = null
        }}
      >
        {entries.map(({ label, asked }) => (
          <MenuItem
            key={label}
            onSelect={() => {
              chosen.current = asked
            }}
          >
            {label}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  )
}

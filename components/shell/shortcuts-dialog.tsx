'use client'
import { Fragment } from 'react'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import { Kbd } from '../ui/kbd.tsx'
import { allPages } from './navigation.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const shortcuts: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ['Ctrl', 'K'], does: 'Search everything' },
  { keys: ['?'], does: 'Show these shortcuts' },
  { keys: ['Esc'], does: 'Close what is open' },
  ...allPages.map(({ keys, label }) => ({ keys, does: `Go to ${label}` })),
]

/** The keys that work everywhere. */
export function ShortcutsDialog({ open, onOpenChange }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Keyboard shortcuts" size="sm">
        <dl className="grid grid-cols-[1fr_auto] gap-y-2 text-sm">
          {shortcuts.map(({ keys, does }) => (
            <Fragment key={does}>
              <dt className="text-ink-2">{does}</dt>
              <dd className="flex gap-1">
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dd>
            </Fragment>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  )
}

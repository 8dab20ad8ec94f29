'use client'
import { Fragment } from 'react'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import { Kbd } from '../ui/kbd.tsx'
import { allPages } from './navigation.ts'
import { type Shortcut, usePageKeys } from './page-keys.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const everywhere: readonly Shortcut[] = [
  { keys: ['Ctrl', 'K'], does: 'Search everything' },
  { keys: ['?'], does: 'Show these shortcuts' },
  { keys: ['Esc'], does: 'Close what is open' },
  ...allPages.map(({ keys, label }) => ({ keys, does: `Go to ${label}` })),
]

/** The keys of the page, and those that work everywhere. */
export function ShortcutsDialog({ open, onOpenChange }: Props) {
  const page = usePageKeys()
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Keyboard shortcuts" size="sm">
        <div className="flex flex-col gap-5">
          {page && <Keys title={page.title} shortcuts={page.shortcuts} />}
          <Keys title="Everywhere" shortcuts={everywhere} />
        </div>
      </DialogContent>
    </Dialog>
  )
}

function Keys({ title, shortcuts }: { title: string; shortcuts: readonly Shortcut[] }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-2 text-xs font-medium text-ink-3">{title}</h3>
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
    </section>
  )
}

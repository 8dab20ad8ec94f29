'use client'
import type { Chain, ChainStep } from '#domain/chain.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { DiffLines } from '../ui/diff-lines.tsx'
import { chainDifference } from './chain-difference.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
  chain: Chain
  steps: readonly ChainStep[]
  /** In words. */
  difference: string
}

/** What a deployment of the draft, saved or not, would change. */
export function DifferenceDialog({ open, onOpenChange, chain, steps, difference }: Props) {
  const lines = open ? chainDifference(chain.deployed?.policies ?? [], steps) : []
  const from = chain.deployed ? `revision ${chain.deployed.revision}` : 'nothing deployed'
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        size="lg"
        title="What would change"
        description={`From ${from} to this draft: ${difference || 'no difference'}.`}
        footer={
          <DialogClose asChild>
            <Button>Close</Button>
          </DialogClose>
        }
      >
        <DiffLines lines={lines} label="Difference between what runs and the draft" />
      </DialogContent>
    </Dialog>
  )
}

'use client'
import type { Chain } from '#domain/chain.ts'
import { Button } from '../ui/button.tsx'
import { WordState } from '../ui/state.tsx'
import { AppliedNote } from './applied-note.tsx'

interface Props {
  chain: Chain
  /** The difference to what runs, in words; empty when there is none. */
  difference: string
  differences: number
  dirty: boolean
  faults: number
  /** Something else than the chain stands in the way of deploying it. */
  hindered: boolean
  busy: 'save' | 'deploy' | null
  mayWrite: boolean
  mayDeploy: boolean
  onSave: () => void
  onDeploy: () => void
  onDiscard: () => void
  onShowFault: () => void
  onShowDifference: () => void
}

/** The foot of the designer: what is wrong, what differs from what runs, and what to do with it. */
export function DesignerBar(props: Props) {
  const { chain, difference, differences, dirty, faults, hindered, busy, mayWrite, mayDeploy } = props
  const nothing = !dirty && differences === 0 && chain.deployed !== null
  return (
    <div className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-2 border-t border-line bg-panel px-4 py-2">
      {faults > 0 ? (
        <button type="button" onClick={props.onShowFault} className="rounded-sm">
          <WordState tone="err" className="text-sm">
            {faults === 1 ? '1 mistake' : `${faults} mistakes`}
          </WordState>
        </button>
      ) : (
        <WordState tone="idle" className="text-sm">
          No mistakes
        </WordState>
      )}
      <span className="text-sm text-ink-2">
        {chain.deployed
          ? `Against revision ${chain.deployed.revision}: ${difference || 'no difference'}.`
          : 'Not deployed yet.'}
        {dirty && ' Not saved.'}
      </span>
      {chain.deployed && differences === 0 && <AppliedNote instanceId={chain.instanceId} />}
      <span className="flex-1" />
      {mayWrite ? (
        <>
          <Button variant="ghost" disabled={!dirty || busy !== null} onClick={props.onDiscard}>
            Discard
          </Button>
          <Button disabled={differences === 0 || busy !== null} onClick={props.onShowDifference}>
            View diff
          </Button>
          <Button disabled={!dirty || faults > 0} busy={busy === 'save'} onClick={props.onSave}>
            Save draft
          </Button>
          {mayDeploy && (
            <Button
              variant="primary"
              disabled={faults > 0 || hindered || nothing || busy === 'save'}
              busy={busy === 'deploy'}
              onClick={props.onDeploy}
            >
              {dirty ? 'Save and deploy' : 'Deploy'}
            </Button>
          )}
        </>
      ) : (
        <span className="text-sm text-ink-3">Read only: an owner or an admin may change policies.</span>
      )}
    </div>
  )
}

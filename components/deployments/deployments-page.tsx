'use client'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Draft, RevisionDetail, RevisionSummary } from '#domain/deployment.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Notice } from '../ui/notice.tsx'
import { Select } from '../ui/select.tsx'
import { deploymentsHref } from './address.ts'
import { Comparison } from './comparison.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import { History } from './history.tsx'
import { countOf } from './looks.ts'
import { deploymentQueries } from './queries.ts'
import { RevisionView } from './revision-view.tsx'
import { RollBackDialog } from './roll-back-dialog.tsx'

interface Props {
  gateways: readonly { id: string; name: string }[]
  gatewayId: string
  /** The revision to look at; the newest when the address names none. */
  selected: number | undefined
  compare: readonly [number, number] | undefined
  initial: { history: RevisionSummary[]; draft: Draft; revision: RevisionDetail | null }
}

/** The deployments of one gateway: what is desired, what each node serves, and what came before. */
export function DeploymentsPage({ gateways, gatewayId, selected, compare, initial }: Props) {
  const router = useRouter()
  const mayDeploy = useMay('revisions.deploy')
  const [deploying, setDeploying] = useState(false)
  const [backTo, setBackTo] = useState<number | null>(null)
  const { data: draft } = useQuery({ ...deploymentQueries.draft(gatewayId), initialData: initial.draft })
  const { data: history } = useQuery({
    ...deploymentQueries.history(gatewayId),
    initialData: initial.history,
  })
  const head = history[0]
  const shown = history.find(({ number }) => number === selected)?.number ?? selected ?? head?.number
  const previous = shown === head?.number ? history[1]?.number : shown
  return (
    <Page
      title={titleOf(draft.gatewayName, shown, compare)}
      crumbs={[{ label: 'Deployments', href: deploymentsHref({ gateway: gatewayId }) }]}
      actions={
        mayDeploy &&
        head &&
        previous !== undefined &&
        !compare && <Button onClick={() => setBackTo(previous)}>Roll back to {previous}</Button>
      }
      bar={
        gateways.length > 1 && (
          <GatewayChoice
            gateways={gateways}
            value={gatewayId}
            onChange={(gateway) => router.push(deploymentsHref({ gateway }))}
          />
        )
      }
    >
      <div className="grid gap-x-4.5 gap-y-6 lg:grid-cols-[minmax(0,1fr)_minmax(280px,400px)]">
        <div className="flex min-w-0 flex-col gap-5">
          <DraftNotice draft={draft} onOpen={() => setDeploying(true)} />
          {compare ? (
            <Comparison gatewayId={gatewayId} from={compare[0]} to={compare[1]} />
          ) : shown === undefined ? (
            <NothingDeployed />
          ) : (
            <RevisionView
              gatewayId={gatewayId}
              number={shown}
              headNumber={head?.number ?? shown}
              initial={initial.revision?.number === shown ? initial.revision : undefined}
            />
          )}
        </div>
        <History
          key={gatewayId}
          gatewayId={gatewayId}
          revisions={history}
          shown={compare ? undefined : shown}
          onRollBack={mayDeploy ? setBackTo : undefined}
        />
      </div>
      <DeployDialog
        gatewayId={gatewayId}
        open={deploying}
        onOpenChange={setDeploying}
        onDeployed={() => router.replace(deploymentsHref({ gateway: gatewayId }), { scroll: false })}
      />
      <RollBackDialog
        gatewayId={gatewayId}
        headRevision={head?.number ?? 0}
        to={backTo}
        onClose={() => setBackTo(null)}
        onRolledBack={() => {
          setBackTo(null)
          router.push(deploymentsHref({ gateway: gatewayId }))
        }}
      />
    </Page>
  )
}

function titleOf(
  gateway: string,
  shown: number | undefined,
  compare: readonly [number, number] | undefined,
): string {
  if (compare) return `Revisions ${compare[0]} and ${compare[1]} of ${gateway}`
  return shown === undefined ? gateway : `Revision ${shown} to ${gateway}`
}

function DraftNotice({ draft, onOpen }: { draft: Draft; onOpen: () => void }) {
  const { count, groups } = draft.difference
  if (count === 0) return null
  const names = groups.map(({ title }) => title)
  const where =
    names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
  return (
    <Notice
      tone={draft.faults.length > 0 ? 'err' : 'info'}
      title={`${countOf(count, 'change')} not deployed`}
      actions={
        <Button size="sm" aria-haspopup="dialog" onClick={onOpen}>
          See the difference
        </Button>
      }
    >
      {draft.faults.length > 0
        ? `${where}; ${countOf(draft.faults.length, 'fault')} to mend first.`
        : `${where}.`}
    </Notice>
  )
}

function NothingDeployed() {
  return (
    <NoneYet title="No deployments yet">
      Nothing is served here until the first one. Expose an API from the catalog, then deploy it.
    </NoneYet>
  )
}

interface ChoiceProps {
  gateways: readonly { id: string; name: string }[]
  value: string
  onChange: (id: string) => void
}

function GatewayChoice({ gateways, value, onChange }: ChoiceProps) {
  return (
    <Select
      aria-label="Gateway"
      className="w-56"
      value={value}
      onValueChange={onChange}
      options={gateways.map(({ id, name }) => ({ value: id, label: name }))}
    />
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { InstanceDeployment } from '#domain/deployment.ts'
import { Button } from '../ui/button.tsx'
import { ChipButton } from '../ui/chip.tsx'
import { Dot } from '../ui/state.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import { countOf, instanceLook } from './looks.ts'
import { deploymentQueries } from './queries.ts'

/**
 * How an API's draft stands to what runs, kept up to date, and the way to deploy it.
 * `initial` is what the server component read (lib/publish/read.ts, deploymentOf).
 */
export function DeployButton({ initial }: { initial: InstanceDeployment }) {
  const { gatewayId, instanceId } = initial
  const [open, setOpen] = useState(false)
  const { data } = useQuery({ ...deploymentQueries.instance(instanceId), initialData: initial })
  const { tone, label } = instanceLook[data.state]
  const pending = data.changes > 0
  return (
    <>
      <ChipButton onClick={() => setOpen(true)} aria-pressed={undefined} aria-haspopup="dialog">
        <Dot tone={tone} />
        {data.state === 'changed' ? `Draft: ${countOf(data.changes, 'change')}` : label}
      </ChipButton>
      {pending && (
        <Button variant="primary" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          {data.state === 'not-deployed' ? 'Deploy' : `Deploy ${countOf(data.changes, 'change')}`}
        </Button>
      )}
      <DeployDialog gatewayId={gatewayId} instanceId={instanceId} open={open} onOpenChange={setOpen} />
    </>
  )
}

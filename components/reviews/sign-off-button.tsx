'use client'
import { useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import type { SignOffStanding } from '#domain/sign-off.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx'
import { reviewQueries } from './queries.ts'
import { SignOffDialog, type ToSign } from './sign-off-dialog.tsx'

/** Signs off what gateways serve, or says who did. */
export function SignOffButton() {
  const mayRead = useMay('reviews.read')
  const maySign = useMay('reviews.sign')
  const { data = [] } = useQuery({ ...reviewQueries.standings(), enabled: mayRead })
  const [wish, setWish] = useState<ToSign | null>(null)
  const deployed = data.filter(({ revision }) => revision > 0)
  const open = deployed.filter(({ signOff }) => signOff === null)
  const [only] = open
  if (deployed.length === 0) return null
  if (!only || !maySign) return <Standing deployed={deployed} open={open} />
  return (
    <>
      {open.length === 1 ? (
        <Button variant="primary" aria-haspopup="dialog" onClick={() => setWish(toSign(only))}>
          Sign off revision {only.revision}
        </Button>
      ) : (
        <Menu>
          <MenuTrigger asChild>
            <Button variant="primary">Sign off</Button>
          </MenuTrigger>
          <MenuContent>
            {open.map((standing) => (
              <MenuItem key={standing.gatewayId} onSelect={() => setWish(toSign(standing))}>
                Revision {standing.revision} of {standing.gatewayName}
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
      )}
      {wish && <SignOffDialog wish={wish} onClose={() => setWish(null)} />}
    </>
  )
}

function Standing({ deployed, open }: Record<'deployed' | 'open', readonly SignOffStanding[]>) {
  const [first] = deployed
  if (open.length > 0)
    return <Chip tone="warn">{open.length === 1 ? 'not signed off' : `${open.length} not signed off`}</Chip>
  return (
    <Chip title={deployed.map(({ gatewayName, signOff }) => `${gatewayName}: ${signOff?.by}`).join(', ')}>
      <ShieldCheck aria-hidden className="text-ok" />
      {deployed.length === 1 ? `Signed off by ${first?.signOff?.by}` : 'All signed off'}
    </Chip>
  )
}

function toSign(standing: SignOffStanding): ToSign {
  const { gatewayId, gatewayName, hash, revision, last } = standing
  return {
    gatewayId,
    gatewayName,
    hash: hash ?? '',
    revision,
    last,
    signatories: standing,
    showChanges: true,
  }
}

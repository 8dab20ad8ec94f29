'use client'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { AcceptDialog, WithdrawDialog } from './accept-dialog.tsx'
import type { Asked } from './asked.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import { FlowDialog } from './flow-dialog.tsx'
import { NetworkDialog } from './network-dialog.tsx'
import { PartyDialog } from './party-dialog.tsx'
import { PlaceDialog } from './place-dialog.tsx'
import { ProviderDialog } from './provider-dialog.tsx'

interface Props {
  model: Model
  asked: Asked | null
  onMade: (selection: Selection | null) => void
  onClose: () => void
}

/** The dialog that is asked for, if one is. */
export function TopologyDialogs({ model, asked, onMade, onClose }: Props) {
  const shared = { model, onMade, onClose }
  const gone = { onGone: () => onMade(null), onClose }
  switch (asked?.kind) {
    case undefined:
      return null
    case 'network':
      return <NetworkDialog {...shared} network={asked.network} focus={asked.focus} />
    case 'party':
      return <PartyDialog {...shared} kind={asked.partyKind} party={asked.party} />
    case 'flow':
      return <FlowDialog {...shared} consumerId={asked.consumerId} apiId={asked.apiId} />
    case 'provider':
      return <ProviderDialog {...shared} api={asked.api} />
    case 'place':
      return <PlaceDialog model={model} gateway={asked.gateway} onClose={onClose} />
    case 'accept':
      return <AcceptDialog finding={asked.finding} onClose={onClose} />
    case 'withdraw':
      return <WithdrawDialog finding={asked.finding} onClose={onClose} />
    case 'delete-network':
      return (
        <DeleteDialog
          {...gone}
          name={asked.network.name}
          consequence="Only a network in which nothing stands can be removed."
          path={`/networks/${asked.network.id}`}
          version={asked.network.version}
        />
      )
    case 'delete-party':
      return (
        <DeleteDialog
          {...gone}
          name={asked.party.name}
          consequence="Only a party that no flow, API or key needs can be removed."
          path={`/parties/${asked.party.id}`}
          version={asked.party.version}
        />
      )
    case 'delete-flow':
      return (
        <DeleteDialog
          {...gone}
          name={asked.title}
          consequence="At once, the consumer’s keys no longer open this API."
          path={`/flows/${asked.flow.id}`}
          version={null}
        />
      )
  }
}

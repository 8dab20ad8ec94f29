'use client'
import type { RefObject } from 'react'
import { Drawer, DrawerContent } from '../../ui/drawer.tsx'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { ComparisonList } from '../history/change-parts.tsx'
import { useChanges } from '../history/changes-context.tsx'
import { ApiDetails } from './api-details.tsx'
import type { DetailsProps } from './details-props.ts'
import { FlowDetails } from './flow-details.tsx'
import { GatewayDetails } from './gateway-details.tsx'
import { LegDetails } from './leg-details.tsx'
import { NetworkDetails } from './network-details.tsx'
import { PanelFrame } from './panel-frame.tsx'
import { PartyDetails } from './party-details.tsx'
import { Summary } from './summary.tsx'

interface Props extends Omit<DetailsProps, 'id'> {
  selection: Selection | null
  /** The heading, which takes the focus when the panel is opened by keyboard. */
  headingRef: RefObject<HTMLHeadingElement | null>
  /** Comes over the page where there is no room beside it. */
  sheet: boolean
}

const details = {
  flow: FlowDetails,
  leg: LegDetails,
  party: PartyDetails,
  api: ApiDetails,
  gateway: GatewayDetails,
  network: NetworkDetails,
} as const

const kindWord = {
  flow: 'flow',
  leg: 'leg',
  party: 'party',
  api: 'API',
  gateway: 'gateway',
  network: 'network',
} as const

/** What is chosen explains itself here: a sentence, facts, legs, findings. */
export function DetailsPanel({ selection, headingRef, sheet, ...props }: Props) {
  const { model, choose } = props
  const title = selection && titleOf(model, selection)
  const { comparison } = useChanges()
  const close = () => choose(null, true)
  if (!selection || !title) {
    if (sheet) return null
    return (
      <PanelFrame title={comparison ? 'What changed' : 'The whole topology'} headingRef={headingRef}>
        {comparison ? <ComparisonList choose={choose} /> : <Summary {...props} />}
      </PanelFrame>
    )
  }
  const Details = details[selection.kind]
  const content = <Details {...props} id={selection.id} />
  if (sheet) {
    return (
      <Drawer open onOpenChange={(open) => !open && close()}>
        <DrawerContent title={title} description={kindWord[selection.kind]} onOpenAutoFocus={startAtTop}>
          <div className="flex flex-col gap-3">{content}</div>
        </DrawerContent>
      </Drawer>
    )
  }
  return (
    <PanelFrame title={title} kind={kindWord[selection.kind]} headingRef={headingRef} onClose={close}>
      {content}
    </PanelFrame>
  )
}

// A panel is for reading: its first field far below would take the focus, and a telephone's keyboard half of it.
function startAtTop(event: Event): void {
  event.preventDefault()
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus()
}

function titleOf(model: Model, { kind, id }: Selection): string | null {
  switch (kind) {
    case 'flow': {
      const flow = model.flows.get(id)
      const api = flow && model.apis.get(flow.apiId)
      const consumer = flow && model.parties.get(flow.consumerId)
      return api && consumer ? `${consumer.name} to ${api.name}` : null
    }
    case 'leg': {
      const leg = model.legs.get(id)
      return leg ? `${leg.from.name} to ${leg.to.name}` : null
    }
    case 'party':
      return model.parties.get(id)?.name ?? null
    case 'api':
      return model.apis.get(id)?.name ?? null
    case 'gateway':
      return model.gateways.get(id)?.name ?? null
    case 'network':
      return model.networks.get(id)?.name ?? null
  }
}

'use client'
import { count } from '#domain/listing.ts'
import { patterns } from '#domain/pattern.ts'
import { Fact, Facts } from '../../ui/panel.tsx'
import { inOrder } from '#diagram/model.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { Lead, Part } from './part.tsx'

/** What there is to see when nothing is chosen. */
export function Summary({ model, ask, mayWrite }: Omit<DetailsProps, 'id'>) {
  const { topology } = model
  const seen = new Set(topology.flows.map(({ classification }) => classification?.pattern))
  const findings = inOrder(topology.findings)
  const open = topology.flows.filter(({ classification }) => classification === null).length
  return (
    <>
      <Lead>
        {count(topology.flows.length, 'flow')} from {count(consumersOf(model), 'consumer')} through{' '}
        {count(topology.gateways.length, 'gateway')} to {count(topology.apis.length, 'API')}. Choose anything
        to see what it is, what its legs should use, and what is known of them.
      </Lead>
      <Facts>
        <Fact label="Patterns">
          {patterns.filter((pattern) => seen.has(pattern)).join(', ') || 'none yet'}
        </Fact>
        <Fact label="Networks">{topology.networks.length}</Fact>
        {open > 0 && <Fact label="Unclassified">{count(open, 'flow')}</Fact>}
      </Facts>
      <Part title="Findings">
        <FindingList model={model} findings={findings} ask={ask} mayWrite={mayWrite} />
      </Part>
    </>
  )
}

function consumersOf({ topology }: DetailsProps['model']): number {
  return topology.parties.filter(({ kind }) => kind === 'consumer').length
}

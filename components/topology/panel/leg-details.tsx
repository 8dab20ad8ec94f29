'use client'
import { readingsOf } from '#domain/leg.ts'
import { count, listed } from '#domain/listing.ts'
import { findingsOn } from '../model.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { FlowList } from './flow-list.tsx'
import { LegList, LegVerdict } from './leg-list.tsx'
import { LegProof } from './leg-proof.tsx'
import { Lead, Part } from './part.tsx'
import { PeerList } from './peer-list.tsx'

export function LegDetails({ model, id, choose, ask, mayWrite }: DetailsProps) {
  const leg = model.legs.get(id)
  if (!leg) return null
  const flows = model.flowsOfLeg.get(id) ?? []
  const namesOf = (apiIds: readonly string[]) =>
    listed(apiIds.flatMap((apiId) => model.apis.get(apiId)?.name ?? []))
  const readings = readingsOf(leg)
  return (
    <>
      <Lead>{count(flows.length, 'flow takes', 'flows take')} this leg.</Lead>
      <LegList legs={[leg]} />
      {readings.map((reading, index) => (
        <Part
          // Readings of one leg differ, and come in one order.
          key={index}
          title={readings.length > 1 ? `As it is for ${namesOf(reading.apiIds)}` : 'What proves it'}
        >
          {readings.length > 1 && <LegVerdict expected={leg.expected} verdict={reading.verdict} />}
          <LegProof reading={reading} />
        </Part>
      ))}
      <PeerList model={model} leg={leg} />
      <Part title="Findings on this leg">
        <FindingList model={model} findings={findingsOn(model, [id])} ask={ask} mayWrite={mayWrite} />
      </Part>
      <Part title="Flows">
        <FlowList model={model} flows={flows} choose={choose} />
      </Part>
    </>
  )
}

'use client'
import { findingsOn } from '../model.ts'
import { count } from '../words.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { FlowList } from './flow-list.tsx'
import { LegList } from './leg-list.tsx'
import { Lead, Part } from './part.tsx'

export function LegDetails({ model, id, choose, ask, mayWrite }: DetailsProps) {
  const leg = model.legs.get(id)
  if (!leg) return null
  const flows = model.flowsOfLeg.get(id) ?? []
  return (
    <>
      <Lead>{count(flows.length, 'flow takes', 'flows take')} this leg.</Lead>
      <LegList legs={[leg]} />
      <Part title="Findings on this leg">
        <FindingList model={model} findings={findingsOn(model, [id])} ask={ask} mayWrite={mayWrite} />
      </Part>
      <Part title="Flows">
        <FlowList model={model} flows={flows} choose={choose} />
      </Part>
    </>
  )
}

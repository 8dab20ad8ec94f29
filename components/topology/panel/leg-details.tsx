'use client'
import { actualText } from '#domain/context.ts'
import { type LegView, readingsOf } from '#domain/leg.ts'
import { count, listed } from '#domain/listing.ts'
import { LegChanges } from '../history/change-parts.tsx'
import { LegComments } from '../history/leg-comments.tsx'
import { findingsOn } from '#diagram/model.ts'
import type { DetailsProps } from './details-props.ts'
import { legTraffic, legTrafficText } from '#diagram/traffic.ts'
import { FindingList } from './finding-list.tsx'
import { FlowList } from './flow-list.tsx'
import { LegList, LegVerdict } from './leg-list.tsx'
import { LegHandshakes } from './leg-handshakes.tsx'
import { LegProof } from './leg-proof.tsx'
import { Lead, Part } from './part.tsx'
import { PeerList } from './peer-list.tsx'
import { ProveIt } from '../proof/prove-it.tsx'

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
      <LegChanges legId={id} />
      <LegList legs={[leg]} titled={false} />
      {readings.length > 1
        ? readings.map((reading, index) => (
            // Readings of one leg differ, and come in one order.
            <Part key={index} title={`As it is for ${namesOf(reading.apiIds)}`}>
              <p className="text-sm break-words">
                {actualText(reading.actual)} <LegVerdict expected={leg.expected} verdict={reading.verdict} />
              </p>
              <LegProof reading={reading} />
            </Part>
          ))
        : (leg.tls || leg.proof) && (
            <Part title="What proves it">
              <LegProof reading={leg} />
            </Part>
          )}
      <Part title="Traffic">
        <p className="text-sm text-ink-2 tnum">{trafficWords(model, leg)}</p>
      </Part>
      <LegHandshakes model={model} leg={leg} />
      <PeerList model={model} leg={leg} />
      <Part title="Findings on this leg">
        <FindingList model={model} findings={findingsOn(model, [id])} ask={ask} mayWrite={mayWrite} />
      </Part>
      <ProveIt model={model} leg={leg} />
      <LegComments legId={id} />
      <Part title="Flows">
        <FlowList model={model} flows={flows} choose={choose} />
      </Part>
    </>
  )
}

function trafficWords(model: DetailsProps['model'], leg: LegView): string {
  const traffic = legTraffic(model, leg)
  if (traffic) return legTrafficText(traffic)
  return 'Nodes count by API, and these have consumers on other legs too, or no node has reported lately.'
}

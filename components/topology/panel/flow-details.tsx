'use client'
import { Button } from '../../ui/button.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { DotState } from '../../ui/state.tsx'
import { deploymentLook } from '#diagram/looks.ts'
import { findingsOfFlow } from '#diagram/model.ts'
import { sightingOf, sightingText } from '#diagram/seen.ts'
import { flowSentence, flowTitle, trafficText } from '#diagram/words.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { LegList } from './leg-list.tsx'
import { Actions, Lead, Part } from './part.tsx'

export function FlowDetails({ model, id, ask, mayWrite }: DetailsProps) {
  const flow = model.flows.get(id)
  const api = flow && model.apis.get(flow.apiId)
  if (!flow || !api) return null
  const legs = flow.legs.flatMap((leg) => model.legs.get(leg) ?? [])
  const { tone, label } = deploymentLook[api.deployment]
  const sighting = sightingOf(model, flow)
  return (
    <>
      <Lead>{flowSentence(model, flow)}</Lead>
      <Facts>
        <Fact label="API">
          {api.name} {api.label}
        </Fact>
        <Fact label="Gateway">{model.gateways.get(api.gatewayId)?.name}</Fact>
        <Fact label="Deployment">
          <DotState tone={tone}>{label}</DotState>
        </Fact>
        <Fact label="Consumer seen">
          {sighting ? (
            <>
              <RelativeTime at={sighting.at} />, by {sighting.by}
            </>
          ) : (
            sightingText(model, flow) || 'no node watches it yet'
          )}
        </Fact>
        <Fact label="API’s traffic">{trafficText(api) ?? 'no node has reported lately'}</Fact>
      </Facts>
      <Part title="Legs, consumer to provider">
        <LegList legs={legs} apiId={api.id} />
      </Part>
      <Part title="Findings on this flow">
        <FindingList model={model} findings={findingsOfFlow(model, id)} ask={ask} mayWrite={mayWrite} />
      </Part>
      {mayWrite && (
        <Actions>
          {api.providerId === null && (
            <Button onClick={() => ask({ kind: 'provider', api })}>Name the provider</Button>
          )}
          <Button
            variant="danger"
            onClick={() => ask({ kind: 'delete-flow', flow, title: flowTitle(model, flow) })}
          >
            Remove flow
          </Button>
        </Actions>
      )}
    </>
  )
}

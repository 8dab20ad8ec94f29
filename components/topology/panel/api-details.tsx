'use client'
import Link from 'next/link'
import { Button } from '../../ui/button.tsx'
import { Mono } from '../../ui/code-line.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { DotState } from '../../ui/state.tsx'
import { flowsOf } from '#diagram/highlight.ts'
import { deploymentLook } from '#diagram/looks.ts'
import { findingsOfApi } from '#diagram/model.ts'
import { trafficText } from '#diagram/words.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { FlowList } from './flow-list.tsx'
import { Actions, Lead, Part } from './part.tsx'

export function ApiDetails({ model, id, choose, lens, ask, mayWrite }: DetailsProps) {
  const api = model.apis.get(id)
  if (!api) return null
  const provider = api.providerId ? model.parties.get(api.providerId) : undefined
  const gateway = model.gateways.get(api.gatewayId)
  const { tone, label } = deploymentLook[api.deployment]
  return (
    <>
      <Lead>
        {provider
          ? `Provided by ${provider.name}, exposed at ${gateway?.name}.`
          : `Exposed at ${gateway?.name}. Nobody has said yet who provides it, so its flows cannot be classified.`}
      </Lead>
      <Facts>
        <Fact label="Version">{api.label}</Fact>
        <Fact label="Deployment">
          <DotState tone={tone}>{label}</DotState>
        </Fact>
        <Fact label="Base path">
          <Mono>{api.basePath}</Mono>
        </Fact>
        <Fact label="Upstream">
          <Mono className="break-all">{api.upstreamUrl}</Mono>
        </Fact>
        <Fact label="Traffic">{trafficText(api) ?? 'no node has reported lately'}</Fact>
      </Facts>
      <Actions>
        <Button asChild>
          <Link href={`/catalog/${api.apiId}`}>Open in the catalog</Link>
        </Button>
        <Button
          onClick={() => {
            lens({ focus: id })
            choose(null, true)
          }}
        >
          Show its flows alone
        </Button>
        {mayWrite && (
          <>
            <Button onClick={() => ask({ kind: 'provider', api })}>
              {provider ? 'Change provider' : 'Name the provider'}
            </Button>
            <Button onClick={() => ask({ kind: 'flow', apiId: id })}>Add flow</Button>
          </>
        )}
      </Actions>
      <Part title="Consumers">
        <FlowList model={model} flows={flowsOf(model, { kind: 'api', id })} choose={choose} />
      </Part>
      <Part title="Findings on it">
        <FindingList model={model} findings={findingsOfApi(model, id)} ask={ask} mayWrite={mayWrite} />
      </Part>
    </>
  )
}

'use client'
import Link from 'next/link'
import { count } from '#domain/listing.ts'
import type { GatewayView } from '#domain/stored.ts'
import { Button } from '../../ui/button.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { WordState } from '../../ui/state.tsx'
import { flowsOf } from '#diagram/highlight.ts'
import { handshakesText } from '#diagram/handshakes.ts'
import { gatewayState } from '#diagram/words.ts'
import type { DetailsProps } from './details-props.ts'
import { FlowList } from './flow-list.tsx'
import { NodeList } from './node-list.tsx'
import { Actions, Lead, Part } from './part.tsx'

export function GatewayDetails({ model, id, choose, ask, mayWrite }: DetailsProps) {
  const gateway = model.gateways.get(id)
  if (!gateway) return null
  const network = gateway.networkId ? model.networks.get(gateway.networkId) : undefined
  const { nodes } = gateway
  const state = gatewayState(gateway)
  return (
    <>
      <Lead>
        {network
          ? `Stands in ${network.name}.`
          : 'Nobody has said yet in which network it stands; it counts as internal.'}
      </Lead>
      <Facts>
        <Fact label="Environment">{gateway.environment}</Fact>
        {nodes && (
          <Fact label="Nodes">
            {nodes.online} of {nodes.total} online{nodes.degraded > 0 && `, ${nodes.degraded} degraded`}
          </Fact>
        )}
        <Fact label="Revision">
          {gateway.revision} <WordState tone={state.tone}>{state.text}</WordState>
        </Fact>
        <Fact label="Listeners">
          {gateway.listeners.map(({ protocol, port }) => `${protocol.toUpperCase()} ${port}`).join(', ') ||
            'none'}
        </Fact>
        <Fact label="Handshakes">
          {handshakesText(gateway) ? (
            <WordState tone="err">{handshakesText(gateway)} with clients</WordState>
          ) : (
            failureless(gateway)
          )}
        </Fact>
        <Fact label="APIs">
          {count(model.topology.apis.filter((api) => api.gatewayId === id).length, 'API')}
        </Fact>
      </Facts>
      <Actions>
        <Button asChild>
          <Link href={`/gateways/${id}`}>Open gateway</Link>
        </Button>
        {mayWrite && <Button onClick={() => ask({ kind: 'place', gateway })}>Move to a network</Button>}
      </Actions>
      {nodes && <NodeList gatewayId={id} count={nodes.total} />}
      <Part title="Flows">
        <FlowList model={model} flows={flowsOf(model, { kind: 'gateway', id })} choose={choose} />
      </Part>
    </>
  )
}

function failureless({ nodes }: GatewayView): string {
  return nodes?.failedHandshakesPerSecond == null ? 'no node has reported lately' : 'none failed of late'
}

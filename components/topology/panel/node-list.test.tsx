import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { GatewayNode, GatewaySummary } from '#domain/gateway.ts'
import { gatewayQueries } from '../../gateways/queries.ts'
import { NodeList } from './node-list.tsx'

const id = '01a22e00-010d-7628-b11f-ae4cee312efe'
const at = '2026-06-01T00:00:00.000Z'

function node(hostname: string, more: Partial<GatewayNode>): GatewayNode {
  return {
    id: hostname,
    hostname,
    runtimeVersion: '0.1.0',
    capabilities: [],
    status: 'healthy',
    problems: [],
    state: 'applied',
    servesRevision: 7,
    wantedRevision: 7,
    refusals: [],
    connectedAt: at,
    lastSeenAt: at,
    createdAt: at,
    traffic: null,
    ...more,
  }
}

const gateway: GatewaySummary = {
  id,
  name: 'edge',
  environment: { id, name: 'production', kind: 'production', demandsSignOff: false, version: 1 },
  publicUrl: 'https://edge.example',
  listeners: [],
  headRevision: 7,
  version: 1,
  apis: 1,
  nodes: [],
  trouble: { certificatesExpired: 0, certificatesExpiring: 0, upstreamsUnhealthy: 0 },
}

function said(nodes?: readonly GatewayNode[]): string {
  const client = new QueryClient()
  if (nodes !== undefined)
    client.setQueryData(gatewayQueries.one(id).queryKey, { ...gateway, nodes: [...nodes] })
  const markup = renderToStaticMarkup(
    <QueryClientProvider client={client}>
      <NodeList gatewayId={id} count={2} />
    </QueryClientProvider>,
  )
  return markup.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
}

it('says of each node of a gateway how it is and which revision it serves, and why it refuses one', () => {
  const refusals = [{ pointer: '/apis/3', reason: 'the port is taken' }]
  const text = said([
    node('one', {}),
    node('two', {
      state: 'refused',
      servesRevision: 6,
      status: 'degraded',
      problems: ['memory is short'],
      refusals,
    }),
    node('three', { state: null, servesRevision: null }),
  ])
  for (const part of [
    'one healthy runtime 0.1.0, serves revision 7 of 7 in sync',
    'two degraded runtime 0.1.0, serves revision 6 of 7 refused memory is short /apis/3: the port is taken',
    'three healthy runtime 0.1.0, nothing deployed',
  ])
    expect(text).toContain(part)
})

it('shows those in trouble first, and of many no more than can be read', () => {
  const many = Array.from({ length: 40 }, (_, index) => node(`well-${index}`, {}))
  const text = said([...many, node('in-trouble', { status: 'offline', state: 'offline' })])
  expect(text.indexOf('in-trouble')).toBeLessThan(text.indexOf('well-0'))
  expect(text.match(/well-\d+/g)).toHaveLength(11)
  expect(text).toContain('and 29 more on the page of the gateway')
})

it('says that no node has registered, and nothing before it knows', () => {
  expect(said([])).toContain('None has registered yet.')
  expect(said()).not.toContain('None has registered')
})

import { describe, expect, it } from 'vitest'
import type { ExpiryEntry } from './expiry.ts'
import { nextSteps, type Overview } from './overview.ts'

type Seen = Parameters<typeof nextSteps>[0]

const node: Overview['nodes'][number] = {
  id: 'n',
  hostname: 'edge-1',
  gatewayId: 'g',
  gatewayName: 'edge',
  status: 'healthy',
  problem: null,
  refusedRevision: null,
  refusal: null,
  lastSeenAt: null,
}
const api: Overview['apis'][number] = {
  id: 'a',
  name: 'orders',
  title: 'Orders',
  versionLabel: 'v1',
  versions: 1,
  operations: 3,
  exposures: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
}
function seen(more: Partial<Seen>): Seen {
  const trouble = { certificatesExpired: 0, certificatesExpiring: 0, upstreamsUnhealthy: 0 }
  const gateways = [{ id: 'g', name: 'edge', trouble }]
  return { apis: [], apisTotal: 1, gateways, nodes: [node], undeployed: [], open: [], ...more }
}
const texts = (more: Partial<Seen>) => nextSteps(seen(more), []).map(({ text }) => text)

describe('next steps', () => {
  it('are none when all is well', () => expect(nextSteps(seen({}), [])).toEqual([]))

  it('begin with the first node and the first API in an empty organisation', () => {
    expect(texts({ nodes: [], apisTotal: 0 })).toEqual(['Start a node of edge', 'Import an OpenAPI document'])
  })

  it('name a refusal with its reason before anything else', () => {
    const refusing = { ...node, refusedRevision: 7, refusal: 'unknown policy' }
    const [first] = nextSteps(seen({ nodes: [refusing], apis: [api] }), [])
    expect(first).toMatchObject({
      urgency: 'now',
      text: 'edge-1 refused revision 7',
      reason: 'unknown policy',
    })
  })

  it('lead to upstreams that are down and certificates that end', () => {
    const trouble = { certificatesExpired: 2, certificatesExpiring: 1, upstreamsUnhealthy: 1 }
    expect(nextSteps(seen({ gateways: [{ id: 'g', name: 'edge', trouble }] }), [])).toMatchObject([
      { urgency: 'now', text: '1 upstream is unhealthy at edge', href: '/gateways/g?tab=upstreams' },
      { urgency: 'now', text: '2 certificates have expired at edge', href: '/gateways/g?tab=certificates' },
      { urgency: 'soon', text: '1 certificate expires soon at edge' },
    ])
  })

  it('name certificates that end with what fails then, and say no more of what their nodes count', () => {
    const ends = (days: number, state: 'expired' | 'critical' | 'expiring' | 'valid') => ({
      ...{
        state,
        daysLeft: days,
        notBefore: '',
        notAfter: '',
        subject: '',
        issuer: '',
        names: [],
        first: null,
      },
    })
    const ending = (name: string, legs: number, end: ReturnType<typeof ends>): ExpiryEntry => ({
      id: name,
      about: { kind: 'certificate', id: name, name },
      apiId: null,
      towards: null,
      kind: 'server',
      ends: end,
      contexts: [],
      breaks: { apis: 1, consumers: 2, legs },
      renewalMethod: 'manual',
      isRequested: false,
    })
    const trouble = { certificatesExpired: 1, certificatesExpiring: 1, upstreamsUnhealthy: 0 }
    const steps = nextSteps(seen({ gateways: [{ id: 'g', name: 'edge', trouble }] }), [
      ending('gone', 3, ends(-2, 'expired')),
      ending('soon', 3, ends(12, 'expiring')),
      ending('unused', 0, ends(13, 'expiring')),
      ending('fourth', 3, ends(14, 'expiring')),
      ending('well', 3, ends(200, 'valid')),
    ])
    expect(steps).toEqual([
      {
        urgency: 'now',
        text: 'gone has expired',
        reason: 'Without it 1 API, 2 consumers, 3 legs fail.',
        href: '/certificates/gone',
      },
      {
        urgency: 'soon',
        text: 'soon expires in 12 days',
        reason: 'Without it 1 API, 2 consumers, 3 legs fail.',
        href: '/certificates/soon',
      },
      {
        urgency: 'idea',
        text: 'unused expires in 13 days',
        reason: 'Nothing uses it.',
        href: '/certificates/unused',
      },
      {
        urgency: 'soon',
        text: '1 more certificate needs somebody',
        reason: 'They have ended, or end within their warning.',
        href: '/certificates?state=attention',
      },
    ])
  })

  it('name nodes that are away', () => {
    expect(texts({ nodes: [{ ...node, status: 'offline' }] })).toEqual(['edge-1 is offline'])
  })

  it('lead to what nobody can call, what is not deployed and what anybody may call', () => {
    const undeployed = [
      { apiId: 'a', title: 'Orders', instanceId: 'i', gatewayId: 'g', gatewayName: 'edge', isNew: false },
    ]
    const open = [{ apiId: 'b', instanceId: 'j', title: 'Rates' }]
    expect(texts({ apis: [api], undeployed, open })).toEqual([
      'Expose Orders at a gateway',
      'Deploy the changes of Orders',
      'Ask callers of Rates for an API key',
    ])
  })
})

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { grants } from '#domain/access.ts'
import { readingsOf } from '#domain/leg.ts'
import { inDays, now } from '#domain/testing/certificates.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import type { ApiView } from '#domain/stored.ts'
import { agreement, caller, observing, peer, seen } from '#domain/testing/peers.ts'
import { changed, sound } from '#domain/testing/sound.ts'
import type { Topology } from '#domain/topology.ts'
import { describeTopology } from '#domain/topology.ts'
import { modelOf } from '#diagram/model.ts'
import { sightingText } from '#diagram/seen.ts'
import { type Account, type Shell, ShellProvider } from '../../shell/shell-context.tsx'
import { FlowDetails } from './flow-details.tsx'
import { LegDetails } from './leg-details.tsx'
import { Summary } from './summary.tsx'

const shell: Shell = {
  account: {
    name: 'Kim',
    role: 'owner',
    organisation: 'Acme',
    warningDays: 30,
    environments: [],
    permissions: [...grants.owner],
  },
  openSearch: () => undefined,
  openMenu: () => undefined,
  openShortcuts: () => undefined,
}

/** A panel in the frame of the portal. */
function markupOf(panel: ReactNode, account: Partial<Account> = {}): string {
  return renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <ShellProvider value={{ ...shell, account: { ...shell.account, ...account } }}>{panel}</ShellProvider>
    </QueryClientProvider>,
  )
}

function props(topology: Topology) {
  return {
    model: modelOf(topology),
    choose: () => undefined,
    lens: () => undefined,
    ask: () => undefined,
    mayWrite: true,
  }
}

/** What a reader sees, without the marks of the markup. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll(/\s+/g, ' ')
}

describe('the panel of a leg', () => {
  it('says how TLS is spoken, draws the chain with its days, and names the peers that were seen', () => {
    const topology = describeTopology({ ...sound, observed: seen(peer()) }, now)
    const leg = 'inbound:consumer:Shop:gateway:edge'
    const text = textOf(markupOf(<LegDetails {...props(topology)} id={leg} />))
    for (const part of [
      'context White, organisation internal',
      'STRICT: a valid client certificate is needed',
      'TLS 1.2 to 1.3',
      'CN=edge-cert valid 365 days left CN=Internal CA valid',
      'Trusted through Internal CA.',
      'CN=shop from CN=Internal CA',
      'as expected',
    ])
      expect(text).toContain(part)
  })

  it('says which party each peer is, what was agreed on, and who calls by key or token', () => {
    const stored = changed(sound, 'parties', 'Shop', { identities: ['spiffe://acme/shop'] })
    const observed = observing({
      peers: [
        peer({ names: [{ type: 'uri', value: 'spiffe://acme/shop' }] }),
        peer({ subject: 'CN=waf', clientIds: ['Shop', 'Partner'] }),
        peer({ subject: 'CN=stranger' }),
      ],
      callers: [caller('Partner'), caller(null)],
      agreements: [agreement(), agreement({ version: null, cipher: null, isMutual: false })],
    })
    const topology = describeTopology({ ...stored, observed }, now)
    const panel = <LegDetails {...props(topology)} id="inbound:consumer:Shop:gateway:edge" />
    const text = textOf(markupOf(panel))
    for (const part of [
      'TLS 1.3, TLS_AES_256_GCM_SHA384, both ends verified',
      'no TLS',
      'matched to Shop by a name of its certificate',
      'may be Partner or Shop',
      'matched to no party',
      'Somebody with neither certificate, key nor token',
      'Less was agreed on than is declared',
    ])
      expect(text).toContain(part)
    const flow = textOf(markupOf(<FlowDetails {...props(topology)} id="Shop to Orders" />))
    expect(flow).toMatch(/Consumer seen .+, by a name of its certificate/)
    expect(topology.flows.map((each) => sightingText(modelOf(topology), each))).toEqual([
      '2026-05-31, by a name of its certificate',
      '2026-05-31, by its key or token',
    ])
  })

  it('says why handshakes fail and what is missing of the chain', () => {
    const certificates = sound.certificates.map((each) => ({
      ...each,
      chain: each.chain.map((facts) => ({ ...facts, issuer: 'CN=Issuing CA' })),
    }))
    const topology = describeTopology({ ...sound, certificates }, now)
    const leg = 'inbound:consumer:Shop:gateway:edge'
    const text = textOf(markupOf(<LegDetails {...props(topology)} id={leg} />))
    expect(text).toContain('CN=Issuing CA missing: unknown authority')
    expect(text).toContain('Handshakes fail: its chain is incomplete')
  })

  it('says why handshakes with an upstream fail now, and how often', () => {
    const failing = { upstream: 'main', code: 'upstream_tls_cert_expired', perSecond: 0.4 }
    const said = (failedHandshakes: ApiView['failedHandshakes']) => {
      const topology = describeTopology(changed(sound, 'apis', 'Orders', { failedHandshakes }), now)
      const leg = topology.legs.find(({ side, from }) => side === 'outbound' && from.kind === 'gateway')
      return textOf(markupOf(<LegDetails {...props(topology)} id={leg?.id ?? ''} />))
    }
    expect(said([failing])).toContain('The certificate of the provider has expired 0.4 a second, Orders')
    expect(said([])).toContain('None failed of late.')
    expect(said(null)).toContain('No node has reported lately.')
  })

  it('says each reading apart where APIs differ, whatever the leg', () => {
    const topology = madeUp(5, { parties: 60, flows: 120, gateways: 2 })
    for (const leg of topology.legs) {
      const markup = markupOf(<LegDetails {...props(topology)} id={leg.id} />)
      expect(markup.match(/As it is for/g)?.length ?? 0).toBe(
        leg.others.length > 0 ? readingsOf(leg).length : 0,
      )
    }
  })
})

describe('the panel of a flow', () => {
  it('says of a shared leg what holds for its own API', () => {
    const [orders] = sound.apis
    if (!orders?.inbound) throw new Error('no API')
    const legacy = { ...orders, id: 'Legacy', name: 'Legacy', host: 'legacy.example' }
    const stored = {
      ...sound,
      apis: [orders, { ...legacy, inbound: { ...orders.inbound, mode: 'DISABLE' as const } }],
      flows: [...sound.flows, { id: 'Shop to Legacy', consumerId: 'Shop', apiId: 'Legacy' }],
    }
    const topology = describeTopology(stored, now)
    const said = (id: string) => textOf(markupOf(<FlowDetails {...props(topology)} id={id} />))
    expect(said('Shop to Orders')).not.toContain('DISABLE')
    expect(said('Shop to Legacy')).toContain('mode DISABLE')
  })
})

describe('the summary', () => {
  it('lists findings of every kind, and who answers for those that are accepted', () => {
    const plain = changed(sound, 'authorities', 'Their CA', { runBy: 'organisation' })
    const [finding] = describeTopology(plain, now).findings
    const accepted = {
      id: 'acceptance',
      findingId: finding?.id ?? '',
      severity: 'error' as const,
      owner: 'Kim',
      reason: 'until the merger',
      until: inDays(9),
    }
    const said = (stored: typeof plain) =>
      textOf(markupOf(<Summary {...props(describeTopology(stored, now))} />))
    expect(said(plain)).toContain('Replace the CA of Grey')
    expect(said({ ...plain, acceptances: [accepted] })).toContain(
      'Accepted by Kim until 2026-06-10: until the merger',
    )
  })
  it('mends at one click what needs nobody’s decision, for those who may, and leads the others there', () => {
    const [orders] = sound.apis
    if (!orders?.inbound) throw new Error('no API')
    const inbound = { ...orders.inbound, ciphers: ['TLS_AES_128_GCM_SHA256'] }
    const topology = describeTopology({ ...sound, apis: [{ ...orders, inbound }] }, now)
    const action = (account: Partial<Account>) =>
      /<(a|button)\b[^>]*>(?:(?!<\/\1>).)*Set the minimum to 1\.3 for Orders/.exec(
        markupOf(<Summary {...props(topology)} />, account),
      )?.[1]
    expect(action({})).toBe('button')
    expect(action({ permissions: [...grants.operator] })).toBe('a')
  })
})

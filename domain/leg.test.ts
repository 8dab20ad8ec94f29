import { describe, expect, it } from 'vitest'
import { usualWatch } from './certificate.ts'
import { type Actual, type ContextRef, compare } from './context.ts'
import { inboundHops, type LegView, legsFrom, outboundHops } from './leg.ts'
import type { NetworkClass } from './network.ts'
import { knownContexts } from './proof.ts'
import { gatewayStop, inboundReading, outboundReading, servedAt, type Trust } from './reading.ts'
import type { ApiView, GatewayView, NetworkView } from './stored.ts'
import { indexOf } from './stored.ts'
import { authority, certificate, context, inbound, inDays, now, outbound } from './testing/certificates.ts'
import { api, gateway, http, https, network, nothingStored, party } from './testing/stored.ts'

const stored = {
  ...nothingStored,
  authorities: [authority('Internal CA')],
  certificates: [
    certificate('edge-cert', 'Internal CA'),
    certificate('old-cert', 'Internal CA', { facts: { notAfter: inDays(-1) } }),
  ],
  contexts: [
    context('White', { authorityIds: ['Internal CA'], keystoreId: 'edge-cert' }),
    context('Validating', { authorityIds: ['Internal CA'] }),
    context('Old', { authorityIds: ['Internal CA'], keystoreId: 'old-cert' }),
  ],
}
const trust: Trust = { contexts: knownContexts(stored, indexOf(stored), now), watch: usualWatch, now }
const White = { id: 'White', name: 'White', class: 'org-internal' } as const

const nothingKnown = { actual: { state: 'not-declared' }, declaredBy: null, tls: null, proof: null } as const

function wayTo(
  far: NetworkView | null,
  side: 'inbound' | 'outbound',
  at: GatewayView,
  called: ApiView,
): LegView[] {
  const served = servedAt(at, [called])(called)
  const way = {
    api: called,
    gateway: gatewayStop(at),
    networks: new Map(far ? [[far.id, far]] : []),
    beyond: () => nothingKnown,
  }
  if (side === 'outbound') {
    const known = called.upstreams.map((upstream) => outboundReading(called, upstream, trust))
    return legsFrom(known.flatMap((reading) => outboundHops(far?.id ?? null, { ...way, reading })))
  }
  const consumer = party('Shop', 'consumer', far?.id ?? '')
  return legsFrom(inboundHops(consumer, { ...way, reading: inboundReading(at, served, trust) }))
}
const into = (far: NetworkView, at = gateway('edge'), called = api('Orders')) =>
  wayTo(far, 'inbound', at, called)
const out = (far: NetworkView | null, called = api('Orders')) =>
  wayTo(far, 'outbound', gateway('edge'), called)

const net = (cls: NetworkClass, firewall: string | null = null) => network(`${cls}-net`, cls, { firewall })
const path = (legs: LegView[]) => legs.map(({ from, to }) => `${from.kind} ${to.kind}`)
const classes = (legs: LegView[]) => legs.map(({ expected }) => expected?.class)

describe('legs', () => {
  it('inside the organisation are one hop, white recommended but not required, and cross nothing', () => {
    expect(into(net('org-internal'))).toMatchObject([
      { crosses: false, expected: { class: 'org-internal', required: false } },
    ])
    expect(path(out(net('org-internal')))).toEqual(['gateway api'])
  })

  for (const cls of ['org-external', 'non-org-external'] as const) {
    it(`from a ${cls} network end at its firewall; white begins there and goes to the gateway`, () => {
      const legs = into(net(cls, 'waf'))
      expect(path(legs)).toEqual(['consumer firewall', 'firewall gateway'])
      expect(classes(legs)).toEqual([cls, 'org-internal'])
      expect(legs.every(({ expected, crosses }) => expected?.required && crosses)).toBe(true)
    })

    it(`to a ${cls} network are white up to its firewall and ${cls} beyond`, () => {
      const legs = out(net(cls, 'waf'))
      expect(path(legs)).toEqual(['gateway firewall', 'firewall api'])
      expect(classes(legs)).toEqual(['org-internal', cls])
    })

    it(`of a ${cls} network without a firewall are one direct hop of its class`, () => {
      expect(classes(into(net(cls)))).toEqual([cls])
      expect(classes(out(net(cls)))).toEqual([cls])
    })
  }

  it('expect nothing of the way to an API whose provider nobody named', () => {
    expect(out(null)).toMatchObject([{ expected: null, verdict: 'not-declared' }])
  })

  it('have one id for the same hop, whichever flow takes it', () => {
    const far = net('org-external', 'waf')
    const way = {
      api: api('Orders'),
      gateway: gatewayStop(gateway('edge')),
      networks: new Map([[far.id, far]]),
      reading: nothingKnown,
      beyond: () => nothingKnown,
    }
    const legs = legsFrom([
      ...inboundHops(party('Shop', 'consumer', far.id), way),
      ...inboundHops(party('App', 'consumer', far.id), way),
    ])
    expect(path(legs).toSorted()).toEqual(['consumer firewall', 'consumer firewall', 'firewall gateway'])
  })
})

describe('what is known of a leg', () => {
  const inside = net('org-internal')
  const secure = gateway('edge', { listeners: [https] })
  const both = gateway('edge', { listeners: [http, https] })
  const byWhite = { contextId: 'White' }
  const at = (side: ApiView['inbound'], where = secure, more = {}) =>
    into(inside, where, api('Orders', { inbound: side, ...more }))[0]
  const towards = (side: ReturnType<typeof outbound> | null, upstreamUrl = 'https://orders', more = {}) =>
    out(inside, api('Orders', { upstreamUrl, outbound: side, ...more }))[0]

  const table: [string, LegView | undefined, { actual: object; verdict: LegView['verdict'] }][] = [
    [
      'plain at an http listener',
      at(null, gateway('edge')),
      { actual: { state: 'plain' }, verdict: 'below' },
    ],
    ['plain where any listener is', at(null, both), { actual: { state: 'plain' }, verdict: 'below' }],
    [
      'never plain under a tls policy: on an http listener it is not served',
      at(inbound(byWhite), both),
      { actual: { state: 'mutual', context: White }, verdict: 'as-expected' },
    ],
    [
      'nothing at an https listener without a certificate',
      at(null),
      { actual: { state: 'not-declared' }, verdict: 'not-declared' },
    ],
    [
      'mutual with STRICT and a context',
      at(inbound(byWhite)),
      { actual: { state: 'mutual', context: White }, verdict: 'as-expected' },
    ],
    [
      'permissive with PERMISSIVE',
      at(inbound({ ...byWhite, mode: 'PERMISSIVE' })),
      { actual: { state: 'permissive', context: White }, verdict: 'below' },
    ],
    [
      'one-way with DISABLE',
      at(inbound({ ...byWhite, mode: 'DISABLE' })),
      { actual: { state: 'one-way', context: White }, verdict: 'below' },
    ],
    [
      'mutual without a context where the policy has the certificates',
      at(inbound()),
      { actual: { state: 'mutual', context: null }, verdict: 'without-context' },
    ],
    [
      'nothing where the context is not there',
      at(inbound({ contextId: 'gone' })),
      { actual: { state: 'not-declared' }, verdict: 'not-declared' },
    ],
    [
      'broken with a context that has nothing to show',
      at(inbound({ contextId: 'Validating' })),
      { actual: { state: 'mutual' }, verdict: 'broken' },
    ],
    [
      'broken with an expired certificate',
      at(inbound({ contextId: 'Old' })),
      { actual: { state: 'mutual' }, verdict: 'broken' },
    ],
    [
      'plain towards an http upstream',
      towards(null, 'http://orders'),
      { actual: { state: 'plain' }, verdict: 'below' },
    ],
    [
      'plain where any address is',
      towards(null, '', {
        upstreams: [{ name: 'main', urls: ['https://orders', 'http://spare'], outbound: outbound(byWhite) }],
      }),
      {
        actual: { state: 'plain', because: 'the upstream address http://spare is plain HTTP' },
        verdict: 'below',
      },
    ],
    [
      'one-way towards an https upstream that is shown nothing',
      towards(null),
      { actual: { state: 'one-way', context: null }, verdict: 'below' },
    ],
    [
      'one-way with a context that only validates',
      towards(outbound({ contextId: 'Validating' })),
      { actual: { state: 'one-way' }, verdict: 'below' },
    ],
    [
      'mutual with a keystore',
      towards(outbound(byWhite)),
      { actual: { state: 'mutual', context: White }, verdict: 'as-expected' },
    ],
    [
      'mutual without a context, with a certificate in the policy',
      towards(outbound({ hasCertificate: true })),
      { actual: { state: 'mutual', context: null }, verdict: 'without-context' },
    ],
    [
      'one-way with trusted CAs alone in the policy',
      towards(outbound()),
      { actual: { state: 'one-way' }, verdict: 'below' },
    ],
    [
      'unverified with skipValidation, whatever is shown',
      towards(outbound({ ...byWhite, skipValidation: true })),
      { actual: { state: 'unverified', context: White }, verdict: 'below' },
    ],
    [
      'that of the worst upstream where an API has several',
      towards(null, '', {
        upstreams: [
          { name: 'main', urls: ['https://orders'], outbound: outbound(byWhite) },
          { name: 'bills', urls: ['https://bills'], outbound: null },
        ],
      }),
      {
        actual: {
          state: 'one-way',
          because: 'no tls-outbound policy gives the gateway a certificate to show towards bills',
        },
        verdict: 'below',
      },
    ],
    [
      'nothing of an address of another kind',
      towards(null, 'tcp://orders'),
      { actual: { state: 'not-declared' }, verdict: 'not-declared' },
    ],
  ]
  it.each(table)('is %s', (_, leg, known) => expect(leg).toMatchObject(known))

  it('says how TLS is spoken there, and by which chain it is proved', () => {
    const leg = at(
      inbound({ ...byWhite, ciphers: ['TLS_AES_128_GCM_SHA256'], subjectAltNames: ['spiffe://a/b'] }),
    )
    expect(leg).toMatchObject({
      declaredBy: { kind: 'api', id: 'Orders' },
      tls: {
        mode: 'STRICT',
        minVersion: '1.2',
        maxVersion: '1.3',
        ciphers: ['TLS_AES_128_GCM_SHA256'],
        subjectAltNames: ['spiffe://a/b'],
      },
      proof: {
        links: [
          { subject: 'CN=edge-cert', daysLeft: 365, state: 'valid' },
          { subject: 'CN=Internal CA', state: 'valid' },
        ],
        anchor: 'Internal CA',
        missing: null,
        fails: null,
      },
    })
    expect(at(inbound({ contextId: 'Old' }))?.proof?.fails).toBe('CN=old-cert expired on 2026-05-31')
  })

  it('is the TLS of the API whose certificate is shown for the host', () => {
    const orders = api('Orders', { inbound: inbound(byWhite) })
    const other = api('Other', { host: 'other.example' })
    const served = servedAt(secure, [orders, other])
    expect(served(other)).toMatchObject([{ holder: { id: 'Orders' } }])
    // Two kinds of TLS and none for any host: nobody's certificate is shown there.
    const apart = api('Apart', { host: 'a.example', inbound: inbound({ ...byWhite, mode: 'DISABLE' }) })
    const named = { ...orders, host: 'orders.example' }
    expect(servedAt(secure, [named, apart, other])(other)).toEqual([])
    expect(servedAt(secure, [{ ...orders, listenerIds: ['elsewhere'] }, other])(other)).toEqual([])
  })
})

describe('expected and actual', () => {
  const expected = { class: 'org-external', required: true } as const
  const green: ContextRef = { id: 'g', name: 'Green', class: 'org-external' }
  const rows: [Actual, boolean, LegView['verdict']][] = [
    [{ state: 'not-declared' }, false, 'not-declared'],
    [{ state: 'plain', because: '' }, true, 'below'],
    [{ state: 'unverified', because: '', context: green }, false, 'below'],
    [{ state: 'one-way', because: '', context: green }, false, 'below'],
    [{ state: 'one-way', because: '', context: green }, true, 'broken'],
    [{ state: 'permissive', because: '', context: green }, false, 'below'],
    [{ state: 'mutual', context: null }, false, 'without-context'],
    [{ state: 'mutual', context: green }, false, 'as-expected'],
    [{ state: 'mutual', context: green }, true, 'broken'],
    [{ state: 'mutual', context: White }, false, 'wrong-context'],
    [{ state: 'mutual', context: White }, true, 'wrong-context'],
  ]
  it.each(rows)('%o, failing %s: %s', (actual, fails, verdict) =>
    expect(compare(expected, actual, fails)).toBe(verdict),
  )
})

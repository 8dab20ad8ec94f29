import { describe, expect, it } from 'vitest'
import { type Actual, compare } from './context.ts'
import { lintLeg } from './finding.ts'
import { inboundLegs, type Leg, outboundLegs } from './leg.ts'
import type { Network, NetworkClass } from './network.ts'

function network(cls: NetworkClass, firewall: string | null = null): Network {
  return { id: `${cls}-net`, name: cls, class: cls, location: 'cloud', parentId: null, firewall }
}
const gateway = { id: 'g', name: 'edge', listeners: [{ protocol: 'http', port: 8081 }] }
const tlsGateway = { ...gateway, listeners: [{ protocol: 'https', port: 8443 }] }

function inbound(far: Network, at = gateway): Leg[] {
  const consumer = { id: 'c', name: 'Shop', networkId: far.id }
  return inboundLegs(consumer, at, new Map([[far.id, far]]))
}
function outbound(far: Network | null, upstreamUrl = 'http://orders:80'): Leg[] {
  const api = { id: 'a', name: 'Orders', upstreamUrl, networkId: far?.id ?? null }
  return outboundLegs(gateway, api, new Map(far ? [[far.id, far]] : []))
}
const path = (legs: Leg[]) => legs.map(({ from, to }) => `${from.kind} ${to.kind}`)
const classes = (legs: Leg[]) => legs.map(({ expected }) => expected?.class)

describe('legs', () => {
  it('inside the organisation are one hop, white recommended but not required, and cross nothing', () => {
    expect(inbound(network('org-internal'))).toMatchObject([
      { crosses: false, expected: { class: 'org-internal', required: false } },
    ])
    expect(path(outbound(network('org-internal')))).toEqual(['gateway api'])
  })

  for (const cls of ['org-external', 'non-org-external'] as const) {
    it(`from a ${cls} network end at its firewall; white begins there and goes to the gateway`, () => {
      const legs = inbound(network(cls, 'waf'))
      expect(path(legs)).toEqual(['consumer firewall', 'firewall gateway'])
      expect(classes(legs)).toEqual([cls, 'org-internal'])
      expect(legs.every(({ expected, crosses }) => expected?.required && crosses)).toBe(true)
    })

    it(`to a ${cls} network are white up to its firewall and ${cls} beyond`, () => {
      const legs = outbound(network(cls, 'waf'))
      expect(path(legs)).toEqual(['gateway firewall', 'firewall api'])
      expect(classes(legs)).toEqual(['org-internal', cls])
    })

    it(`of a ${cls} network without a firewall are one direct hop of its class`, () => {
      expect(classes(inbound(network(cls)))).toEqual([cls])
      expect(classes(outbound(network(cls)))).toEqual([cls])
    })
  }

  it('expect nothing of the way to an API whose provider nobody named', () => {
    expect(outbound(null)).toMatchObject([{ expected: null, verdict: 'not-declared' }])
  })

  it('know plain HTTP at the listener and the upstream, and nothing of the hop beyond a firewall', () => {
    expect(inbound(network('org-external', 'waf')).map(({ actual }) => actual.state)).toEqual([
      'not-declared',
      'plain',
    ])
    expect(inbound(network('org-internal'), tlsGateway)).toMatchObject([
      { actual: { state: 'not-declared' }, verdict: 'not-declared' },
    ])
    expect(outbound(network('org-internal'), 'https://orders')).toMatchObject([
      { actual: { state: 'not-declared' } },
    ])
  })

  it('have one id for the same hop, whichever flow takes it', () => {
    const far = network('org-external', 'waf')
    const other = inboundLegs({ id: 'd', name: 'App', networkId: far.id }, gateway, new Map([[far.id, far]]))
    expect(other[1]?.id).toBe(inbound(far)[1]?.id)
    expect(other[0]?.id).not.toBe(inbound(far)[0]?.id)
  })
})

describe('findings on a leg', () => {
  const codes = (legs: Leg[], far: Network) =>
    legs.flatMap((leg) => lintLeg(leg, far).map(({ code, severity }) => `${severity} ${code}`))

  it('plain HTTP across a boundary is an error', () => {
    const far = network('org-external', 'waf')
    expect(codes(inbound(far), far)).toEqual(['error leg.plaintext-crossing'])
    expect(codes(outbound(far), far)).toEqual(['error leg.plaintext-crossing'])
  })

  it('plain HTTP inside is a warning, since mTLS is recommended there', () => {
    const far = network('org-internal')
    expect(codes(inbound(far), far)).toEqual(['warning leg.mtls-absent'])
    expect(codes(outbound(far), far)).toEqual(['warning leg.mtls-absent'])
  })

  it('a boundary without a firewall is a warning of its own, mended at that network', () => {
    const far = network('non-org-external')
    expect(codes(inbound(far, tlsGateway), far)).toEqual(['warning flow.no-firewall'])
    const [leg] = inbound(far, tlsGateway)
    expect(leg && lintLeg(leg, far)[0]?.fix).toMatchObject({ kind: 'add-firewall', id: far.id })
  })

  it('says nothing against what nobody declared', () => {
    const far = network('org-internal')
    expect(codes(outbound(far, 'https://orders'), far)).toEqual([])
  })

  const context = (cls: NetworkClass): Actual => ({
    state: 'mutual',
    context: { id: 'x', name: 'Partner CA', class: cls },
  })
  it('compares contexts by class', () => {
    const expected = { class: 'org-external', required: true } as const
    expect(compare(expected, context('org-external'))).toBe('as-expected')
    expect(compare(expected, context('org-internal'))).toBe('wrong-context')
    expect(compare(expected, { state: 'one-way', because: '' })).toBe('below')
    const [leg] = inbound(network('org-external'))
    if (!leg) throw new Error('no leg')
    const wrong = lintLeg({ ...leg, actual: context('org-internal') }, null)
    expect(wrong).toMatchObject([{ code: 'leg.wrong-context', severity: 'error' }])
    expect(lintLeg({ ...leg, actual: context('org-external') }, null)).toEqual([])
    const oneWay = lintLeg({ ...leg, actual: { state: 'one-way', because: 'no client CA is set' } }, null)
    expect(oneWay).toMatchObject([{ code: 'leg.one-way-tls', severity: 'error' }])
  })
})

import { describe, expect, it } from 'vitest'
import { madeUp } from '#domain/testing/made-up.ts'
import type { ApiView } from '#domain/stored.ts'
import { failingText, legFailures } from './handshakes.ts'
import { modelOf } from './model.ts'
import { legLabel } from './words.ts'

const topology = madeUp(4, { parties: 40, flows: 60, gateways: 2 })

function modelWith(failedHandshakes: ApiView['failedHandshakes']) {
  return modelOf({ ...topology, apis: topology.apis.map((api) => ({ ...api, failedHandshakes })) })
}

const atGateway = topology.legs.filter(({ side, from }) => side === 'outbound' && from.kind === 'gateway')
const elsewhere = topology.legs.filter((leg) => !atGateway.includes(leg))

describe('handshakes with upstreams that fail', () => {
  const failing = modelWith([
    { upstream: 'stock', code: 'upstream_tls_untrusted', perSecond: 0.2 },
    { upstream: 'main', code: 'upstream_tls_cert_expired', perSecond: 1.4 },
  ])

  it('are told on the legs that a gateway begins, the most frequent first, and in words', () => {
    expect(atGateway.length).toBeGreaterThan(0)
    for (const leg of atGateway) {
      const [first, ...others] = legFailures(failing, leg) ?? []
      expect(first).toMatchObject({
        upstream: null,
        why: 'The certificate of the provider has expired',
        perSecond: 1.4,
      })
      expect(others.at(-1)).toMatchObject({ upstream: 'stock', perSecond: 0.2 })
      expect(legLabel(failing, leg)).toMatch(/[\d.,]+ TLS failures\/s/)
    }
  })

  it('are told nowhere else: who makes the handshake beyond a firewall says nothing', () => {
    for (const leg of elsewhere) {
      expect(legFailures(failing, leg)).toBeNull()
      expect(legLabel(failing, leg)).not.toContain('TLS failures')
    }
  })

  it('are unknown while no node reports, and none where nodes report none', () => {
    for (const leg of atGateway) {
      expect(legFailures(modelWith(null), leg)).toBeNull()
      expect(legFailures(modelWith([]), leg)).toEqual([])
      expect(failingText(legFailures(modelWith([]), leg))).toBeNull()
    }
  })
})

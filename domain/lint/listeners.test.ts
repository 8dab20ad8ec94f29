import { describe, expect, it } from 'vitest'
import type { Stored } from '../stored.ts'
import { inbound, now, outbound } from '../testing/certificates.ts'
import { sound } from '../testing/sound.ts'
import { api } from '../testing/stored.ts'
import { describeTopology } from '../topology.ts'
import { judged, shopLeg } from './testing/findings.ts'

describe('listeners', () => {
  const second = (change: Parameters<typeof api>[1]): Stored => ({
    ...sound,
    apis: [
      ...sound.apis,
      api('Billing', {
        providerId: 'Order team',
        upstreamUrl: 'https://billing',
        outbound: outbound({ contextId: 'White' }),
        ...change,
      }),
    ],
  })
  const conflicts = (stored: Stored) => judged(stored).filter(({ code }) => code === 'listener.port-conflict')

  it('let APIs share a port that ask for the same TLS, or for another at another host', () => {
    expect(conflicts(second({ inbound: inbound({ contextId: 'White' }) }))).toEqual([])
    const other = {
      host: 'billing.example',
      inbound: inbound({ contextId: 'White', mode: 'DISABLE' }),
    } as const
    expect(conflicts(second(other))).toEqual([])
  })

  it('serve an API without TLS of its own under that of its host', () => {
    const leg = describeTopology(second({ host: 'billing.example' }), now).legs.find(
      ({ id }) => id === shopLeg,
    )
    expect(leg?.verdict).toBe('as-expected')
    expect(conflicts(second({}))).toEqual([])
  })

  it('do not count APIs that are switched off', () => {
    expect(conflicts(second({ basePath: '/Orders', enabled: false }))).toEqual([])
  })
})

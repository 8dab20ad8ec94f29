import { describe, expect, it } from 'vitest'
import type { Stored } from '../stored.ts'
import { inbound, now, outbound } from '../testing/certificates.ts'
import { sound } from '../testing/sound.ts'
import { api, network, party } from '../testing/stored.ts'
import { describeTopology } from '../topology.ts'
import { judged, shopLeg } from './testing/findings.ts'

describe('on one leg', () => {
  it('two APIs are judged apart: the leg is as bad as the worse, and only its flows are touched', () => {
    const both: Stored = {
      ...sound,
      apis: [
        ...sound.apis,
        api('Legacy', {
          host: 'legacy.example',
          providerId: 'Order team',
          upstreamUrl: 'https://legacy',
          inbound: inbound({ contextId: 'White', mode: 'PERMISSIVE' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
      flows: [...sound.flows, { id: 'Shop to Legacy', consumerId: 'Shop', apiId: 'Legacy' }],
    }
    expect(judged(both)).toMatchObject([{ code: 'leg.permissive', flowIds: ['Shop to Legacy'] }])
    const leg = describeTopology(both, now).legs.find(({ id }) => id === shopLeg)
    expect(leg).toMatchObject({
      verdict: 'below',
      apiIds: ['Legacy'],
      others: [{ verdict: 'as-expected', apiIds: ['Orders'] }],
    })
  })
})

describe('networks', () => {
  it('that stand inside a guarded one of their class need no firewall of their own', () => {
    const stored: Stored = {
      ...sound,
      networks: [...sound.networks, network('Branch', 'non-org-external', { parentId: 'Partners' })],
      parties: [...sound.parties, party('Till', 'consumer', 'Branch', { owner: 'third-party' })],
      flows: [...sound.flows, { id: 'Till to Orders', consumerId: 'Till', apiId: 'Orders' }],
    }
    expect(judged(stored)).toEqual([])
  })
})

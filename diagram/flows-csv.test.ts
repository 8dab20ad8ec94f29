import { describe, expect, it } from 'vitest'
import { noFilter } from './filter.ts'
import { now } from '#domain/testing/certificates.ts'
import { readingsOf } from '#domain/leg.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import { peer, seen } from '#domain/testing/peers.ts'
import { sound } from '#domain/testing/sound.ts'
import { api, party } from '#domain/testing/stored.ts'
import { describeTopology } from '#domain/topology.ts'
import { flowsCsv } from './flows-csv.ts'
import { modelOf } from './model.ts'
import { legTraffic, legTrafficText } from './traffic.ts'
import { daysText, legTitle } from './words.ts'

const all = noFilter

/** Rows and cells of RFC 4180 text, by itself and not by what wrote it. */
function read(text: string): string[][] {
  return [
    ...text.matchAll(/(?:(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,|\r\n))*?(?:"(?:[^"]|"")*"|[^",\r\n]*)\r\n/g),
  ].map(([row]) =>
    [...row.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(?:,|\r\n)/g)].map(([, cell = '']) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    ),
  )
}

function large() {
  const topology = madeUp(4, { parties: 40, flows: 60, gateways: 2 })
  return {
    topology,
    cells: read(flowsCsv(modelOf(topology), all))
      .flat()
      .join('\n'),
  }
}

describe('the table of flows', () => {
  it('has a row for each flow, with every leg as expected and as it is, and as many cells as heads', () => {
    const topology = madeUp(4, { parties: 40, flows: 60, gateways: 2 })
    const [head = [], ...rows] = read(flowsCsv(modelOf(topology), all))
    for (const row of rows) expect(row).toHaveLength(head.length)
    const withPattern = rows.filter((row) => row[head.indexOf('Pattern')] !== '')
    expect(withPattern).toHaveLength(topology.flows.filter(({ classification }) => classification).length)
    const legs = rows
      .slice(0, topology.flows.length)
      .map((row) => row[head.indexOf('Legs')]?.split(' | ').length)
    expect(legs).toEqual(topology.flows.map((flow) => flow.legs.length))
  })

  it('says all that the map and its panels say of legs: days, chains, peers, traffic and findings', () => {
    const { topology, cells } = large()
    const model = modelOf(topology)
    for (const leg of topology.legs) {
      for (const { proof } of readingsOf(leg).filter(({ apiIds }) => apiIds.length > 0))
        for (const { subject, daysLeft } of proof?.links ?? [])
          expect(cells).toContain(`${subject} (${daysText(daysLeft)})`)
      const traffic = legTraffic(model, leg)
      if (traffic) expect(cells).toContain(`${legTitle(leg)}: ${legTrafficText(traffic)}`)
      for (const { why } of model.findingsOfLeg.get(leg.id) ?? []) expect(cells).toContain(why)
    }
    for (const { team } of topology.parties) expect(cells).toContain(team ?? '')
  })

  it('names whom nodes saw at each end, and leaves out who is taken for another consumer', () => {
    const stored = { ...sound, observed: seen(peer(), peer({ subject: 'CN=elsewhere' })) }
    const { observed, ...rest } = describeTopology(stored, now)
    const peers = observed?.peers.map((each) =>
      each.subject === 'CN=elsewhere' ? { ...each, partyId: 'Partner' } : { ...each, partyId: null },
    )
    const topology = { ...rest, observed: observed && { ...observed, peers: peers ?? [] } }
    const [head = [], ...rows] = read(flowsCsv(modelOf(topology), all))
    const seenBy = (consumer: string) =>
      rows.find(([name]) => name === consumer)?.[head.indexOf('Peers seen')] ?? ''
    expect(seenBy('Shop (own)')).toContain(`${peer().subject} from ${peer().issuer}, last seen `)
    expect(seenBy('Shop (own)')).not.toContain('CN=elsewhere')
    expect(seenBy('Partner (third party)')).toContain('CN=elsewhere')
  })

  it('says of a flow what the map says: places, firewalls, gateway, contexts and verdicts', () => {
    const topology = describeTopology(sound, now)
    const rows = read(flowsCsv(modelOf(topology), all))
    const [head = []] = rows
    const row = rows.find(([consumer]) => consumer === 'Partner (third party)') ?? []
    const cell = (name: string) => row[head.indexOf(name)]
    expect(cell('Consumer network')).toBe('Partners (non-organisation external, cloud, firewall WAF)')
    expect(cell('Gateway')).toBe('edge (production, 1 node, revision 1, applied)')
    expect(cell('Role')).toBe('ingress')
    expect(cell('Legs')?.split(' | ')[0]).toBe(
      'Partner to WAF: expected non-organisation external mTLS; actual context Grey, non-organisation external; as expected',
    )
  })

  it('has whoever has no flow, and leaves them out where a filter asks for flows', () => {
    const stored = {
      ...sound,
      parties: [...sound.parties, party('Idle', 'consumer', 'VPC')],
      apis: [...sound.apis, api('Unused', { providerId: 'Order team' })],
    }
    const model = modelOf(describeTopology(stored, now))
    expect(read(flowsCsv(model, all)).map(([consumer, , , name]) => [consumer, name])).toEqual(
      expect.arrayContaining([
        ['', 'Unused 1.0'],
        ['Idle (own)', ''],
      ]),
    )
    expect(read(flowsCsv(model, { ...all, useCase: 2 }))).toHaveLength(2)
  })
})

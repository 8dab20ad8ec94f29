import { describe, expect, it } from 'vitest'
import { noFilter } from './filter.ts'
import { now } from '#domain/testing/certificates.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import { sound } from '#domain/testing/sound.ts'
import { api, party } from '#domain/testing/stored.ts'
import { describeTopology } from '#domain/topology.ts'
import { flowsCsv } from './flows-csv.ts'
import { modelOf } from './model.ts'

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
    expect(read(flowsCsv(model, all)).map(([consumer, , name]) => [consumer, name])).toEqual(
      expect.arrayContaining([
        ['', 'Unused 1.0'],
        ['Idle (own)', ''],
      ]),
    )
    expect(read(flowsCsv(model, { ...all, useCase: 2 }))).toHaveLength(2)
  })
})

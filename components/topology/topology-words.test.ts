import { describe, expect, it } from 'vitest'
import { actual, actualText, contextOf } from '#domain/context.ts'
import { severities } from '#domain/finding.ts'
import { type LegView, readingsOf } from '#domain/leg.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import type { Topology } from '#domain/topology.ts'
import { changesBetween } from './changes.ts'
import { flowShows, noFilter, passes } from '#diagram/filter.ts'
import { toCsv } from '#diagram/csv.ts'
import { firstView } from './graph/first-view.ts'
import { stopsOf } from './graph/stops.ts'
import { flowsOf, highlightOf } from '#diagram/highlight.ts'
import { findingsOn, isOpen, modelOf } from '#diagram/model.ts'
import { teamsOf } from './lens-words.ts'
import { neighbour } from './neighbour.ts'
import { rowsOf } from '#diagram/rows.ts'
import { readViewState, type ViewState, writeViewState } from './view-state.ts'
import { daysText, flowSentence, gatewayState, legLabel, trafficText } from '#diagram/words.ts'

const plain: ViewState = {
  ...noFilter,
  view: null,
  fullLegs: false,
  selection: null,
  at: null,
  compare: null,
}
const topology = madeUp(4, { parties: 40, flows: 60, gateways: 2 })
const model = modelOf(topology)

function never(): never {
  throw new Error('a leg that is not there')
}

describe('the address', () => {
  it('gives back every state that it was made of', () => {
    const states: ViewState[] = [
      plain,
      {
        view: 'table',
        fullLegs: true,
        selection: { kind: 'leg', id: 'inbound:consumer:a:gateway:b' },
        useCase: 3,
        severity: 'error',
        environment: 'pre & production',
        owner: 'third-party',
        team: 'Shop & till',
        expiring: 30,
        show: 'plaintext',
        focus: '0199',
        search: 'name=a&b',
        at: null,
        compare: { from: 'edge@41', to: 'deployed' },
      },
      { ...plain, view: 'graph', selection: { kind: 'flow', id: 'f1' } },
    ]
    for (const state of states)
      expect(readViewState(new URLSearchParams(writeViewState(state)))).toEqual(state)
  })

  it('takes what it does not understand as not there', () => {
    for (const text of [
      'view=3d',
      'select=flow',
      'select=:x',
      'select=planet:x',
      'use-case=9',
      'use-case=',
      'findings=all',
      'env=',
      'owner=me',
      'team=',
      'expiring=31',
      'expiring=',
      'show=all',
      'focus=flow:x',
      'focus=api',
    ])
      expect(readViewState(new URLSearchParams(text))).toEqual(plain)
  })
})

describe('the sentence of a flow', () => {
  it('names use case, pattern and role, or says why it cannot', () => {
    for (const flow of topology.flows) {
      const sentence = flowSentence(model, flow)
      if (!flow.classification) expect(sentence).toContain('Nobody has said yet')
      else {
        expect(sentence).toContain(
          `Use case ${flow.classification.useCase}, pattern ${flow.classification.pattern}.`,
        )
        expect(sentence).not.toMatch(/\ban non-|undefined/)
      }
    }
  })
})

describe('figures', () => {
  it('are none when no node reported, and never rounded to nothing', () => {
    expect(trafficText({ traffic: null })).toBeNull()
    const some = { requestsPerSecond: 0.04, errorsPerSecond: 0, refusedPerSecond: 12.4, latencyMs: null }
    expect(trafficText({ traffic: some })).toBe('<0.1 req/s, 12 refused/s')
    const timed = { ...some, latencyMs: { p50: 4, p99: 41 } }
    expect(trafficText({ traffic: timed })).toBe('<0.1 req/s, 12 refused/s, p50 4.0 ms, p99 41 ms')
  })

  it('put an offline node before what it applied last', () => {
    const gateway = topology.gateways[0]
    if (!gateway) throw new Error('no gateway')
    const nodes = { total: 2, online: 0, degraded: 0, current: 2, failedHandshakesPerSecond: 0 }
    expect(gatewayState({ ...gateway, nodes })).toEqual({ text: 'all nodes offline', tone: 'err' })
    expect(gatewayState({ ...gateway, nodes: { ...nodes, online: 2, current: 1 } }).text).toBe(
      'applied on 1 of 2',
    )
  })
})

describe('a leg in words', () => {
  const large = madeUp(5, { parties: 200, flows: 400, gateways: 3 })
  const readings = large.legs.flatMap(readingsOf)

  it('names its context or the setting that says what it lacks', () => {
    const states = new Set(readings.map((reading) => reading.actual.state))
    expect(states).toEqual(new Set(actual.options.map(({ shape }) => shape.state.value)))
    for (const { actual: known } of readings) {
      const text = actualText(known)
      const context = contextOf(known)
      if ('because' in known) expect(text).toContain(known.because)
      else if (context) expect(text).toContain(context.name)
    }
    for (const leg of topology.legs) expect(legLabel(model, leg)).toContain(actualText(leg.actual))
  })

  it('counts days down to the end and on from it', () => {
    expect([daysText(1), daysText(0), daysText(-2)]).toEqual([
      '1 day left',
      '0 days left',
      'ended 2 days ago',
    ])
  })
})

describe('findings', () => {
  const open = topology.findings.find(({ severity, legIds }) => severity === 'error' && legIds.length > 0)
  const legId = open?.legIds[0] ?? ''
  const accepted = { id: 'a', owner: 'Kim', reason: 'known', until: '2027-01-01T00:00:00.000Z' }

  it('stand on every leg that they touch, the gravest first, those that somebody answers for last', () => {
    if (!open) throw new Error('no finding')
    expect(findingsOn(model, open.legIds).filter(({ id }) => id === open.id)).toHaveLength(1)
    const held = modelOf({
      ...topology,
      findings: topology.findings.map((each) => (each.id === open.id ? { ...each, accepted } : each)),
    })
    const found = findingsOn(held, [legId])
    expect(found.at(-1)?.id).toBe(open.id)
    const ranks = found.filter(isOpen).map(({ severity }) => severities.indexOf(severity))
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
  })

  it('that somebody answers for neither count nor filter', () => {
    const answered = modelOf({
      ...topology,
      findings: topology.findings.map((each) => ({ ...each, accepted })),
    })
    expect(rowsOf(answered, plain).every(({ errors, warnings }) => errors + warnings === 0)).toBe(true)
    expect(rowsOf(answered, { ...plain, severity: 'error' })).toEqual([])
  })
})

describe('the highlight', () => {
  it('is nothing when nothing is chosen', () => {
    expect(highlightOf(model, plain)).toBeNull()
  })

  it('of a flow is its own legs and both its ends', () => {
    const flow = topology.flows[0]
    if (!flow) throw new Error('no flow')
    const lit = highlightOf(model, { ...plain, selection: { kind: 'flow', id: flow.id } })
    expect([...(lit?.legs ?? [])].toSorted()).toEqual(flow.legs.toSorted())
    expect(lit?.boxes.has(`card:${flow.consumerId}`)).toBe(true)
  })

  it('of a filter is exactly the flows that pass it', () => {
    const state: ViewState = { ...plain, useCase: 1 }
    const passing = topology.flows.filter((flow) => flow.classification?.useCase === 1)
    expect(topology.flows.filter((flow) => passes(model, flow, state))).toEqual(passing)
    expect(rowsOf(model, state).map(({ of }) => of.id)).toEqual(passing.map(({ id }) => id))
  })

  it('of a lens about legs is the legs that it is about, and the flows on them are in the table', () => {
    for (const lenses of [
      ...flowShows.map((show) => ({ ...plain, show })),
      { ...plain, expiring: 90 as const },
      { ...plain, owner: 'third-party' as const },
      { ...plain, team: 'Team 1' },
      { ...plain, environment: topology.gateways[0]?.environment ?? '' },
      { ...plain, search: topology.parties[0]?.name.toUpperCase() ?? '' },
    ]) {
      const passing = topology.flows.filter((flow) => passes(model, flow, lenses))
      expect(rowsOf(model, lenses).map(({ of }) => of.id)).toEqual(passing.map(({ id }) => id))
      const lit = highlightOf(model, lenses)
      const onTheirWay = new Set(passing.flatMap(({ legs }) => legs))
      for (const leg of lit?.legs ?? []) expect(onTheirWay.has(leg)).toBe(true)
      if (lenses.show !== 'plaintext') continue
      expect(passing.length).toBeGreaterThan(0)
      for (const leg of lit?.legs ?? [])
        expect(
          readingsOf(model.legs.get(leg) ?? never()).some(({ actual: { state } }) => state === 'plain'),
        ).toBe(true)
    }
  })

  it('of a team is every flow with an end that it answers for, and what it has besides', () => {
    const idle = { ...(topology.parties[0] ?? never()), id: 'idle', team: 'Night shift' }
    const wider = modelOf({ ...topology, parties: [...topology.parties, idle] })
    expect(highlightOf(wider, { ...plain, team: 'Night shift' })?.boxes).toEqual(new Set(['card:idle']))
    const [team = never()] = teamsOf(model)
    const passing = topology.flows.filter((flow) => passes(model, flow, { ...plain, team }))
    expect(passing.length).toBeGreaterThan(0)
    for (const { consumerId, apiId } of passing) {
      const ends = [consumerId, model.apis.get(apiId)?.providerId ?? '']
      expect(ends.map((id) => model.parties.get(id)?.team)).toContain(team)
    }
  })

  it('of one API in focus is its flows and its way out, whether or not anybody calls it', () => {
    for (const { id } of topology.apis) {
      const lit = highlightOf(model, { ...plain, focus: id })
      const wanted = new Set(topology.flows.filter(({ apiId }) => apiId === id).flatMap(({ legs }) => legs))
      for (const leg of wanted) expect(lit?.legs.has(leg)).toBe(true)
      expect(lit?.boxes.size).toBeGreaterThan(0)
    }
  })

  it('finds the flows of a provider through its APIs', () => {
    const api = topology.apis.find(
      ({ id, providerId }) => providerId && topology.flows.some(({ apiId }) => apiId === id),
    )
    if (!api?.providerId) throw new Error('no provided API')
    const flows = flowsOf(model, { kind: 'party', id: api.providerId })
    expect(flows.some(({ apiId }) => apiId === api.id)).toBe(true)
  })
})

describe('the table', () => {
  it('has every flow with every leg, and whoever has no flow', () => {
    const rows = rowsOf(model, plain)
    const flows = rows.filter(({ of }) => of.kind === 'flow')
    expect(flows).toHaveLength(topology.flows.length)
    for (const { of, legs } of flows) expect(legs.length).toBe(model.flows.get(of.id)?.legs.length)
    const said = new Set(rows.flatMap(({ consumer, provider }) => [consumer, provider]))
    for (const { name } of topology.parties) expect(said).toContain(name)
  })

  it('writes CSV that spreadsheets take as text', () => {
    const text = toCsv(
      ['a', 'b'],
      [
        ['=1+1', 'two, "three"'],
        ['line\nbreak', '-4'],
      ],
    )
    expect(text).toBe('a,b\r\n\'=1+1,"two, ""three"""\r\n"line\nbreak",\'-4\r\n')
  })
})

describe('arrow keys', () => {
  const stop = (id: string, x: number, y: number) => ({ id, box: { x, y, width: 100, height: 50 } })
  const [here, right, below, farBelow] = [
    stop('a', 0, 0),
    stop('b', 300, 20),
    stop('c', 10, 80),
    stop('d', 0, 400),
  ]

  it('go to the nearest stop in their direction, and nowhere when there is none', () => {
    const stops = [farBelow, right, here, below]
    expect(neighbour(here, 'right', stops)?.id).toBe('b')
    expect(neighbour(here, 'down', stops)?.id).toBe('c')
    expect(neighbour(here, 'left', stops)).toBeNull()
    expect(neighbour(right, 'left', stops)?.id).toBe('a')
    expect(neighbour(farBelow, 'up', stops)?.id).toBe('c')
  })

  it('reach every stop of a drawing from any other', async () => {
    const { default: Elk } = await import('elkjs/lib/elk.bundled.js')
    const { layOut } = await import('#diagram/layout/layout.ts')
    const stops = stopsOf(await layOut(new Elk(), topology), model)
    const reached = new Set<string>()
    const walk = stops.slice(0, 1)
    for (let next = walk.pop(); next; next = walk.pop()) {
      if (reached.has(next.id)) continue
      reached.add(next.id)
      for (const direction of ['left', 'right', 'up', 'down'] as const) {
        const found = neighbour(next, direction, stops)
        if (found) walk.push(found)
      }
    }
    expect(stops.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([])
  })
})

describe('the first view', () => {
  const room = { width: 900, height: 800 }
  it('shows all of what can be read, and else the top at a readable size', () => {
    expect(firstView({ width: 1000, height: 700 }, room).zoom).toBeCloseTo(0.88)
    expect(firstView({ width: 1000, height: 20_000 }, room)).toMatchObject({ y: 10, zoom: 0.88 })
    expect(firstView({ width: 1000, height: 20_000 }, room, true).zoom).toBeLessThan(0.05)
    expect(firstView({ width: 300, height: 200 }, room).zoom).toBe(1.2)
  })
})

describe('what changed', () => {
  it('is told as one sentence, and not at all for figures', () => {
    const without: Topology = { ...topology, flows: topology.flows.slice(2) }
    expect(changesBetween(without, topology)).toBe('2 flows added.')
    expect(changesBetween(topology, without)).toBe('2 flows gone.')
    expect(changesBetween(topology, structuredClone(topology))).toBeNull()
  })

  it('tells which legs are protected otherwise, which APIs are served, and how gateways are', () => {
    const opened = (leg: LegView): LegView => ({
      ...leg,
      actual: { state: 'plain', because: 'a test' },
      verdict: 'below',
    })
    const secured = topology.legs.filter(
      ({ actual: { state }, verdict }) => state === 'mutual' && verdict !== 'broken',
    )
    const some = new Set(secured.slice(0, 2).map(({ id }) => id))
    const [gateway = never(), ...gateways] = topology.gateways
    const after: Topology = {
      ...topology,
      legs: topology.legs.map((leg) => (some.has(leg.id) ? opened(leg) : leg)),
      apis: topology.apis.map((api, index) => (index === 0 ? { ...api, deployment: 'not-deployed' } : api)),
      gateways: [{ ...gateway, nodes: gateway.nodes && { ...gateway.nodes, online: 0 } }, ...gateways],
    }
    expect(changesBetween(topology, after)).toBe(
      '2 legs now in plaintext, 1 API now not deployed, edge-0: node offline.',
    )
  })
})

import { readFile } from 'node:fs/promises'
import Elk from 'elkjs/lib/elk.bundled.js'
import { describe, expect, it } from 'vitest'
import { noFilter } from '../filter.ts'
import { inbound, now, outbound } from '#domain/testing/certificates.ts'
import { madeUpStored } from '#domain/testing/made-up.ts'
import { numbersFrom } from '#domain/testing/random.ts'
import { changed, sound } from '#domain/testing/sound.ts'
import { api, gateway, http, network, nothingStored, party } from '#domain/testing/stored.ts'
import type { NetworkClass } from '#domain/network.ts'
import type { Stored } from '#domain/stored.ts'
import { comparisonOf } from '#domain/topology-comparison.ts'
import { describeTopology, type Topology } from '#domain/topology.ts'
import { hexagonPoints } from '../hexagon.ts'
import { layOut } from '../layout/layout.ts'
import { palettes } from './palette.ts'
import { type PictureOptions, pictureOf } from './picture.ts'
import { toSvg } from './svg.ts'
import { allOf, type Element, flowsIn, readXml, withAttribute, wordsIn } from './testing/read-svg.ts'

const elk = new Elk()
const plain: PictureOptions = {
  organisation: 'Acme',
  theme: 'light',
  ...noFilter,
  selection: null,
  moment: null,
  at: now,
  differences: null,
}

async function svgOf(topology: Topology, change: Partial<PictureOptions> = {}): Promise<string> {
  return toSvg(pictureOf(topology, await layOut(elk, topology), { ...plain, ...change }))
}

async function drawnOf(topology: Topology, change: Partial<PictureOptions> = {}): Promise<Element> {
  return readXml(await svgOf(topology, change))
}

function drawn(stored: Stored, change: Partial<PictureOptions> = {}): Promise<Element> {
  return drawnOf(describeTopology(stored, now), change)
}

const withoutTls: Stored = {
  ...changed(sound, 'apis', 'Orders', { inbound: null }),
  gateways: [gateway('edge', { networkId: 'VPC', listeners: [http] })],
}

const white = 'org-internal'
const green = 'org-external'
const grey = 'non-org-external'

const patterns: [string, string, NetworkClass, NetworkClass, string, string[]][] = [
  // pattern, use case, provider's network, consumer's network, role, hexagons from consumer to provider
  ['1A', '1', white, white, 'ingress', ['gateway']],
  ['1B', '1', white, white, 'ingress', ['gateway']],
  ['2', '1', white, green, 'ingress', [green, white, 'gateway']],
  ['3', '1', green, white, 'egress', ['gateway', white, green]],
  ['4', '1', green, green, 'ingress and egress', [green, white, 'gateway', white, green]],
  ['5', '2', white, grey, 'ingress', [grey, white, 'gateway']],
  ['6', '2', green, grey, 'ingress and egress', [grey, white, 'gateway', white, green]],
  ['7', '3', grey, white, 'egress', ['gateway', white, grey]],
  ['8', '3', grey, green, 'ingress and egress', [green, white, 'gateway', white, grey]],
  ['9', '4', grey, grey, 'ingress and egress', [grey, white, 'gateway', white, grey]],
]

function patternStored(pattern: string, provider: NetworkClass, consumer: NetworkClass): Stored {
  const place = (id: string, cls: NetworkClass) =>
    network(id, cls, { firewall: cls === white ? null : `${id} edge` })
  const owner = (cls: NetworkClass) => (cls === grey ? 'third-party' : 'organisation')
  const own = pattern === '1A' ? 'Near' : 'Far'
  return {
    ...nothingStored,
    networks: [place('Near', provider), place('Far', consumer), network('Home')],
    parties: [
      party('Caller', 'consumer', own, { owner: owner(consumer) }),
      party('Supplier', 'provider', 'Near', { owner: owner(provider) }),
    ],
    gateways: [gateway('edge', { networkId: 'Home' })],
    apis: [api('Orders', { providerId: 'Supplier' })],
    flows: [{ id: 'flow', consumerId: 'Caller', apiId: 'Orders' }],
  }
}

const looks: Record<NetworkClass, { fill: string; underline: 'none' | 'solid' | 'dotted'; word: string }> = {
  'org-internal': { fill: palettes.light.trustInt, underline: 'none', word: 'Org Internal' },
  'org-external': { fill: palettes.light.trustExt, underline: 'solid', word: 'Org External' },
  'non-org-external': { fill: palettes.light.trustNon, underline: 'dotted', word: 'Non-Org Ext.' },
}

function looksOf(leg: Element) {
  const hexagon = leg.children.find(({ name }) => name === 'polygon')
  const line = leg.children.find(({ name }) => name === 'path')
  const dotted = line?.attributes['stroke-dasharray'] !== undefined
  return {
    points: hexagon?.attributes['points'],
    fill: hexagon?.attributes['fill'],
    underline: line ? (dotted ? 'dotted' : 'solid') : 'none',
    words: wordsIn(leg),
  }
}

describe('the picture', () => {
  it.each(patterns)(
    'of pattern %s has its hexagons, its classes and the role of the gateway',
    async (pattern, useCase, provider, consumer, role, hexagons) => {
      const svg = await drawn(patternStored(pattern, provider, consumer))
      const flow = flowsIn(svg).get('Caller to Orders')
      expect(flow).toMatchObject({ pattern, useCase, role, hexagons })
      for (const leg of flow?.legs ?? []) {
        const cls = leg.attributes['data-expected'] as NetworkClass
        const { fill, underline, word } = looks[cls]
        expect(looksOf(leg)).toMatchObject({ points: hexagonPoints, fill, underline })
        expect(wordsIn(leg)).toEqual(expect.arrayContaining(['mTLS', word]))
      }
      const [middle] = withAttribute(svg, 'data-gateway')
      expect(middle && wordsIn(middle)).toContain(role)
      const firewalls = hexagons.filter((each) => each !== 'gateway' && each !== white)
      expect(withAttribute(svg, 'data-firewall')).toHaveLength(firewalls.length)
    },
  )

  it('has a flat-topped hexagon: a point left and right, an edge above and below', () => {
    const corners = hexagonPoints.split(' ').map((corner) => corner.split(',').map(Number))
    const [lowest, highest] = [-14, 14].map((y) => corners.filter(([, at]) => at === y).length)
    expect([lowest, highest]).toEqual([2, 2])
    expect(corners.filter(([, y]) => y === 0).map(([x]) => x)).toEqual([18.5, -18.5])
  })

  it('has three lanes, every network in its own, and every party, API, gateway and firewall', async () => {
    const stored = madeUpStored(7, { parties: 40, flows: 80, gateways: 2 })
    const svg = await drawn(stored)
    const ids = (name: string) =>
      withAttribute(svg, name)
        .map(({ attributes }) => attributes[name] ?? '')
        .filter((id) => id !== '')
        .toSorted()
    expect(ids('data-lane')).toEqual([white, green, grey].toSorted())
    const sortedIds = (all: readonly { id: string }[]) => all.map(({ id }) => id).toSorted()
    expect(ids('data-network')).toEqual(sortedIds(stored.networks))
    expect(ids('data-party')).toEqual(sortedIds(stored.parties))
    expect(ids('data-api')).toEqual(sortedIds(stored.apis))
    expect(ids('data-gateway')).toEqual(sortedIds(stored.gateways))
    const topology = describeTopology(stored, now)
    expect(ids('data-leg')).toEqual(sortedIds(topology.legs))
    expect(ids('data-line')).toEqual(sortedIds(topology.legs))
  })

  it('says with dash and word what is not as it should be, so that grey on paper says it too', async () => {
    const plainly = await drawn(withoutTls)
    const told = await drawn(sound)
    const across = (svg: Element) =>
      flowsIn(svg)
        .get('Partner to Orders')
        ?.legs.find(({ attributes }) => attributes['data-from']?.startsWith('firewall:'))
    const lineOf = (svg: Element, leg: Element | undefined) =>
      withAttribute(svg, 'data-line').find(
        ({ attributes }) => attributes['data-line'] === leg?.attributes['data-leg'],
      )?.children[0]?.attributes
    expect(lineOf(told, across(told))).not.toHaveProperty('stroke-dasharray')
    expect(across(told) && wordsIn(across(told) as Element)).toEqual(['mTLS', 'Org Internal'])
    const leg = across(plainly)
    expect(lineOf(plainly, leg)).toMatchObject({ 'stroke-dasharray': '6 4' })
    expect(leg && wordsIn(leg)).toContain('plain HTTP')
    expect(leg?.attributes).toMatchObject({ 'data-actual': 'plain', 'data-verdict': 'below' })
  })

  it('dots the line where handshakes fail', async () => {
    const topology = describeTopology(sound, now)
    const later = describeTopology(sound, new Date(now.getTime() + 10 * 365 * 86_400_000))
    const dashes = (svg: Element) =>
      new Set(
        withAttribute(svg, 'data-line').map(({ children }) => children[0]?.attributes['stroke-dasharray']),
      )
    expect(dashes(readXml(await svgOf(topology)))).toEqual(new Set([undefined]))
    expect(dashes(readXml(await svgOf(later)))).toEqual(new Set(['2 4']))
  })

  it('puts a finding that somebody answers for in brackets', async () => {
    const stored = withoutTls
    const { findings } = describeTopology(stored, now)
    const acceptances = findings.map(({ id, severity }) => ({
      id,
      findingId: id,
      severity,
      owner: 'Security',
      reason: 'A pilot',
      until: new Date(now.getTime() + 86_400_000).toISOString(),
    }))
    const words = wordsIn(await drawn({ ...stored, acceptances }))
    expect(words).toContain('(plain HTTP)')
    expect(words).not.toContain('plain HTTP')
    expect(words).toContain(`${findings.length} accepted`)
  })

  it('prints whose it is, which part, at which revision, when, and what the signs mean', async () => {
    const svg = await drawn(sound, { useCase: 2 })
    const words = wordsIn(svg)
    expect(words).toContain('Topology of Acme')
    expect(words).toContain('1 of 2 flows, use case 2 · in production · edge at revision 1')
    expect(words).toContain(`as of ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`)
    expect(words).toContain('mTLS context that the pattern expects')
    expect(svg.attributes).toMatchObject({
      role: 'img',
      'aria-labelledby': 'hexgate-title hexgate-description',
    })
    expect(svg.children.slice(0, 2).map(({ name }) => name)).toEqual(['title', 'desc'])
  })

  it('lets what a filter leaves out stand back, and draws it all the same', async () => {
    const svg = await drawn(sound, { useCase: 2 })
    const behind = withAttribute(svg, 'opacity').flatMap(({ attributes }) => attributes['data-party'] ?? [])
    expect(behind).toEqual(['Shop'])
    expect(withAttribute(svg, 'data-party')).toHaveLength(3)
  })

  it('has the colours of the page, light and dark', async () => {
    const css = await readFile(new URL('../../app/globals.css', import.meta.url), 'utf8')
    for (const [theme, selector] of [
      ['light', ':root'],
      ['dark', '.dark'],
    ] as const) {
      const block = new RegExp(`\\n${selector.replace('.', '\\.')} \\{([^}]*)\\}`).exec(css)?.[1] ?? ''
      for (const [name, colour] of Object.entries(palettes[theme])) {
        const variable = name.replace(/[A-Z]|\d/g, (part) => `-${part.toLowerCase()}`)
        expect(block, `${theme} ${name}`).toContain(`--${variable}: ${colour};`)
      }
    }
  })

  it('draws white as white in the dark', async () => {
    const svg = await drawn(patternStored('2', white, green), { theme: 'dark' })
    const inner = flowsIn(svg).get('Caller to Orders')?.legs[1]
    expect(inner && looksOf(inner).fill).toBe(palettes.dark.trustInt)
  })

  it('says what differs from another moment with a word, a sign and a dash, and what it means', async () => {
    const gone = sound.flows.filter(({ consumerId }) => consumerId !== 'Shop')
    const before = describeTopology({ ...sound, flows: gone }, now)
    const compared = comparisonOf(
      { topology: describeTopology(withoutTls, now), unknown: [] },
      { topology: before, unknown: [] },
    )
    const { topology, ...differences } = compared
    const svg = await drawnOf(topology, { differences, moment: 'Compared: one → two' })
    const changeOf = (leg: string) =>
      withAttribute(svg, 'data-leg').find(({ attributes }) => attributes['data-leg'] === leg)
    const lineOf = (leg: string) =>
      withAttribute(svg, 'data-line').find(({ attributes }) => attributes['data-line'] === leg)?.children[0]
    const kinds = new Set(differences.difference.legs.map(({ kind }) => kind))
    expect(kinds).toEqual(new Set(['removed', 're-trusted']))
    for (const { kind, legId } of differences.difference.legs) {
      const leg = changeOf(legId)
      expect(leg?.attributes['data-change']?.split(' '), legId).toContain(kind)
      expect(leg && wordsIn(leg)).toContain(kind === 'removed' ? '− removed' : '± re-trusted')
      expect(lineOf(legId)?.attributes['stroke-dasharray']).toBe(kind === 'removed' ? '3 5' : '10 4')
    }
    const [words] = withAttribute(svg, 'data-changes')
    expect(words && wordsIn(words)).toEqual(
      expect.arrayContaining([
        'What changed',
        '+ added',
        '− removed',
        '± re-trusted',
        '≠ other CA',
        ...differences.difference.flows.map(({ text }) => text),
      ]),
    )
    expect(wordsIn(svg).join('\n')).toContain('Compared: one → two')
    expect(withAttribute(await drawn(sound), 'data-change')).toEqual([])
  })

  it('flags what came and what went', async () => {
    const more: Stored = {
      ...sound,
      parties: [...sound.parties, party('Batch', 'consumer', 'VPC')],
      flows: [...sound.flows, { id: 'Batch to Orders', consumerId: 'Batch', apiId: 'Orders' }],
    }
    const [one, two] = [sound, more].map((stored) => ({
      topology: describeTopology(stored, now),
      unknown: [],
    }))
    if (!one || !two) throw new Error('two moments')
    const flagged = async (before: typeof one, after: typeof one) => {
      const { topology, ...differences } = comparisonOf(before, after)
      const svg = await drawnOf(topology, { differences })
      return withAttribute(svg, 'data-party').flatMap((card) =>
        wordsIn(card).flatMap((word) =>
          /^[+−] /.test(word) ? [`${card.attributes['data-party']} ${word}`] : [],
        ),
      )
    }
    expect(await flagged(one, two)).toEqual(['Batch + added'])
    expect(await flagged(two, one)).toEqual(['Batch − removed'])
  })

  it('needs nothing from anywhere', async () => {
    const text = await svgOf(describeTopology(sound, now))
    expect(text).not.toMatch(/href|url\(|@import|<style|<script|<image|<foreignObject/i)
    expect(text.match(/https?:\/\/[^"\s<]+/g)).toEqual(['http://www.w3.org/2000/svg'])
  })
})

const hostile = [
  '<script>alert(1)</script>',
  '"><svg onload="alert(1)">',
  "' onmouseover='alert(1)",
  '</title></svg>]]><!--',
  '&lt;b&gt; &amp; &#x41;',
  'مرحبا بالعالم',
  '\u202edesrever\u202c and back',
  'W'.repeat(200),
  '👩‍👩‍👧‍👦'.repeat(60),
  '漢字'.repeat(80),
  'tab\tline\nnull\u0000bell\u0007',
  '\ud800 half a pair',
]

function named(name: string): Stored {
  const named = { name }
  return {
    ...sound,
    networks: sound.networks.map((each) => ({ ...each, ...named, firewall: each.firewall && name })),
    parties: sound.parties.map((each) => ({ ...each, ...named })),
    gateways: sound.gateways.map((each) => ({ ...each, ...named, environment: name })),
    apis: [
      api('Orders', {
        ...named,
        label: name,
        providerId: 'Order team',
        inbound: inbound({}),
        outbound: outbound({}),
      }),
    ],
    contexts: sound.contexts.map((each) => ({ ...each, ...named })),
  }
}

describe('whatever things are called', () => {
  it.each(hostile)('%j stays text, in its place and well-formed', async (name) => {
    const svg = await drawn(named(name), { organisation: name })
    const elements = allOf(svg)
    const known = ['svg', 'title', 'desc', 'metadata', 'flow', 'rect', 'g', 'path', 'polygon', 'text']
    expect(elements.filter((each) => !known.includes(each.name))).toEqual([])
    for (const { attributes } of elements)
      expect(Object.keys(attributes).filter((each) => each.startsWith('on'))).toEqual([])
    expect(await svgOf(describeTopology(named(name), now))).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  })

  it('shortens what does not fit, never inside a character, and keeps the whole in a title', async () => {
    for (const name of ['W'.repeat(200), '👩‍👩‍👧‍👦'.repeat(60)]) {
      const [card] = withAttribute(await drawn(named(name)), 'data-party')
      const shown = card?.children.find((each) => each.name === 'text')
      expect(shown?.text).toMatch(/^(?:W|👩‍👩‍👧‍👦)+…$/u)
      expect(shown?.children[0]).toMatchObject({ name: 'title', text: name })
    }
  })
})

describe('equal topologies', () => {
  it('are equal bytes, in whatever order their rows come', async () => {
    const stored = madeUpStored(11, { parties: 40, flows: 90, gateways: 3 })
    const first = await svgOf(describeTopology(stored, now))
    expect(await svgOf(describeTopology(structuredClone(stored), now))).toBe(first)
    for (const seed of [1, 2, 3]) {
      const random = numbersFrom(seed)
      const mixed = <T>(all: readonly T[]): T[] =>
        all
          .map((each) => ({ each, at: random() }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ each }) => each)
      const shuffled: Stored = {
        ...stored,
        networks: mixed(stored.networks),
        parties: mixed(stored.parties),
        gateways: mixed(stored.gateways),
        apis: mixed(stored.apis),
        flows: mixed(stored.flows),
        contexts: mixed(stored.contexts),
        authorities: mixed(stored.authorities),
        certificates: mixed(stored.certificates),
      }
      expect(await svgOf(describeTopology(shuffled, now))).toBe(first)
    }
  })

  it('are drawn whole with 500 parties and 1,500 flows', async () => {
    const topology = describeTopology(madeUpStored(1, { parties: 500, flows: 1500, gateways: 2 }), now)
    const svg = readXml(await svgOf(topology))
    expect(
      withAttribute(svg, 'data-party').filter(({ attributes }) => attributes['data-party']),
    ).toHaveLength(500)
    expect(withAttribute(svg, 'data-leg')).toHaveLength(topology.legs.length)
    expect(flowsIn(svg).size).toBeGreaterThan(0)
  })
})

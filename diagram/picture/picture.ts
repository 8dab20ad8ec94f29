import { count } from '#domain/listing.ts'
import type { Topology } from '#domain/topology.ts'
import { changedIn, type Differences } from '../changes.ts'
import { highlightOf } from '../highlight.ts'
import type { Drawing } from '../layout/drawing.ts'
import { roleLabel } from '../looks.ts'
import { type Model, modelOf } from '../model.ts'
import { changesHeight, changesMarks, changesWords } from './changes.ts'
import { cardMark, gatewayMark } from './cards.ts'
import { findingMarks, findingsHeight } from './findings.ts'
import {
  byId,
  headerHeight,
  headerMarks,
  momentOf,
  type Subject,
  subtitleOf,
  sumsOf,
  titleOf,
} from './header.ts'
import { legendHeight, legendMarks } from './legend.ts'
import { legMark, lineMark } from './legs.ts'
import { notesHeight, notesMarks } from './notes.ts'
import { palettes, type Theme } from './palette.ts'
import { captionMarks, firewallMark, laneMark, networkMark } from './places.ts'
import type { FlowFact, Mark, Scene } from './scene.ts'
import { sheetOf } from './sheet.ts'

export interface PictureOptions extends Subject {
  readonly theme: Theme
  /** The moment that the picture is of. */
  readonly at: Date
  /** What differs from another moment; null where none is compared. */
  readonly differences: Differences | null
}

const margin = 24
const captionHeight = 28

/** The whole topology as a picture, with its title and legend: equal topologies give equal pictures. */
export function pictureOf(
  topology: Topology,
  drawing: Drawing,
  options: PictureOptions,
  notes: readonly string[] = [],
): Scene {
  const model = modelOf(topology)
  const { differences } = options
  const palette = palettes[options.theme]
  const sheet = sheetOf(model, palette, highlightOf(model, options), changedIn(differences))
  const { width } = drawing
  const bands = [
    { height: headerHeight, marks: headerMarks(model, options, options.at, width, palette) },
    { height: drawing.height + captionHeight, marks: drawingMarks(drawing, sheet) },
    { height: legendHeight, marks: legendMarks(width, palette) },
    { height: changesHeight(differences), marks: changesMarks(differences, width, palette) },
    { height: findingsHeight(model), marks: findingMarks(model, width, palette) },
    { height: notesHeight(notes), marks: notesMarks(notes, width, palette) },
  ]
  let y = margin
  const marks = bands.map(({ height, marks: inside }): Mark => {
    const at = { x: margin, y }
    y += height
    return { kind: 'group', at, marks: inside }
  })
  return {
    width: width + 2 * margin,
    height: Math.ceil(y + margin),
    background: palette.canvas,
    title: titleOf(options),
    description: descriptionOf(model, options),
    flows: topology.flows.toSorted(byId).map((flow) => flowFact(model, flow)),
    marks,
  }
}

// Lines below everything that they connect, hexagons above every line.
function drawingMarks(drawing: Drawing, sheet: ReturnType<typeof sheetOf>): Mark[] {
  return [
    ...drawing.lanes.map((lane) => laneMark(lane, sheet)),
    ...drawing.networks.flatMap((network) => networkMark(network, sheet)),
    ...drawing.legs.flatMap((leg) => lineMark(leg, sheet)),
    ...drawing.cards.flatMap((card) => cardMark(card, sheet)),
    ...drawing.gateways.flatMap((gateway) => gatewayMark(gateway, sheet)),
    ...drawing.firewalls.map((firewall) => firewallMark(firewall, sheet)),
    ...drawing.legs.flatMap((leg) => legMark(leg, sheet)),
    ...captionMarks(drawing, sheet),
  ]
}

function descriptionOf(model: Model, options: PictureOptions): string {
  const { parties, networks, flows, legs } = model.topology
  const consumers = parties.filter(({ kind }) => kind === 'consumer').length
  return [
    `${subtitleOf(model, options)}, as of ${momentOf(options.at)}.`,
    `${count(consumers, 'consumer')} and ${count(parties.length - consumers, 'provider')} in ${count(networks.length, 'network')},`,
    `${count(flows.length, 'flow')} over ${count(legs.length, 'leg')}.`,
    `Findings: ${sumsOf(model)
      .map(({ text }) => text)
      .join(', ')}.`,
    ...(options.differences ? [`${changesWords(options.differences)}.`] : []),
  ].join(' ')
}

function flowFact(
  model: Model,
  { id, consumerId, apiId, classification, legs }: Topology['flows'][number],
): FlowFact {
  return {
    id,
    consumer: model.parties.get(consumerId)?.name ?? '',
    api: model.apis.get(apiId)?.name ?? '',
    useCase: classification ? String(classification.useCase) : '',
    pattern: classification?.pattern ?? '',
    role: classification ? roleLabel[classification.role] : '',
    legs,
  }
}

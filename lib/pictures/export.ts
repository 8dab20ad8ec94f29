import type { z } from 'zod'
import { canonicalJson } from '#contract/manifest.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { readSelection } from '#diagram/highlight.ts'
import { modelOf } from '#diagram/model.ts'
import { Problem } from '#domain/problem.ts'
import { ascending } from '#domain/listing.ts'
import type { TopologyComparison } from '#domain/topology-comparison.ts'
import type { ComparisonDocument, TopologyDocument } from '#domain/topology-document.ts'
import { findingsInOrder, inStandardOrder } from '#domain/topology-order.ts'
import type { Topology } from '#domain/topology.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import type { FileAnswer } from '../endpoint.ts'
import { compareMoments, readTopologyAt } from '../history/read.ts'
import { draw, type Format } from './draw.ts'
import { fileNameOf } from './file-name.ts'
import {
  type comparisonQuery,
  type documentQuery,
  lookedAt,
  type pictureQuery,
  type tableQuery,
} from './query.ts'
import { sha256 } from './sha256.ts'

export const mediaTypes: Record<Format, string> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  pdf: 'application/pdf',
}
export const csvType = 'text/csv; charset=utf-8'

/** The whole topology as a picture. */
export async function drawTopology(
  actor: Actor,
  { format, theme, ...query }: z.output<typeof pictureQuery>,
): Promise<FileAnswer> {
  const { topology, at, moment, differences } = await shownAt(actor, query)
  requireThere(topology, query.focus)
  const organisation = await organisationName(actor)
  const options = { organisation, theme, at, moment, differences, ...lookedAt(query) }
  const drawn = await draw({ topology, options, formats: [format] })
  const name = fileNameOf(differences ? 'comparison' : 'topology', organisation, at, format)
  return { name, mediaType: mediaTypes[format], content: drawn[format] }
}

function requireThere(topology: Topology, focus: string | undefined): void {
  const chosen = focus === undefined ? null : readSelection(focus)
  if (!chosen) return
  const { flows, parties, apis, gateways, networks, legs } = topology
  const all = { flow: flows, party: parties, api: apis, gateway: gateways, network: networks, leg: legs }
  if (all[chosen.kind].some(({ id }) => id === chosen.id)) return
  throw new Problem('not-found', `There is no such ${chosen.kind}.`)
}

/** The whole topology as a document. */
export async function exportTopology(
  actor: Actor,
  query: z.output<typeof documentQuery>,
): Promise<TopologyDocument> {
  const { topology } = await topologyAt(actor, query)
  return documentOf(await organisationName(actor), topology)
}

/** Two moments laid over each other as a document: what is deployed with the drafts, where none is named. */
export async function exportComparison(
  actor: Actor,
  { from, to }: z.output<typeof comparisonQuery>,
): Promise<ComparisonDocument> {
  const compared = await compareMoments(actor, from ?? { kind: 'deployed' }, to ?? { kind: 'draft' })
  return comparisonDocumentOf(await organisationName(actor), compared)
}

/** Whatever is now is called nothing: the date says it. */
async function topologyAt(actor: Actor, { at: moment }: z.output<typeof documentQuery>) {
  const { view, topology } = await readTopologyAt(actor, moment ?? { kind: 'draft' })
  return { topology, at: new Date(view.at), moment: moment ? view.label : null }
}

/** What a picture shows: one moment, or two laid over each other with what differs. */
async function shownAt(actor: Actor, { from, at }: Pick<z.output<typeof pictureQuery>, 'from' | 'at'>) {
  if (!from) return { ...(await topologyAt(actor, { at })), differences: null }
  const compared = await compareMoments(actor, from, at ?? { kind: 'draft' })
  const { topology, difference, things, findings } = compared
  return {
    topology,
    at: new Date(compared.to.at),
    moment: comparedWords(compared),
    differences: { difference, things, findings },
  }
}

/** What is compared with what, in a line. */
export function comparedWords({ from, to }: Pick<TopologyComparison, 'from' | 'to'>): string {
  return `Compared: ${from.label} → ${to.label}`
}

export function documentOf(organisation: string, topology: Topology): TopologyDocument {
  const ordered = inStandardOrder(topology)
  return {
    format: 'hexgate-topology/1',
    organisation,
    hash: sha256(canonicalJson(ordered)),
    topology: ordered,
  }
}

export function comparisonDocumentOf(
  organisation: string,
  { from, to, topology, difference, things, findings, notCompared }: TopologyComparison,
): ComparisonDocument {
  const comparison = {
    from,
    to,
    topology: inStandardOrder(topology),
    difference,
    things: { added: things.added.toSorted(ascending), removed: things.removed.toSorted(ascending) },
    findings: { added: findingsInOrder(findings.added), gone: findingsInOrder(findings.gone) },
    notCompared,
  }
  return {
    format: 'hexgate-comparison/1',
    organisation,
    hash: sha256(canonicalJson(comparison)),
    comparison,
  }
}

export function documentName(document: TopologyDocument | ComparisonDocument): string {
  if (document.format === 'hexgate-topology/1')
    return fileNameOf('topology', document.organisation, new Date(document.topology.at), 'json')
  return fileNameOf('comparison', document.organisation, new Date(document.comparison.to.at), 'json')
}

/** Every flow with its legs and findings as a table. */
export async function exportFlows(actor: Actor, query: z.output<typeof tableQuery>): Promise<FileAnswer> {
  const { topology, at } = await topologyAt(actor, query)
  requireThere(topology, query.focus)
  const text = flowsCsv(modelOf(topology), lookedAt(query))
  const name = fileNameOf('flows', await organisationName(actor), at, 'csv')
  return { name, mediaType: csvType, content: new TextEncoder().encode(text) }
}

export async function organisationName({ organisationId }: Actor): Promise<string> {
  const { name } = await db().organisation.findUniqueOrThrow({
    where: { id: organisationId },
    select: { name: true },
  })
  return name
}

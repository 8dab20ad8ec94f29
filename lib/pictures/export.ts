import type { z } from 'zod'
import { canonicalJson } from '#contract/manifest.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { readSelection } from '#diagram/highlight.ts'
import { modelOf } from '#diagram/model.ts'
import { Problem } from '#domain/problem.ts'
import type { TopologyDocument } from '#domain/topology-document.ts'
import { inStandardOrder } from '#domain/topology-order.ts'
import type { Topology } from '#domain/topology.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import type { FileAnswer } from '../endpoint.ts'
import { readTopologyAt } from '../history/read.ts'
import { draw, type Format } from './draw.ts'
import { fileNameOf } from './file-name.ts'
import { type documentQuery, lookedAt, type pictureQuery, type tableQuery } from './query.ts'
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
  const { topology, at, moment } = await topologyAt(actor, query)
  requireThere(topology, query.focus)
  const organisation = await organisationName(actor)
  const options = { organisation, theme, at, moment, ...lookedAt(query) }
  const drawn = await draw({ topology, options, formats: [format] })
  const name = fileNameOf('topology', organisation, at, format)
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

/** Whatever is now is called nothing: the date says it. */
async function topologyAt(actor: Actor, { at: moment }: z.output<typeof documentQuery>) {
  const { view, topology } = await readTopologyAt(actor, moment ?? { kind: 'draft' })
  return { topology, at: new Date(view.at), moment: moment ? view.label : null }
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

export function documentName({ organisation, topology }: TopologyDocument): string {
  return fileNameOf('topology', organisation, new Date(topology.at), 'json')
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

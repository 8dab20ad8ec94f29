import { z } from 'zod'
import { canonicalJson } from '#contract/manifest.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { type FlowFilter, noFilter, severityWord, useCaseNumber } from '#diagram/filter.ts'
import { readSelection, type Selection } from '#diagram/highlight.ts'
import { modelOf } from '#diagram/model.ts'
import { themes } from '#diagram/picture/palette.ts'
import { momentInput } from '#domain/moment.ts'
import { Problem } from '#domain/problem.ts'
import type { TopologyDocument } from '#domain/topology-document.ts'
import { inStandardOrder } from '#domain/topology-order.ts'
import type { Topology } from '#domain/topology.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import type { FileAnswer } from '../endpoint.ts'
import { readTopologyAt } from '../history/read.ts'
import { draw, type Format, formats } from './draw.ts'
import { fileNameOf } from './file-name.ts'
import { sha256 } from './sha256.ts'

const asked = {
  at: momentInput.optional().describe('Now, with drafts, where it is not given'),
  useCase: useCaseNumber.optional().describe('Flows of this use case stand out'),
  findings: severityWord.optional().describe('Flows with open findings of this severity stand out'),
}

export const pictureQuery = z.strictObject({
  ...asked,
  format: z.enum(formats).default('svg'),
  theme: z.enum(themes).default('light'),
  focus: z
    .string()
    .refine((text) => readSelection(text) !== null, 'must be a kind and an id, like party:… or api:…')
    .optional()
    .describe(
      'What is around this stands out: flow, party, api, gateway, network or leg, a colon, and its id',
    ),
})
export const tableQuery = z.strictObject(asked)
export const documentQuery = z.strictObject({ at: asked.at })

export const mediaTypes: Record<Format, string> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  pdf: 'application/pdf',
}
export const csvType = 'text/csv; charset=utf-8'

/** The whole topology as a picture, as it is now. */
export async function drawTopology(
  actor: Actor,
  { format, theme, focus, ...query }: z.output<typeof pictureQuery>,
): Promise<FileAnswer> {
  const { topology, at, moment } = await topologyAt(actor, query)
  const selection = focus === undefined ? null : readSelection(focus)
  if (selection && !isThere(topology, selection))
    throw new Problem('not-found', `There is no such ${selection.kind}.`)
  const organisation = await organisationName(actor)
  const options = { organisation, theme, selection, at, moment, ...filterOf(query) }
  const drawn = await draw({ topology, options, formats: [format] })
  const name = fileNameOf('topology', organisation, at, format)
  return { name, mediaType: mediaTypes[format], content: drawn[format] }
}

function filterOf({ useCase, findings }: z.output<typeof tableQuery>): FlowFilter {
  return { ...noFilter, useCase: useCase ?? null, severity: findings ?? null }
}

function isThere(topology: Topology, { kind, id }: Selection): boolean {
  const { flows, parties, apis, gateways, networks, legs } = topology
  const all = { flow: flows, party: parties, api: apis, gateway: gateways, network: networks, leg: legs }
  return all[kind].some((each) => each.id === id)
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
  const text = flowsCsv(modelOf(topology), filterOf(query))
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

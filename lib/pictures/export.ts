import { z } from 'zod'
import { canonicalJson } from '#contract/manifest.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { type FlowFilter, noFilter, severityWord, useCaseNumber } from '#diagram/filter.ts'
import { readSelection, type Selection } from '#diagram/highlight.ts'
import { modelOf } from '#diagram/model.ts'
import { themes } from '#diagram/picture/palette.ts'
import { Problem } from '#domain/problem.ts'
import type { TopologyDocument } from '#domain/topology-document.ts'
import { inStandardOrder } from '#domain/topology-order.ts'
import type { Topology } from '#domain/topology.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import type { FileAnswer } from '../endpoint.ts'
import { readTopology } from '../networks/read.ts'
import { draw, type Format, formats } from './draw.ts'
import { fileNameOf } from './file-name.ts'
import { sha256 } from './sha256.ts'

const filter = {
  useCase: useCaseNumber.optional().describe('Flows of this use case stand out'),
  findings: severityWord.optional().describe('Flows with open findings of this severity stand out'),
}

export const pictureQuery = z.strictObject({
  ...filter,
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
export const tableQuery = z.strictObject(filter)

export const mediaTypes: Record<Format, string> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  pdf: 'application/pdf',
}
export const csvType = 'text/csv; charset=utf-8'

/** The whole topology as a picture, as it is now. */
export async function drawTopology(
  actor: Actor,
  { format, theme, focus, ...asked }: z.output<typeof pictureQuery>,
  at = new Date(),
): Promise<FileAnswer> {
  const topology = await readTopology(actor, at)
  const selection = focus === undefined ? null : readSelection(focus)
  if (selection && !isThere(topology, selection))
    throw new Problem('not-found', `There is no such ${selection.kind}.`)
  const organisation = await organisationName(actor)
  const options = { organisation, theme, selection, at, ...filterOf(asked) }
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
export async function exportTopology(actor: Actor, at = new Date()): Promise<TopologyDocument> {
  return documentOf(await organisationName(actor), await readTopology(actor, at))
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
export async function exportFlows(
  actor: Actor,
  asked: z.output<typeof tableQuery>,
  at = new Date(),
): Promise<FileAnswer> {
  const model = modelOf(await readTopology(actor, at))
  const text = flowsCsv(model, filterOf(asked))
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

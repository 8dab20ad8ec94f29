import { comparisonDocument, topologyDocument } from '#domain/topology-document.ts'
import { endpoint, fileAnswer, type Operation } from '../endpoint.ts'
import { evidenceQuery, exportEvidence, zipType } from './evidence.ts'
import {
  csvType,
  documentName,
  drawTopology,
  exportComparison,
  exportFlows,
  exportTopology,
  mediaTypes,
} from './export.ts'
import { comparisonQuery, documentQuery, pictureQuery, tableQuery } from './query.ts'

const tag = 'Topology'

export const picturesOperations: readonly Operation[] = [
  endpoint({
    id: 'topology.draw',
    method: 'GET',
    path: '/topology/picture',
    tag,
    summary: 'Draw the whole topology with its legend, as SVG, PNG or PDF',
    access: 'topology.read',
    query: pictureQuery,
    output: fileAnswer,
    mediaTypes: Object.values(mediaTypes),
    problems: ['not-found', 'topology.not-kept', 'picture.busy', 'picture.too-large'],
    run: ({ query }, { actor }) => drawTopology(actor, query),
  }),
  endpoint({
    id: 'topology.export',
    method: 'GET',
    path: '/topology/document',
    tag,
    summary: 'Export the whole topology with its findings as canonical JSON with a hash',
    access: 'topology.read',
    query: documentQuery,
    output: topologyDocument,
    fileName: documentName,
    problems: ['not-found', 'topology.not-kept'],
    run: ({ query }, { actor }) => exportTopology(actor, query),
  }),
  endpoint({
    id: 'topology.comparison.export',
    method: 'GET',
    path: '/topology/comparison/document',
    tag,
    summary: 'Export two moments with what differs as canonical JSON with a hash',
    access: 'topology.read',
    query: comparisonQuery,
    output: comparisonDocument,
    fileName: documentName,
    problems: ['not-found', 'topology.not-kept'],
    run: ({ query }, { actor }) => exportComparison(actor, query),
  }),
  endpoint({
    id: 'topology.flows.export',
    method: 'GET',
    path: '/topology/flows',
    tag,
    summary: 'Export every flow with its legs and findings as a table (CSV, RFC 4180)',
    access: 'topology.read',
    query: tableQuery,
    output: fileAnswer,
    mediaTypes: [csvType],
    problems: ['not-found', 'topology.not-kept'],
    run: ({ query }, { actor }) => exportFlows(actor, query),
  }),
  endpoint({
    id: 'topology.evidence.export',
    method: 'GET',
    path: '/topology/evidence',
    tag,
    summary:
      'Export what a reviewer takes along as a ZIP: pictures, data, findings, certificates, signed revisions and sign-offs, with hashes',
    access: 'topology.read',
    query: evidenceQuery,
    output: fileAnswer,
    mediaTypes: [zipType],
    problems: ['not-found', 'topology.not-kept', 'picture.busy', 'picture.too-large'],
    run: ({ query }, { actor }) => exportEvidence(actor, query),
  }),
]

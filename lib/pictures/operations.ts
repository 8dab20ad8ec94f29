import { topologyDocument } from '#domain/topology-document.ts'
import { endpoint, fileAnswer, type Operation } from '../endpoint.ts'
import {
  csvType,
  documentName,
  drawTopology,
  exportFlows,
  exportTopology,
  mediaTypes,
  pictureQuery,
  tableQuery,
} from './export.ts'

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
    problems: ['not-found', 'picture.busy', 'picture.too-large'],
    run: ({ query }, { actor }) => drawTopology(actor, query),
  }),
  endpoint({
    id: 'topology.export',
    method: 'GET',
    path: '/topology/document',
    tag,
    summary: 'Export the whole topology with its findings as canonical JSON with a hash',
    access: 'topology.read',
    output: topologyDocument,
    fileName: documentName,
    run: (_, { actor }) => exportTopology(actor),
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
    run: ({ query }, { actor }) => exportFlows(actor, query),
  }),
]

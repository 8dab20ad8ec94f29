import { ascending } from '#domain/listing.ts'
import type { Topology } from '#domain/topology.ts'
import { toCsv } from './csv.ts'
import { findingTitle, severityLook } from './looks.ts'
import { inOrder, modelOf } from './model.ts'
import { flowTitle, legTitle } from './words.ts'

const header = [
  'Severity',
  'Code',
  'Finding',
  'About',
  'Why',
  'Fix',
  'Legs',
  'Flows',
  'Accepted by',
  'Reason',
  'Until',
]

/** Every finding as a table, open ones first, the gravest first. */
export function findingsCsv(topology: Topology): string {
  const model = modelOf(topology)
  const findings = inOrder(topology.findings.toSorted((a, b) => ascending(a.id, b.id)))
  return toCsv(
    header,
    findings.map(({ severity, code, about, why, fix, legIds, flowIds, accepted }) => [
      severityLook[severity].label,
      code,
      findingTitle[code],
      `${about.kind} ${about.name}`,
      why,
      fix.label,
      names(legIds, (id) => {
        const leg = model.legs.get(id)
        return leg && legTitle(leg)
      }),
      names(flowIds, (id) => {
        const flow = model.flows.get(id)
        return flow && flowTitle(model, flow)
      }),
      accepted?.owner ?? '',
      accepted?.reason ?? '',
      accepted?.until ?? '',
    ]),
  )
}

function names(ids: readonly string[], nameOf: (id: string) => string | undefined): string {
  return ids
    .flatMap((id) => nameOf(id) ?? [])
    .toSorted(ascending)
    .join(' | ')
}

import { ascending } from './listing.ts'
import type { FindingView, Topology } from './topology.ts'

type Named = { readonly id: string }
const byId = <T extends Named>(all: readonly T[]): T[] => all.toSorted((a, b) => ascending(a.id, b.id))
const byText = <T>(all: readonly T[]): T[] =>
  all
    .map((each) => ({ each, text: JSON.stringify(each) }))
    .toSorted((a, b) => ascending(a.text, b.text))
    .map(({ each }) => each)

/** The same topology in an order that no database decides, so that equal ones are equal documents. */
export function inStandardOrder(topology: Topology): Topology {
  const { observed } = topology
  return {
    at: topology.at,
    networks: byId(topology.networks),
    parties: byId(topology.parties),
    gateways: byId(topology.gateways),
    apis: byId(topology.apis),
    flows: byId(topology.flows),
    legs: byId(topology.legs),
    contexts: byId(topology.contexts),
    authorities: byId(topology.authorities),
    certificates: byId(topology.certificates),
    arrangement: Object.fromEntries(
      Object.entries(topology.arrangement).toSorted(([a], [b]) => ascending(a, b)),
    ),
    observed: observed && {
      apis: Object.fromEntries(Object.entries(observed.apis).toSorted(([a], [b]) => ascending(a, b))),
      peers: byText(observed.peers),
      callers: byText(observed.callers),
      agreements: byText(observed.agreements),
    },
    findings: findingsInOrder(topology.findings),
  }
}

export function findingsInOrder(findings: readonly FindingView[]): FindingView[] {
  return byId(findings).map((finding) => ({
    ...finding,
    legIds: finding.legIds.toSorted(ascending),
    flowIds: finding.flowIds.toSorted(ascending),
  }))
}

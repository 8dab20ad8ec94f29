import { z } from 'zod'
import { type FindingCode, severities } from './finding.ts'
import { momentView } from './moment.ts'
import { compareTopologies, topologyDifference } from './topology-difference.ts'
import { type FindingView, findingView, type Topology, topologyView } from './topology.ts'

/** Two topologies laid over each other, and what differs between them. */

const findingDifference = z.object({
  added: z.array(findingView).describe('New, or graver than before'),
  gone: z.array(findingView),
})

/** What was not kept from the beginning, so that of an early moment it is not known. */
export const keptLater = ['seen', 'nodes'] as const
export type NotKept = (typeof keptLater)[number]

/** Networks, parties, gateways and APIs by id. */
const thingDifference = z.object({ added: z.array(z.string()), removed: z.array(z.string()) })

export const topologyComparison = z.object({
  from: momentView,
  to: momentView,
  topology: topologyView.describe('As it is at `to`, with everything that was there at `from` alone'),
  difference: topologyDifference,
  things: thingDifference.describe('What stands there that did not, and the other way round'),
  findings: findingDifference,
  notCompared: z
    .array(z.enum(keptLater))
    .describe('What was not kept yet at one of the moments: differences in it are left out'),
})
export type TopologyComparison = z.infer<typeof topologyComparison>
export type FindingDifference = z.infer<typeof findingDifference>

/** A moment with what is not known of it. */
export interface Compared {
  readonly topology: Topology
  readonly unknown: readonly NotKept[]
}

/** What differs, and both in one picture. */
export function comparisonOf(
  { topology: before, unknown: unknownBefore }: Compared,
  { topology: after, unknown: unknownAfter }: Compared,
): Omit<TopologyComparison, 'from' | 'to'> {
  const notCompared = notComparedOf(unknownBefore, unknownAfter)
  return {
    topology: overlaid(before, after),
    difference: compareTopologies(before, after),
    things: { added: onlyIn(after, before), removed: onlyIn(before, after) },
    findings: compareFindings(before.findings, after.findings, notCompared),
    notCompared,
  }
}

/** What is not known of one of them. */
export function notComparedOf(before: readonly NotKept[], after: readonly NotKept[]): NotKept[] {
  return keptLater.filter((fact) => before.includes(fact) || after.includes(fact))
}

/** Everything that is there afterwards, and what was there before alone. Findings are those of afterwards. */
export function overlaid(before: Topology, after: Topology): Topology {
  return {
    ...after,
    networks: withGone(before.networks, after.networks),
    parties: withGone(before.parties, after.parties),
    gateways: withGone(before.gateways, after.gateways),
    apis: withGone(before.apis, after.apis),
    flows: withGone(before.flows, after.flows),
    legs: withGone(before.legs, after.legs),
    contexts: withGone(before.contexts, after.contexts),
    authorities: withGone(before.authorities, after.authorities),
    certificates: withGone(before.certificates, after.certificates),
  }
}

function withGone<T extends { readonly id: string }>(before: readonly T[], after: readonly T[]): T[] {
  const has = new Set(after.map(({ id }) => id))
  return [...after, ...before.filter(({ id }) => !has.has(id))]
}

function onlyIn(these: Topology, those: Topology): string[] {
  const idsOf = ({ networks, parties, gateways, apis }: Topology) =>
    [networks, parties, gateways, apis].flatMap((all) => all.map(({ id }) => id))
  const others = new Set(idsOf(those))
  return idsOf(these).filter((id) => !others.has(id))
}

/** Findings that need it: where it is not known, such a finding would be new every time. */
const findingsFrom: Record<NotKept, readonly FindingCode[]> = {
  seen: ['flow.undeclared-peer', 'flow.never-seen', 'leg.downgraded'],
  nodes: [],
}

export function compareFindings(
  before: readonly FindingView[],
  after: readonly FindingView[],
  notCompared: readonly NotKept[],
): FindingDifference {
  const unknown = new Set(notCompared.flatMap((fact) => findingsFrom[fact]))
  const kept = ({ code }: FindingView) => !unknown.has(code)
  const had = new Map(before.map((finding) => [finding.id, finding]))
  const has = new Set(after.map(({ id }) => id))
  const isGraver = (finding: FindingView) => {
    const was = had.get(finding.id)
    return was === undefined || severities.indexOf(finding.severity) < severities.indexOf(was.severity)
  }
  return {
    added: after.filter((finding) => kept(finding) && isGraver(finding)),
    gone: before.filter((finding) => kept(finding) && !has.has(finding.id)),
  }
}

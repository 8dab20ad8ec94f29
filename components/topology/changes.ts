import type { Actual } from '#domain/context.ts'
import type { LegView } from '#domain/leg.ts'
import { count } from '#domain/listing.ts'
import type { Topology } from '#domain/topology.ts'
import { deploymentLook } from '#diagram/looks.ts'
import { gatewayState } from '#diagram/words.ts'

/** What is new, gone or otherwise between two readings, in one sentence for screen readers; null when nothing is. */
export function changesBetween(before: Topology, after: Topology): string | null {
  const parts = [
    change(before.networks, after.networks, 'network'),
    change(before.parties, after.parties, 'party', 'parties'),
    change(before.flows, after.flows, 'flow'),
    became(before.legs, after.legs, legWord, 'leg'),
    became(before.apis, after.apis, ({ deployment }) => deploymentLook[deployment].label, 'API'),
    gateways(before, after),
    change(before.findings, after.findings, 'finding'),
  ].flat()
  return parts.length > 0 ? `${parts.join(', ')}.` : null
}

interface Known {
  readonly id: string
}

function change(before: readonly Known[], after: readonly Known[], one: string, many = `${one}s`): string[] {
  const had = new Set(before.map(({ id }) => id))
  const has = new Set(after.map(({ id }) => id))
  const added = [...has].filter((id) => !had.has(id)).length
  const gone = [...had].filter((id) => !has.has(id)).length
  return [
    ...(added > 0 ? [`${count(added, one, many)} added`] : []),
    ...(gone > 0 ? [`${count(gone, one, many)} gone`] : []),
  ]
}

/** How many of those that are in both are something else now, by what they are: `2 legs now in plaintext`. */
function became<T extends Known>(
  before: readonly T[],
  after: readonly T[],
  wordOf: (each: T) => string,
  one: string,
): string[] {
  const had = new Map(before.map((each) => [each.id, wordOf(each)]))
  const changed = after.filter((each) => had.has(each.id) && had.get(each.id) !== wordOf(each))
  return [...Map.groupBy(changed, wordOf)].map(([word, each]) => `${count(each.length, one)} now ${word}`)
}

const stateWord: Record<Actual['state'], string> = {
  'not-declared': 'without anything declared',
  plain: 'in plaintext',
  unverified: 'without looking at the far side',
  'one-way': 'with one-way TLS',
  permissive: 'permissive',
  mutual: 'with mTLS',
}

function legWord({ actual, verdict }: LegView): string {
  return verdict === 'broken' ? 'with failing handshakes' : stateWord[actual.state]
}

function gateways(before: Topology, after: Topology): string[] {
  const had = new Map(before.gateways.map((gateway) => [gateway.id, gatewayState(gateway).text]))
  return after.gateways.flatMap((gateway) => {
    const { text } = gatewayState(gateway)
    return had.has(gateway.id) && had.get(gateway.id) !== text ? [`${gateway.name}: ${text}`] : []
  })
}

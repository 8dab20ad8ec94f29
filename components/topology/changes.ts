import { count } from '#domain/listing.ts'
import type { Topology } from '#domain/topology.ts'

/** What is new or gone between two readings, in one sentence for screen readers; null when nothing is. */
export function changesBetween(before: Topology, after: Topology): string | null {
  const parts = [
    change(before.networks, after.networks, 'network'),
    change(before.parties, after.parties, 'party', 'parties'),
    change(before.flows, after.flows, 'flow'),
    change(before.findings, after.findings, 'finding'),
  ].flat()
  return parts.length > 0 ? `${parts.join(', ')}.` : null
}

function change(
  before: readonly { id: string }[],
  after: readonly { id: string }[],
  one: string,
  many = `${one}s`,
): string[] {
  const had = new Set(before.map(({ id }) => id))
  const has = new Set(after.map(({ id }) => id))
  const added = [...has].filter((id) => !had.has(id)).length
  const gone = [...had].filter((id) => !has.has(id)).length
  return [
    ...(added > 0 ? [`${count(added, one, many)} added`] : []),
    ...(gone > 0 ? [`${count(gone, one, many)} gone`] : []),
  ]
}

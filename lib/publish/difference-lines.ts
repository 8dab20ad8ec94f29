import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import type { ContractsItem } from '#contract/items.ts'
import type { DiffLine } from '#domain/deployment.ts'
import { shownItem } from '../policies/sealing.ts'
import type { Items } from './compile.ts'

/** Items as a person reads them: YAML whose members stand in one order. */
export function textOf(ids: readonly string[], items: Items): string {
  const found = ids.flatMap((id) => {
    const item = items.get(id)
    if (!item) return []
    const isOfGateway = item.kind === 'listener' || item.kind === 'tls-context'
    const name = isOfGateway ? item.id : item.kind
    return [[name, item.kind === 'contracts' ? withShortHashes(item) : shownItem(item)] as const]
  })
  // The database keeps members in an order of its own; it must not show as a change.
  return found.length === 0
    ? ''
    : stringify(Object.fromEntries(found), { lineWidth: 0, sortMapEntries: true })
}

// A whole hash tells a reader nothing more, and there may be hundreds of them.
function withShortHashes({ clients, ...rest }: ContractsItem) {
  return {
    ...rest,
    clients: clients.map((client) => ({
      ...client,
      keyHashes: client.keyHashes.map((hash) => `${hash.slice(0, 12)}…`),
    })),
  }
}

const signs: Record<string, DiffLine['sign']> = { ' ': 'same', '+': 'added', '-': 'removed' }

/** The lines that differ between two texts, with a few around them. */
export function linesOf(before: string, after: string): DiffLine[] {
  const { hunks } = structuredPatch('', '', before, after, undefined, undefined, { context: 3 })
  const lines: DiffLine[] = []
  let next = 1
  for (const hunk of hunks) {
    addGap(lines, hunk.oldStart - next)
    for (const line of hunk.lines) {
      const sign = signs[line[0] ?? '']
      if (sign) lines.push({ sign, text: line.slice(1) })
    }
    next = hunk.oldStart + hunk.oldLines
  }
  const total = before === '' ? 0 : before.trimEnd().split('\n').length
  addGap(lines, total - next + 1)
  return lines
}

function addGap(lines: DiffLine[], count: number): void {
  if (count > 0) {
    lines.push({ sign: 'gap', text: count === 1 ? '1 unchanged line' : `${count} unchanged lines` })
  }
}

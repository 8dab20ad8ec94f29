import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import type { ChainStep } from '#domain/chain.ts'
import type { DiffLine } from '#domain/deployment.ts'

/** The textual difference between two chains, as YAML, with three lines around each change. */
export function chainDifference(before: readonly ChainStep[], after: readonly ChainStep[]): DiffLine[] {
  const { hunks } = structuredPatch('', '', textOf(before), textOf(after), '', '', { context: 3 })
  let seen = 1
  return hunks.flatMap((hunk) => {
    const skipped = hunk.oldStart - seen
    seen = hunk.oldStart + hunk.oldLines
    const gap: DiffLine[] = skipped > 0 ? [{ sign: 'gap', text: `… ${skipped} unchanged lines …` }] : []
    return [...gap, ...hunk.lines.filter((line) => !line.startsWith('\\')).map(lineOf)]
  })
}

function lineOf(line: string): DiffLine {
  const sign = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same'
  return { sign, text: line.slice(1) }
}

// Only what a gateway would serve: steps that are off are not deployed.
function textOf(steps: readonly ChainStep[]): string {
  const served = steps
    .filter((step) => step.enabled)
    .map(({ kind, label, dryRun, rules, upstreams, config }) => ({
      policy: kind,
      ...(label ? { label } : {}),
      ...(dryRun ? { dryRun } : {}),
      ...(rules.length > 0 ? { rules: sorted(rules) } : {}),
      ...(upstreams.length > 0 ? { upstreams } : {}),
      config: sorted(config),
    }))
  return served.length === 0 ? '' : stringify(served)
}

// The order of members says nothing, so it must not show as a difference.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  )
}

import type { Figure, Measured } from './results.ts'

/** Results for people. */

/** What one measurement says, as a table and a line for each figure. */
export function tell({ rows, figures, leftOut }: Measured): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  const cells = rows.map(({ proxy, work, values }) => [
    proxy,
    work,
    ...names.map((name) => shown(values[name])),
  ])
  return [
    ...aligned(cells.length === 0 ? [] : [['proxy', 'work', ...names], ...cells]),
    ...figures.map((one) => `${one.name}: ${valueOf(one)}, ${verdictOn(one)}`),
    ...leftOut.map((proxy) => `${proxy} is not installed: its column is left out`),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/** Every figure of a run, with its gate. */
export function summary(results: readonly Measured[]): string {
  const cells = results.flatMap(({ name, figures }) =>
    figures.map((one) => [name, one.name, valueOf(one), String(one.goal), String(one.gate), verdictOn(one)]),
  )
  return aligned([['benchmark', 'figure', 'value', 'goal', 'gate', ''], ...cells])
    .map((line) => `${line}\n`)
    .join('')
}

function verdictOn({ value, gate, goal }: Figure): string {
  if (value <= goal) return 'within the goal'
  return value <= gate ? 'within the gate' : 'CROSSES THE GATE'
}

export function valueOf({ value, unit }: Figure): string {
  return `${value}${unit === '' ? '' : ` ${unit}`}`
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? '').length)))
  return lines.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 2))
      .join('')
      .trimEnd(),
  )
}

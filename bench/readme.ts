import { readFileSync, writeFileSync } from 'node:fs'
import { type Figure, readResults, type Result, type Row } from './results.ts'
import { valueOf } from './tables.ts'

/** The README quotes what is in results.json, and nothing that was not measured. */

const readmeFile = new URL('../README.md', import.meta.url)
const begin = '<!-- bench -->\n'
const end = '<!-- /bench -->'

/** Puts the results between the README's markers. */
export function writeReadme(): void {
  writeFileSync(readmeFile, withResults(readFileSync(readmeFile, 'utf8'), readResults()))
}

/** A README with these results in the place of those that stand there. */
export function withResults(readme: string, results: readonly Result[]): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error('the README has no place for results')
  return `${readme.slice(0, from + begin.length)}${textOf(results)}${readme.slice(to)}`
}

function textOf(results: readonly Result[]): string {
  const compared = results.filter(({ rows }) => rows.some(({ values }) => 'cpuMicroseconds' in values))
  const costs = costTable(compared)
  const figures = figureTable(results)
  return [conditionsOf(results), ...costs, ...figures].map((part) => `${part}\n`).join('\n')
}

function conditionsOf(results: readonly Result[]): string {
  const dates = results.map(({ date }) => date.slice(0, 10)).toSorted()
  const [first = 'no day', last = first] = [dates[0], dates.at(-1)]
  const machines = results.map(
    ({ machine: { processor, cores, node } }) => `${processor}, ${cores} cores, Node ${node.slice(1)}`,
  )
  const missing = [...new Set(results.flatMap(({ leftOut }) => leftOut))]
  return [
    `Measured ${first === last ? `on ${first}` : `from ${first} to ${last}`} on ${[...new Set(machines)].join('; ')}.`,
    '`npm run bench` does it again; `bench/results.json` says how each was measured, with every round and how busy the machine was before.',
    ...(missing.length === 0 ? [] : [`${missing.join(' and ')} was not installed there.`]),
  ].join(' ')
}

/** A line for each piece of work, a column for each proxy. */
function costTable(results: readonly Result[]): string[] {
  const rows = results.flatMap((result) => result.rows.map((row) => ({ ...row, name: result.name })))
  if (rows.length === 0) return []
  const proxies = [...new Set(rows.map(({ proxy }) => proxy))]
  const works = new Map(rows.map(({ name, work }) => [`${name} ${work}`, { name, work }]))
  const figures = results.flatMap((result) =>
    result.figures.map((figure) => ({ ...figure, name: result.name })),
  )
  const lines = [...works.values()].map(({ name, work }) => {
    const own = rows.filter((row) => row.name === name && row.work === work)
    const figure = figures.find((one) => one.name === name && one.work === work)
    return [work, ...proxies.map((proxy) => costOf(own, proxy)), ...verdictCells(figure)]
  })
  return [
    'CPU (user and system) of the proxy for each request that it answered, in µs:',
    table(['work', ...proxies, 'ours is', 'gate', 'goal'], lines),
  ]
}

function costOf(rows: readonly Row[], proxy: string): string {
  const value = rows.find((row) => row.proxy === proxy)?.values['cpuMicroseconds']
  return value === undefined ? '' : String(value)
}

function verdictCells(figure: Figure | undefined): string[] {
  return figure === undefined ? ['', '', ''] : [valueOf(figure), String(figure.gate), String(figure.goal)]
}

/** What is no cost of a piece of work. */
function figureTable(results: readonly Result[]): string[] {
  const lines = results.flatMap(({ figures }) =>
    figures.filter(({ work }) => work === undefined).map((one) => [one.name, ...verdictCells(one)]),
  )
  return lines.length === 0 ? [] : [table(['figure', 'value', 'gate', 'goal'], lines)]
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

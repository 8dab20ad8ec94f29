import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { z } from 'zod'

/** What benchmarks have measured. It is kept in results.json, from which the README is made. */

/** What one proxy needed for one piece of work. */
const row = z.strictObject({
  proxy: z.string(),
  work: z.string(),
  /** By their names, units last. */
  values: z.record(z.string(), z.number()),
  /** The first value, round by round. */
  rounds: z.array(z.number()),
})

/** A value that has a gate, which must hold, and a goal; what is smaller is better. */
const figure = z.strictObject({
  name: z.string(),
  /** The row of ours that it is about, where there is one. */
  work: z.string().optional(),
  value: z.number(),
  unit: z.string(),
  gate: z.number(),
  goal: z.number(),
})

const measured = z.strictObject({
  name: z.string(),
  method: z.string(),
  rows: z.array(row),
  figures: z.array(figure),
  /** Proxies that are not installed. */
  leftOut: z.array(z.string()),
})

const result = measured.extend({
  date: z.iso.datetime(),
  machine: z.strictObject({
    processor: z.string(),
    cores: z.int(),
    kernel: z.string(),
    node: z.string(),
    loadAverageBefore: z.number(),
  }),
})

export type Row = z.infer<typeof row>
export type Figure = z.infer<typeof figure>
/** What a benchmark says. */
export type Measured = z.infer<typeof measured>
/** The same with when and where. */
export type Result = z.infer<typeof result>

const resultsFile = new URL('results.json', import.meta.url)

/** All results, each the newest of its kind. */
export function readResults(): Result[] {
  return z.array(result).parse(JSON.parse(readFileSync(resultsFile, 'utf8')))
}

/** Puts results in the place of earlier ones of the same names. */
export function keep(fresh: readonly Result[]): void {
  const earlier = readResults()
  const names = new Set(earlier.map(({ name }) => name))
  const renewed = earlier.map((old) => fresh.find(({ name }) => name === old.name) ?? old)
  const added = fresh.filter(({ name }) => !names.has(name))
  writeFileSync(resultsFile, `${JSON.stringify([...renewed, ...added], null, 2)}\n`)
}

/** The machine as it is before a benchmark begins. */
export function machineNow(): Result['machine'] {
  const processors = cpus()
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    kernel: release(),
    node: process.version,
    loadAverageBefore: rounded(loadavg()[0] ?? 0, 1),
  }
}

export function holds({ figures }: Measured): boolean {
  return figures.every(({ value, gate }) => value <= gate)
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('no values')
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? middle)) / 2
}

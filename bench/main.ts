import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchApply } from './apply.ts'
import { benchBodies, benchLog, benchProxy, benchRoutes, benchTls } from './comparisons.ts'
import { benchLatency } from './latency.ts'
import { benchMemory } from './memory.ts'
import { Processes } from './processes.ts'
import { benchPropagation } from './propagation.ts'
import { writeReadme } from './readme.ts'
import { holds, keep, type Measured, machineNow, type Result } from './results.ts'
import type { Setting } from './setting.ts'
import { summary, tell } from './tables.ts'
import { benchTopology } from './topology.ts'
import { benchWorkers } from './workers.ts'

interface Bench {
  readonly about: string
  readonly run: (setting: Setting) => Promise<Measured[]>
}

const benches: ReadonlyMap<string, Bench> = new Map([
  ['proxy', { about: 'plain proxying, and a chain of policies', run: benchProxy }],
  ['tls', { about: 'mTLS on both sides, on kept and on new connections', run: benchTls }],
  ['log', { about: 'a JSON access log; and all of it together', run: benchLog }],
  ['bodies', { about: 'bodies of 1 kB and 1 MiB', run: benchBodies }],
  ['latency', { about: 'latency added at half of the peak', run: benchLatency }],
  ['routes', { about: '10,000 APIs against 10', run: benchRoutes }],
  ['apply', { about: 'taking a configuration of 10,000 APIs, under traffic', run: benchApply }],
  ['propagation', { about: 'from an edit in the portal to the first answer by it', run: benchPropagation }],
  ['memory', { about: 'a worker with 3,000 routes, idle connections, bodies of 1 GiB', run: benchMemory }],
  ['topology', { about: 'a map of 1,500 flows in the browser', run: benchTopology }],
  ['workers', { about: 'how evenly workers are loaded, and one that is killed', run: benchWorkers }],
])

const usage = `Usage: npm run bench -- [NAME]… [--rounds N] [--seconds N] [--profile DIR]
       npm run bench -- readme

Measures this gateway beside nginx, HAProxy, Caddy and Envoy on the same work, prints tables and writes
bench/results.json. Without a name all of them run. Ends with 1 where a gate is crossed.

${[...benches].map(([name, { about }]) => `  ${name.padEnd(13)}${about}`).join('\n')}
  ${'readme'.padEnd(13)}puts what is in bench/results.json into the README

nginx, HAProxy, Caddy and wrk are packages of Debian; HEXGATE_ENVOY says where Envoy is, if not on the PATH.
`

/** A machine with more to do than this gives ratios that are too high. */
const LOAD_QUIET = 0.5

const processes = new Processes()
process.on('SIGINT', () => void stop(130))
process.on('SIGTERM', () => void stop(143))

async function stop(code: number): Promise<never> {
  await processes.stopAll()
  process.exit(code)
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  if (positionals.join() === 'readme') {
    writeReadme()
    return 0
  }
  const names = positionals.length === 0 ? [...benches.keys()] : positionals
  const wanted = names.flatMap((name) => benches.get(name) ?? [])
  if (values.help || wanted.length < names.length) {
    process.stderr.write(usage)
    return 2
  }
  const scale = {
    rounds: whole('--rounds', values.rounds),
    seconds: whole('--seconds', values.seconds),
    profileFolder: values.profile,
  }
  const results: Result[] = []
  const failures: string[] = []
  for (const bench of wanted) {
    try {
      results.push(...(await measured(bench, scale)))
    } catch (error) {
      // What comes after it is worth measuring all the same.
      failures.push(`${bench.about}: ${reasonOf(error)}`)
      process.stderr.write(`bench: ${failures.at(-1)}\n`)
    }
  }
  process.stdout.write(`\n${summary(results)}${failures.map((line) => `NOT MEASURED  ${line}\n`).join('')}`)
  return failures.length === 0 && results.every(holds) ? 0 : 1
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function whole(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new Error(`${option} takes a number from 1 to 1000`)
  return value
}

async function measured(
  { about, run }: Bench,
  scale: Omit<Setting, 'processes' | 'folder'>,
): Promise<Result[]> {
  process.stdout.write(`\n${about}\n`)
  const machine = machineNow()
  if (machine.loadAverageBefore > LOAD_QUIET) {
    process.stderr.write(`The machine is busy (load average ${machine.loadAverageBefore}): caches go cold between requests, which costs
a program in JavaScript or Go more than one in C, so the ratios come out too high.\n`)
  }
  const said = await inFolder((folder) => run({ processes, folder, ...scale }))
  const date = new Date().toISOString()
  const results = said.map((one) => ({ ...one, date, machine }))
  for (const one of results) process.stdout.write(`\n${one.name}\n${tell(one)}`)
  keep(results)
  return results
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hexgate-bench-'))
  // An interrupted run ends without coming back here.
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await work(folder)
  } finally {
    await processes.stopAll()
    process.off('exit', remove)
    remove()
  }
}

try {
  await stop(await main())
} catch (error) {
  process.stderr.write(`bench: ${reasonOf(error)}\n`)
  await stop(1)
}

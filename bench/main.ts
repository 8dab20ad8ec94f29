import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rounds } from './compare.ts'
import { benchApply, benchMemory } from './node.ts'
import { Processes } from './processes.ts'
import { benchBodies, benchLog, benchProxy, benchRoutes } from './proxy.ts'
import { benchTls } from './tls.ts'

type Bench = (processes: Processes, folder: string, rounds: Rounds) => Promise<boolean>

const benches: Readonly<Record<string, { about: string; run: Bench }>> = {
  proxy: { about: 'plain proxying, and an API key with a rate limit and header edits', run: benchProxy },
  tls: { about: 'mTLS on both sides, on kept and on new connections', run: benchTls },
  log: { about: 'the same with a JSON access log', run: benchLog },
  bodies: { about: 'bodies of 1 kB and 1 MiB', run: benchBodies },
  apply: { about: 'one API more among ten thousand, under traffic', run: benchApply },
  memory: { about: 'a worker with 3,000 routes, and idle connections', run: benchMemory },
  routes: { about: '10,000 APIs against 10', run: benchRoutes },
}

const usage = `Usage: npm run bench -- [${Object.keys(benches).join('|')}]… [--rounds N] [--seconds N] [--profile DIR]

Measures this gateway beside nginx, HAProxy and Caddy on the same work, prints tables and writes
bench/results.json. Without a name all of them run. Ends with 1 where a gate is crossed.

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(10)}${about}`)
  .join('\n')}
`

const processes = new Processes()
process.on('SIGINT', () => void stop(130))
process.on('SIGTERM', () => void stop(143))

async function stop(code: number): Promise<never> {
  await processes.stopAll()
  process.exit(code)
}

function numberAfter(flag: string, otherwise: number): number {
  const index = process.argv.indexOf(flag)
  const value = index < 0 ? otherwise : Number(process.argv[index + 1])
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new Error(`${flag} takes a number from 1 to 1000`)
  return value
}

function wantedBenches(): string[] {
  const end = process.argv.findIndex((argument) => argument.startsWith('--'))
  const names = process.argv.slice(2, end < 0 ? undefined : end)
  return names.length === 0 ? Object.keys(benches) : names
}

async function main(): Promise<number> {
  const names = wantedBenches()
  if (process.argv.includes('--help') || names.some((name) => benches[name] === undefined)) {
    process.stderr.write(usage)
    return 2
  }
  const profile = process.argv.indexOf('--profile')
  const profileFolder = profile < 0 ? undefined : process.argv[profile + 1]
  const rounds: Rounds = {
    rounds: numberAfter('--rounds', 3),
    seconds: numberAfter('--seconds', 5),
    ...(profileFolder === undefined ? {} : { profileFolder }),
  }
  let holds = true
  for (const name of names) holds = (await inFolder((folder) => run(name, folder, rounds))) && holds
  return holds ? 0 : 1
}

async function run(name: string, folder: string, rounds: Rounds): Promise<boolean> {
  process.stdout.write(`\n${name}: ${benches[name]?.about}\n`)
  try {
    return (await benches[name]?.run(processes, folder, rounds)) ?? false
  } finally {
    await processes.stopAll()
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hexgate-bench-'))
  // An interrupted run ends without coming back here.
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await work(folder)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

try {
  await stop(await main())
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  await stop(1)
}

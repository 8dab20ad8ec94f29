import { cpus, loadavg, release } from 'node:os'
import { type Load, measure, median, type Sample } from './load.ts'
import { isInstalled, type Processes, type Running, untilOpen } from './processes.ts'
import { keep } from './results.ts'

/** Several proxies on the same work, in the same run, on the same core: CPU per request as a ratio to the first. */

export const PROXY_CORE = 0
export const LOAD_CORE = 1
/** Compilers that work at run time are done by then, however busy the machine is. */
const WARM_UP_REQUESTS = 150_000
const WARM_UP_SECONDS = 2
const WARM_UPS_MAX = 15
const LOAD_QUIET = 0.5

export interface Rounds {
  readonly rounds: number
  readonly seconds: number
  /** Where Node writes a CPU profile of the gateway. */
  readonly profileFolder?: string
}

export interface Contender {
  readonly proxy: string
  readonly work: string
  readonly process: Running
  readonly load: Load
}

/** A ratio that must hold, and the one that we aim at. */
export interface Gate {
  readonly name: string
  readonly of: Contender
  readonly to: Contender
  readonly gate: number
  readonly goal: number
}

export interface Comparison {
  /** Under which the results are kept. */
  readonly name: string
  /** What was done, for the reader of the results. */
  readonly method: string
  readonly contenders: readonly Contender[]
  readonly gates: readonly Gate[]
  /** Requests before counting begins; fewer where each of them is dear. */
  readonly warmUpRequests?: number
}

interface Row {
  readonly proxy: string
  readonly work: string
  readonly cpuMicroseconds: number
  readonly ratioToFirst: number
  readonly requestsPerSecond: number
  readonly rounds: readonly number[]
}

interface Verdict {
  readonly name: string
  readonly ratio: number
  readonly gate: number
  readonly goal: number
}

/** Starts a proxy on the proxies' core and waits for its port. */
export async function started(
  processes: Processes,
  name: string,
  { command, env }: { command: readonly string[]; env?: Record<string, string> },
  port: number,
): Promise<Running> {
  const running = processes.start(name, PROXY_CORE, command, env)
  await untilOpen(running, port)
  return running
}

export function requirePrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length > 0) throw new Error(`these are needed: apt-get install ${missing.join(' ')}`)
}

/** Measures, prints and writes down; tells whether every gate holds. */
export async function compare(comparison: Comparison, rounds: Rounds): Promise<boolean> {
  const loadBefore = round(loadavg()[0] ?? 0, 1)
  if (loadBefore > LOAD_QUIET) {
    process.stderr.write(`The machine is busy (load average ${loadBefore}): caches go cold between requests, which costs
a program in JavaScript or Go more than one in C, so the ratios come out too high.\n`)
  }
  const { contenders } = comparison
  for (const contender of contenders) await warmUp(contender, comparison.warmUpRequests ?? WARM_UP_REQUESTS)
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]))
  for (let number = 1; number <= rounds.rounds; number++) {
    process.stderr.write(`${comparison.name}: round ${number} of ${rounds.rounds}\n`)
    for (const contender of contenders)
      samples.get(contender)?.push(await measure(pidOf(contender), contender.load))
  }
  const rows = rowsOf(contenders, samples)
  const verdicts = comparison.gates.map(({ name, of, to, gate, goal }) => ({
    name,
    ratio: round(ratioOf(samples.get(of) ?? [], samples.get(to) ?? []), 2),
    gate,
    goal,
  }))
  print(rows, verdicts)
  keep(comparison.name, {
    ...conditions(loadBefore),
    method: `${comparison.method} CPU (user and system) of the proxy's processes for each request answered; proxy on core ${PROXY_CORE}, load and upstream on core ${LOAD_CORE}; medians of ${rounds.rounds} rounds of ${rounds.seconds} s in turn, ratios taken round by round.`,
    rows,
    verdicts,
  })
  return verdicts.every(({ ratio, gate }) => ratio <= gate)
}

/** When and where something was measured. */
export function conditions(loadAverageBefore: number): Record<string, unknown> {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    machine: {
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      kernel: release(),
      node: process.version,
      loadAverageBefore,
    },
  }
}

async function warmUp(contender: Contender, wanted: number): Promise<void> {
  let requests = 0
  for (let i = 0; i < WARM_UPS_MAX && requests < wanted; i++) {
    const { requestsPerSecond } = await measure(pidOf(contender), {
      ...contender.load,
      seconds: WARM_UP_SECONDS,
    })
    requests += requestsPerSecond * WARM_UP_SECONDS
  }
}

function pidOf({ process: running, proxy }: Contender): number {
  const { pid } = running.child
  if (pid === undefined || running.child.exitCode !== null)
    throw new Error(`${proxy} has ended\n${running.output()}`)
  return pid
}

/** The median of the ratios of each round: what slows the machine down for a while slows both. */
function ratioOf(one: readonly Sample[], other: readonly Sample[]): number {
  return median(
    one.map(({ cpuMicroseconds }, index) => cpuMicroseconds / (other[index]?.cpuMicroseconds ?? Number.NaN)),
  )
}

function rowsOf(
  contenders: readonly Contender[],
  samples: ReadonlyMap<Contender, readonly Sample[]>,
): readonly Row[] {
  const [first] = contenders
  if (first === undefined) throw new RangeError('nobody to compare')
  return contenders.map((one) => {
    const own = samples.get(one) ?? []
    const cpu = own.map(({ cpuMicroseconds }) => cpuMicroseconds)
    return {
      proxy: one.proxy,
      work: one.work,
      cpuMicroseconds: round(median(cpu), 1),
      ratioToFirst: round(ratioOf(own, samples.get(first) ?? []), 2),
      requestsPerSecond: Math.round(median(own.map(({ requestsPerSecond }) => requestsPerSecond))),
      rounds: cpu.map((value) => round(value, 1)),
    }
  })
}

function print(rows: readonly Row[], verdicts: readonly Verdict[]): void {
  const line = (proxy: string, work: string, cpu: string, ratio: string, rate: string) =>
    `${proxy.padEnd(10)}${work.padEnd(44)}${cpu.padStart(12)}${ratio.padStart(10)}${rate.padStart(12)}\n`
  process.stdout.write(line('proxy', 'work', 'CPU µs/req', `× ${rows[0]?.proxy ?? ''}`, 'req/s'))
  for (const { proxy, work, cpuMicroseconds, ratioToFirst, requestsPerSecond } of rows) {
    process.stdout.write(
      line(proxy, work, cpuMicroseconds.toFixed(1), ratioToFirst.toFixed(2), String(requestsPerSecond)),
    )
  }
  for (const { name, ratio, gate, goal } of verdicts) {
    const verdict = ratio <= goal ? 'within the goal' : ratio <= gate ? 'within the gate' : 'CROSSES THE GATE'
    process.stdout.write(`${name}: ${ratio.toFixed(2)} ×, ${verdict} (gate ${gate}, goal ${goal})\n`)
  }
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

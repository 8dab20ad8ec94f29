import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHAIN_HEADERS, CHAIN_PATH, gatewayCommand, PLAIN_PATH } from './gateway.ts'
import { type Load, measure, median, type Sample } from './load.ts'
import { peers, upstreamCommand } from './peers.ts'
import { freePorts, isInstalled, type Processes, type Running, untilOpen } from './processes.ts'

export interface ProxyBench {
  readonly rounds: number
  readonly seconds: number
  /** Where Node writes a CPU profile of the gateway. */
  readonly profileFolder?: string
}

const PROXY_CORE = 0
const LOAD_CORE = 1
const CONNECTIONS = 64
/** Compilers that work at run time are done by then, however busy the machine is. */
const WARM_UP_REQUESTS = 150_000
const WARM_UP_SECONDS = 2
const WARM_UPS_MAX = 15
const LOAD_QUIET = 0.5

interface Contender {
  readonly name: string
  readonly work: 'plain' | 'chain'
  readonly process: Running
  readonly load: Load
  readonly samples: Sample[]
}

/** CPU per request in times of nginx on plain proxying: what must hold, and what we aim at. */
const gates = { plain: { gate: 1.5, goal: 1.15 }, chain: { gate: 1.7, goal: 1.25 } } as const

/** Measures, prints and writes down; returns the exit code. */
export async function benchProxy(processes: Processes, bench: ProxyBench): Promise<number> {
  for (const program of ['taskset', 'wrk', 'nginx']) {
    if (!isInstalled(program)) throw new Error(`${program} is needed: apt-get install wrk nginx util-linux`)
  }
  const loadBefore = round(loadavg()[0] ?? 0, 1)
  if (loadBefore > LOAD_QUIET) {
    process.stderr.write(`The machine is busy (load average ${loadBefore}): caches go cold between requests, which costs
a program in JavaScript or Go more than one in C, so the ratios come out too high.\n`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'hexgate-bench-'))
  // An interrupted run ends without coming back here.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    const contenders = await startAll(processes, folder, bench)
    for (const contender of contenders) await warmUp(contender)
    for (let round = 1; round <= bench.rounds; round++) {
      process.stderr.write(`round ${round} of ${bench.rounds}\n`)
      for (const contender of contenders)
        contender.samples.push(await measure(pidOf(contender), contender.load))
    }
    return report(contenders, bench, loadBefore)
  } finally {
    await processes.stopAll()
  }
}

async function warmUp(contender: Contender): Promise<void> {
  let requests = 0
  for (let i = 0; i < WARM_UPS_MAX && requests < WARM_UP_REQUESTS; i++) {
    const { requestsPerSecond } = await measure(pidOf(contender), {
      ...contender.load,
      seconds: WARM_UP_SECONDS,
    })
    requests += requestsPerSecond * WARM_UP_SECONDS
  }
}

async function startAll(processes: Processes, folder: string, bench: ProxyBench): Promise<Contender[]> {
  const [upstreamPort = 0, gatewayPort = 0, adminPort = 0, ...peerPorts] = await freePorts(3 + peers.length)
  const upstream = processes.start('the upstream', LOAD_CORE, upstreamCommand(folder, upstreamPort).command)
  await untilOpen(upstream, upstreamPort)
  const contenders: Contender[] = []
  for (const [index, peer] of peers.entries()) {
    if (!isInstalled(peer.program)) {
      process.stderr.write(`${peer.name} is not installed: its column is left out\n`)
      continue
    }
    const port = peerPorts[index] ?? 0
    const { command, env } = peer.command(folder, port, upstreamPort)
    const running = processes.start(peer.name, PROXY_CORE, command, env)
    await untilOpen(running, port)
    contenders.push(contender(peer.name, 'plain', running, loadOf(port, PLAIN_PATH, bench)))
  }
  const command = gatewayCommand(folder, gatewayPort, adminPort, upstreamPort, bench.profileFolder)
  const gateway = processes.start('Hexgate', PROXY_CORE, command)
  await untilOpen(gateway, gatewayPort)
  contenders.push(contender('Hexgate', 'plain', gateway, loadOf(gatewayPort, PLAIN_PATH, bench)))
  const chainLoad = { ...loadOf(gatewayPort, CHAIN_PATH, bench), headers: CHAIN_HEADERS }
  contenders.push(contender('Hexgate', 'chain', gateway, chainLoad))
  return contenders
}

function contender(name: string, work: Contender['work'], running: Running, load: Load): Contender {
  return { name, work, process: running, load, samples: [] }
}

function loadOf(port: number, path: string, bench: ProxyBench): Load {
  return {
    url: `http://127.0.0.1:${port}${path}`,
    connections: CONNECTIONS,
    seconds: bench.seconds,
    core: LOAD_CORE,
  }
}

function pidOf({ process: running, name }: Contender): number {
  const { pid } = running.child
  if (pid === undefined || running.child.exitCode !== null)
    throw new Error(`${name} has ended\n${running.output()}`)
  return pid
}

/** The median of the ratios of each round: what slows the machine down for a while slows both. */
function ratioOf(one: Contender, nginx: Contender): number {
  const ratios = one.samples.map(
    ({ cpuMicroseconds }, i) => cpuMicroseconds / (nginx.samples[i]?.cpuMicroseconds ?? Number.NaN),
  )
  return median(ratios)
}

interface Row {
  readonly proxy: string
  readonly work: string
  readonly cpuMicroseconds: number
  readonly ratioToNginx: number
  readonly requestsPerSecond: number
  readonly rounds: readonly number[]
}

function report(contenders: readonly Contender[], bench: ProxyBench, loadBefore: number): number {
  const cpuOf = ({ samples }: Contender) => median(samples.map((sample) => sample.cpuMicroseconds))
  const nginx = contenders.find(({ name }) => name === 'nginx')
  if (nginx === undefined) throw new Error('nginx was not measured')
  const rows = contenders.map(
    (one): Row => ({
      proxy: one.name,
      work: one.work === 'plain' ? 'plain GET' : 'API key, rate limit, header edit',
      cpuMicroseconds: round(cpuOf(one), 1),
      ratioToNginx: round(ratioOf(one, nginx), 2),
      requestsPerSecond: Math.round(median(one.samples.map((sample) => sample.requestsPerSecond))),
      rounds: one.samples.map((sample) => round(sample.cpuMicroseconds, 1)),
    }),
  )
  const ratios = Object.fromEntries(
    contenders.flatMap((one, i) =>
      one.name === 'Hexgate' ? [[one.work, rows[i]?.ratioToNginx ?? Infinity]] : [],
    ),
  )
  const verdicts = Object.entries(gates).map(([work, limits]) => ({
    work,
    ratio: ratios[work] ?? Infinity,
    ...limits,
  }))
  print(rows, verdicts)
  writeResults(rows, verdicts, bench, loadBefore)
  return verdicts.every(({ ratio, gate }) => ratio <= gate) ? 0 : 1
}

function print(
  rows: readonly Row[],
  verdicts: readonly { work: string; ratio: number; gate: number; goal: number }[],
) {
  const line = (proxy: string, work: string, cpu: string, ratio: string, rate: string) =>
    `${proxy.padEnd(10)}${work.padEnd(36)}${cpu.padStart(12)}${ratio.padStart(10)}${rate.padStart(12)}\n`
  process.stdout.write(line('proxy', 'work', 'CPU µs/req', '× nginx', 'req/s'))
  for (const { proxy, work, cpuMicroseconds, ratioToNginx, requestsPerSecond } of rows) {
    process.stdout.write(
      line(proxy, work, cpuMicroseconds.toFixed(1), ratioToNginx.toFixed(2), String(requestsPerSecond)),
    )
  }
  for (const { work, ratio, gate, goal } of verdicts) {
    const verdict = ratio <= goal ? 'within the goal' : ratio <= gate ? 'within the gate' : 'CROSSES THE GATE'
    process.stdout.write(`${work}: ${ratio.toFixed(2)} × nginx, ${verdict} (gate ${gate}, goal ${goal})\n`)
  }
}

function writeResults(
  rows: readonly Row[],
  verdicts: readonly unknown[],
  bench: ProxyBench,
  loadBefore: number,
): void {
  const processors = cpus()
  const results = {
    date: new Date().toISOString(),
    machine: {
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      kernel: release(),
      node: process.version,
      loadAverageBefore: loadBefore,
    },
    method: `CPU (user and system) of the proxy's processes for each request answered; proxy on core ${PROXY_CORE}, load and upstream on core ${LOAD_CORE}; ${CONNECTIONS} keep-alive connections; GET with a 250-byte JSON answer; no proxy writes an access log; medians of ${bench.rounds} rounds of ${bench.seconds} s in turn, ratios taken round by round`,
    proxy: { rows, verdicts },
  }
  const file = new URL('results.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify({ ...earlier(file), ...results }, null, 2)}\n`)
}

// Other benchmarks keep their results in the same file.
function earlier(file: URL): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

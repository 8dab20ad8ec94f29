import { type Load, measure, type Sample } from './load.ts'
import type { Running } from './processes.ts'
import { type Figure, type Measured, median, type Row, rounded } from './results.ts'
import type { Setting } from './setting.ts'

/** Several proxies on the same work, in the same run, on the same core: CPU per request as a ratio to the first. */

/** At least so many before anything counts. */
const WARM_UP_REQUESTS = 150_000
const WARM_UP_SECONDS = 2
const WARM_UPS_MAX = 20
/** As fast as it gets is who was not faster by this share in so many tries in a row: compilers work in steps. */
const FASTER_SHARE = 0.02
const SETTLED_TRIES = 4
/** Who waited for its turn has cold caches: so long it is asked before counting begins. */
const SPELL_SECONDS = 2

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
  /** What the ratio is to, in words; the name of the other proxy without them. */
  readonly than?: string
  readonly gate: number
  readonly goal: number
}

export interface Comparison {
  readonly name: string
  /** What was done, for the reader of the results. */
  readonly method: string
  readonly contenders: readonly Contender[]
  readonly gates: readonly Gate[]
  readonly leftOut: readonly string[]
  /** Requests before counting begins; fewer where each of them is dear. */
  readonly warmUpRequests?: number
}

/** Of a proxy that no gate is about: it may miss one of so many requests, which its row says. */
const MISSED_SHARE_MAX = 1 / 1_000

type Samples = ReadonlyMap<Contender, Sample[]>

export async function compare(comparison: Comparison, setting: Setting): Promise<Measured> {
  const { name, contenders, gates, leftOut, warmUpRequests = WARM_UP_REQUESTS } = comparison
  const { rounds, seconds } = setting
  // Who measures for a second only wants to see that it can be done.
  const wanted = Math.min(warmUpRequests, (warmUpRequests * rounds * seconds) / 10)
  const judged = new Set(gates.flatMap(({ of, to }) => [of, to]))
  const failedShareMax = (contender: Contender) => (judged.has(contender) ? 0 : MISSED_SHARE_MAX)
  for (const contender of contenders) await warmUp(contender, wanted, failedShareMax(contender))
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]))
  const hasSpell = seconds > SPELL_SECONDS
  // Those that a gate is about one right after the other: what the machine does meanwhile it does to both.
  const inTurn = new Set([...gates.flatMap(({ of, to }) => [to, of]), ...contenders])
  for (let number = 1; number <= rounds; number++) {
    process.stderr.write(`${name}: round ${number} of ${rounds}\n`)
    for (const contender of inTurn) {
      const ask = (time: number) => measure(pidOf(contender), contender.load, time, failedShareMax(contender))
      if (hasSpell) await ask(SPELL_SECONDS)
      samples.get(contender)?.push(await ask(seconds))
    }
  }
  return {
    name,
    method: `${comparison.method} CPU (user and system) of the proxy's processes for each request answered; the proxy on one core, load and upstream on the other; medians of ${rounds} rounds of ${seconds} s in turn${hasSpell ? `, each after ${SPELL_SECONDS} s that do not count` : ''}, ratios taken round by round.`,
    rows: rowsOf(contenders, samples),
    figures: gates.map((gate) => figureOf(gate, samples)),
    leftOut: [...leftOut],
  }
}

/** Asks until a proxy is as fast as it gets. */
export async function warmUp(
  contender: Contender,
  wanted = WARM_UP_REQUESTS,
  failedShareMax = 0,
): Promise<void> {
  const settles = wanted >= WARM_UP_REQUESTS
  let requests = 0
  let best = Number.POSITIVE_INFINITY
  let triesSince = 0
  for (let i = 0; i < WARM_UPS_MAX && (requests < wanted || (settles && triesSince < SETTLED_TRIES)); i++) {
    const sample = await measure(pidOf(contender), contender.load, WARM_UP_SECONDS, failedShareMax)
    requests += sample.requestsPerSecond * WARM_UP_SECONDS
    triesSince = sample.cpuMicroseconds < best * (1 - FASTER_SHARE) ? 0 : triesSince + 1
    best = Math.min(best, sample.cpuMicroseconds)
  }
}

export function pidOf({ process: running, proxy }: Contender): number {
  const { pid } = running.child
  if (pid === undefined || running.child.exitCode !== null)
    throw new Error(`${proxy} has ended\n${running.output()}`)
  return pid
}

/** The median of the ratios of each round: what slows the machine down for a while slows both. */
function ratioOf(one: Contender, other: Contender, samples: Samples): number {
  const others = samples.get(other) ?? []
  const ratios = (samples.get(one) ?? []).map(
    ({ cpuMicroseconds }, index) => cpuMicroseconds / (others[index]?.cpuMicroseconds ?? Number.NaN),
  )
  return rounded(median(ratios), 2)
}

function rowsOf(contenders: readonly Contender[], samples: Samples): Row[] {
  const [first] = contenders
  if (first === undefined) throw new RangeError('nobody to compare')
  return contenders.map((one) => {
    const own = samples.get(one) ?? []
    const cpu = own.map(({ cpuMicroseconds }) => rounded(cpuMicroseconds, 1))
    const failed = own.reduce((sum, sample) => sum + sample.failed, 0)
    return {
      proxy: one.proxy,
      work: one.work,
      values: {
        cpuMicroseconds: rounded(median(cpu), 1),
        ratioToFirst: ratioOf(one, first, samples),
        requestsPerSecond: Math.round(median(own.map(({ requestsPerSecond }) => requestsPerSecond))),
        ...(failed > 0 && { failed }),
      },
      rounds: cpu,
    }
  })
}

function figureOf({ name, of, to, than = to.proxy, gate, goal }: Gate, samples: Samples): Figure {
  return { name, work: of.work, value: ratioOf(of, to, samples), unit: `× ${than}`, gate, goal }
}

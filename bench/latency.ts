import { type Contender, pidOf, warmUp } from './compare.ts'
import { contendersOf, leftOut, one, startProxies, startUpstream } from './contenders.ts'
import { measure, type RateAnswer, startRateLoad } from './load.ts'
import { pathOf, plainWork } from './peers/work.ts'
import { type Measured, median, type Row, rounded } from './results.ts'
import type { Setting } from './setting.ts'

const CONNECTIONS = 64
/** A proxy that could hardly do what it is asked would show its queue and not itself. */
const PEAK_PER_RATE_MIN = 1.2
/** Less than this, in milliseconds, cannot be told apart from nothing. */
const RESOLUTION_MS = 0.01

/** Who is asked. */
interface Target {
  readonly proxy: string
  readonly port: number
  readonly answers: RateAnswer[]
}

/** What a proxy adds to the latency of its upstream at half of our peak. */
export async function benchLatency(setting: Setting): Promise<Measured[]> {
  const upstream = await startUpstream(setting)
  const started = await startProxies(setting, upstream, plainWork)
  const contenders = contendersOf(started, 'GET', { connections: CONNECTIONS })
  const ours = one(contenders, 'Hexgate')
  await warmUp(ours)
  const peaks = await peaksOf(contenders, setting.seconds)
  const requestsPerSecond = Math.floor((peaks.get(ours) ?? 0) / 2)
  const able = contenders.filter((each) => (peaks.get(each) ?? 0) > requestsPerSecond * PEAK_PER_RATE_MIN)
  const targets = [
    { proxy: 'no proxy', port: upstream, answers: [] },
    ...able.map(({ proxy, load }) => ({ proxy, port: Number(new URL(load.url).port), answers: [] })),
  ]
  for (let number = 1; number <= setting.rounds; number++) {
    process.stderr.write(`latency: round ${number} of ${setting.rounds}\n`)
    for (const target of targets) await ask(target, requestsPerSecond, setting.seconds)
  }
  const slow = contenders.filter((each) => !able.includes(each)).map(({ proxy }) => proxy)
  return [measured(targets, requestsPerSecond, setting, slow)]
}

async function peaksOf(contenders: readonly Contender[], seconds: number): Promise<Map<Contender, number>> {
  const peaks = new Map<Contender, number>()
  for (const each of contenders)
    peaks.set(each, (await measure(pidOf(each), each.load, seconds)).requestsPerSecond)
  return peaks
}

async function ask({ proxy, port, answers }: Target, requestsPerSecond: number, seconds: number) {
  const options = { port, path: pathOf(plainWork), connections: CONNECTIONS, seconds, requestsPerSecond }
  const answer = await startRateLoad(options, { givesWay: true }).answer
  if (answer.failed > 0) throw new Error(`${answer.failed} requests to ${proxy} were not answered well`)
  answers.push(answer)
}

function measured(
  targets: readonly Target[],
  rate: number,
  { rounds, seconds }: Setting,
  slow: readonly string[],
): Measured {
  const [direct] = targets
  const added = (target: Target) =>
    rounded(Math.max(RESOLUTION_MS, middle(target, 'p99Ms') - (direct ? middle(direct, 'p99Ms') : 0)), 3)
  const addedBy = (proxy: string) => {
    const target = targets.find((each) => each.proxy === proxy)
    if (target === undefined) throw new Error(`${proxy} cannot do ${rate} requests a second`)
    return added(target)
  }
  const unable = slow.length === 0 ? '' : ` ${slow.join(' and ')} cannot do as many.`
  return {
    name: 'latency',
    method: `GET with a 250-byte JSON answer over ${CONNECTIONS} connections, ${rate} requests a second at even distances, half of our peak in a closed loop; each counted from the moment at which it was due; the added p99 is that of a proxy less that without one; medians of ${rounds} rounds of ${seconds} s in turn.${unable}`,
    rows: targets.map((target) => rowOf(target, added(target))),
    figures: [
      {
        name: 'latency added at half of the peak, p99',
        value: rounded(addedBy('Hexgate') / addedBy('nginx'), 2),
        unit: '× nginx',
        gate: 3,
        goal: 1.5,
      },
    ],
    leftOut: [...leftOut],
  }
}

function middle({ answers }: Target, name: keyof RateAnswer): number {
  return rounded(median(answers.map((answer) => answer[name])), 3)
}

function rowOf(target: Target, addedP99Ms: number): Row {
  return {
    proxy: target.proxy,
    work: 'GET',
    values: {
      p50Ms: middle(target, 'p50Ms'),
      p99Ms: middle(target, 'p99Ms'),
      addedP99Ms: target.proxy === 'no proxy' ? 0 : addedP99Ms,
      longestMs: middle(target, 'longestMs'),
      clientLateP99Ms: middle(target, 'lateP99Ms'),
    },
    rounds: target.answers.map(({ p99Ms }) => p99Ms),
  }
}

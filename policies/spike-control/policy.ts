import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { exceeded, Standings } from '../rate-limiting/hold.ts'
import { rateOf, type Standing } from '../rate-limiting/limits.ts'
import { RecentMoments } from './recent-moments.ts'

const kind = 'spike-control'

const config = z.strictObject({
  maximumRequests: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .meta({ title: 'Requests', description: 'How many go through in any stretch of a period.' }),
  timePeriodInMilliseconds: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(1_000)
    .meta({ title: 'Period', description: 'Length of the period in milliseconds.' }),
  delayTimeInMillis: z
    .int()
    .min(1)
    .max(60_000)
    .default(1_000)
    .meta({ title: 'Delay', description: 'How long a request waits before it is tried again, in ms.' }),
  delayAttempts: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .meta({ title: 'Attempts', description: 'How often it is tried again; then it is refused. 0: never.' }),
  queuingLimit: z
    .int()
    .min(0)
    .max(10_000)
    .default(5)
    .meta({ title: 'Queue', description: 'How many may wait at one time; those beyond are refused.' }),
  exposeHeaders: z
    .boolean()
    .default(false)
    .meta({ title: 'Tell the caller', description: 'Adds headers with what is left to every answer.' }),
})
type Config = z.infer<typeof config>

/** What outlives a plan. */
interface Gate {
  readonly passed: RecentMoments
  waiting: number
}

function standingOf({ passed }: Gate, limit: Config, now: number): Standing {
  return {
    limit,
    remaining: passed.remaining(now),
    resetMs: passed.resetMs(now),
    retryMs: passed.waitMs(now),
  }
}

/** Tries again after each delay until the request goes through or the attempts are used up; `gaveUp` ends it. */
function queued(
  gate: Gate,
  given: Config,
  ports: Ports,
  left: (leave: () => void) => void,
): Promise<boolean> {
  gate.waiting++
  return new Promise((resolve) => {
    let attempts = 0
    let cancel = () => {}
    const end = (isThrough: boolean) => {
      cancel()
      gate.waiting--
      resolve(isThrough)
    }
    const again = () => {
      attempts++
      if (gate.passed.take(ports.monotonicMs())) return end(true)
      if (attempts >= given.delayAttempts) return end(false)
      cancel = ports.after(given.delayTimeInMillis, again)
    }
    cancel = ports.after(given.delayTimeInMillis, again)
    left(() => end(false))
  })
}

/** Smooths peaks: what is too much now waits a little and is refused only when there is still no room. */
export const spikeControl = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'Spike control',
  summary: 'Lets requests wait that come too fast, and refuses those that waited in vain with 429.',
  category: 'traffic',
  config,
  summarise: (given) =>
    `${rateOf(given)}, ${given.queuingLimit} may wait ${given.delayAttempts} × ${given.delayTimeInMillis} ms`,
  prepare(given, ports) {
    const { maximumRequests, timePeriodInMilliseconds, exposeHeaders, delayAttempts, queuingLimit } = given
    const gate = ports.state(
      `gate ${maximumRequests} ${timePeriodInMilliseconds}`,
      (): Gate => ({ passed: new RecentMoments(maximumRequests, timePeriodInMilliseconds), waiting: 0 }),
    )
    const standings = new Standings()
    const leaving = new WeakMap<Exchange, () => void>()
    const refuse = (): Refusal => exceeded(kind, standingOf(gate, given, ports.monotonicMs()), exposeHeaders)
    const through = (exchange: Exchange): undefined => {
      if (exposeHeaders) standings.keep(exchange, standingOf(gate, given, ports.monotonicMs()))
    }
    const wait = async (exchange: Exchange): Promise<Refusal | undefined> => {
      const isThrough = await queued(gate, given, ports, (leave) => leaving.set(exchange, leave))
      leaving.delete(exchange)
      return isThrough ? through(exchange) : refuse()
    }
    return {
      onRequest(exchange) {
        if (gate.passed.take(ports.monotonicMs())) return through(exchange)
        if (delayAttempts === 0 || gate.waiting >= queuingLimit) return refuse()
        return wait(exchange)
      },
      ...(exposeHeaders ? { onResponse: (exchange) => standings.tell(exchange) } : {}),
      // A client that left while it waited gives up its place.
      onDone: (exchange) => leaving.get(exchange)?.(),
    }
  },
})

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

interface Passage {
  readonly isAllowed: boolean
  readonly standing: Standing
}
/** Tries to go through; by a promise where the processes of a node count together. */
type Try = () => Passage | Promise<Passage>

function tryHere({ passed }: Gate, limit: Config, ports: Ports): () => Passage {
  return () => {
    const now = ports.monotonicMs()
    const isAllowed = passed.take(now)
    // How it stands is read only where it is told: it takes longer than the rest.
    const isTold = !isAllowed || limit.exposeHeaders
    const standing = {
      limit,
      remaining: isTold ? passed.remaining(now) : 0,
      resetMs: isTold ? passed.resetMs(now) : 0,
      retryMs: passed.waitMs(now),
    }
    return { isAllowed, standing }
  }
}

/** While the other processes cannot be reached, each counts for itself. */
function tryOnNode(limit: Config, ports: Ports, here: () => Passage): Try {
  const { maximumRequests, timePeriodInMilliseconds } = limit
  const count = ports.countOnNode?.({
    name: 'gate',
    algorithm: 'recent-moments',
    limits: [{ maximumRequests, timePeriodInMilliseconds }],
  })
  if (count === undefined) return here
  return async () => {
    try {
      const { isAllowed, remaining, resetMs, retryMs } = await count('')
      return { isAllowed, standing: { limit, remaining, resetMs, retryMs } }
    } catch {
      ports.count('node_failures')
      return here()
    }
  }
}

/** Tries again after each delay until the request goes through or the attempts are used up; `left` ends it. */
function queued(
  gate: Gate,
  given: Config,
  ports: Ports,
  { first, attempt, left }: { first: Passage; attempt: Try; left: (leave: () => void) => void },
): Promise<Passage> {
  gate.waiting++
  return new Promise((resolve) => {
    let attempts = 0
    let isOver = false
    let cancel = () => {}
    const end = (passage: Passage) => {
      if (isOver) return
      isOver = true
      cancel()
      gate.waiting--
      resolve(passage)
    }
    const judge = (passage: Passage) => {
      if (isOver) return
      attempts++
      if (passage.isAllowed || attempts >= given.delayAttempts) end(passage)
      else cancel = ports.after(given.delayTimeInMillis, again)
    }
    const again = () => {
      const passage = attempt()
      if (passage instanceof Promise) void passage.then(judge)
      else judge(passage)
    }
    cancel = ports.after(given.delayTimeInMillis, again)
    left(() => end({ ...first, isAllowed: false }))
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
    const attempt = tryOnNode(given, ports, tryHere(gate, given, ports))
    const standings = new Standings()
    const leaving = new WeakMap<Exchange, () => void>()
    const judge = (exchange: Exchange, { isAllowed, standing }: Passage): Refusal | undefined => {
      if (!isAllowed) return exceeded(kind, standing, exposeHeaders)
      if (exposeHeaders) standings.keep(exchange, standing)
      return undefined
    }
    const wait = async (exchange: Exchange, first: Passage): Promise<Refusal | undefined> => {
      const left = (leave: () => void) => leaving.set(exchange, leave)
      const passage = await queued(gate, given, ports, { first, attempt, left })
      leaving.delete(exchange)
      return judge(exchange, passage)
    }
    const begin = (exchange: Exchange, first: Passage) => {
      const mayWait = !first.isAllowed && delayAttempts > 0 && gate.waiting < queuingLimit
      return mayWait ? wait(exchange, first) : judge(exchange, first)
    }
    return {
      onRequest(exchange) {
        const first = attempt()
        return first instanceof Promise
          ? first.then((passage) => begin(exchange, passage))
          : begin(exchange, first)
      },
      ...(exposeHeaders ? { onResponse: (exchange) => standings.tell(exchange) } : {}),
      // A client that left while it waited gives up its place.
      onDone: (exchange) => leaving.get(exchange)?.(),
    }
  },
})

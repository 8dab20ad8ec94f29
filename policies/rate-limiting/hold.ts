import { z } from 'zod'
import type { Count, Ports } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { counterFor } from './counter-for.ts'
import { type Counter, type Limit, rateOf, type Standing } from './limits.ts'
import { type Algorithm, sharedCounter } from './shared-counter.ts'

/** What policies that hold callers to limits have in common in their configuration. */
export const holdFields = {
  exposeHeaders: z
    .boolean()
    .default(false)
    .meta({ title: 'Tell the caller', description: 'Adds headers with what is left to every answer.' }),
  clusterizable: z.boolean().default(false).meta({
    title: 'Count across nodes',
    description:
      'All nodes count together, in the Redis that they were given by --shared-store. Without it each node counts for itself.',
  }),
  failureMode: z.enum(['local', 'open', 'closed']).default('local').meta({
    title: 'While the shared store is away',
    description:
      'local: each node counts for itself. open: requests pass uncounted. closed: they are refused with 503.',
    advanced: true,
  }),
}

export interface HoldSettings {
  readonly algorithm: Algorithm
  readonly exposeHeaders: boolean
  readonly clusterizable: boolean
  readonly failureMode: 'local' | 'open' | 'closed'
}

/** Holds the callers with one key to limits. */
export type Hold = (exchange: Exchange, key: string) => Refusal | undefined | Promise<Refusal | undefined>

/** Longer values are counted under their hash, so that a key costs little memory whatever a caller sends. */
const keyLengthMax = 64

function headersOf(standing: Standing): [name: string, value: string][] {
  const { limit, remaining, resetMs } = standing
  const window = Math.max(1, Math.round(limit.timePeriodInMilliseconds / 1_000))
  return [
    ['ratelimit-policy', `"default";q=${limit.maximumRequests};w=${window}`],
    ['ratelimit', `"default";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`],
    ['x-ratelimit-limit', String(limit.maximumRequests)],
    ['x-ratelimit-remaining', String(remaining)],
    ['x-ratelimit-reset', String(Math.ceil(resetMs))],
  ]
}

/** 429 with when to come back, and with what is left where the caller is told. */
export function exceeded(kind: string, standing: Standing, exposeHeaders: boolean): Refusal {
  return {
    status: 429,
    code: `${kind}.exceeded`,
    detail: `More than ${rateOf(standing.limit)}.`,
    headers: {
      'retry-after': String(Math.max(1, Math.ceil(standing.retryMs / 1_000))),
      ...(exposeHeaders ? Object.fromEntries(headersOf(standing)) : {}),
    },
  }
}

/** What a caller is told on answers, by the exchange that they belong to. */
export class Standings {
  readonly #standings = new WeakMap<Exchange, Standing>()

  keep(exchange: Exchange, standing: Standing): void {
    this.#standings.set(exchange, standing)
  }

  tell(exchange: Exchange): void {
    const standing = this.#standings.get(exchange)
    if (standing === undefined) return
    for (const [name, value] of headersOf(standing)) exchange.setResponseHeader(name, value)
    this.#standings.delete(exchange)
  }
}

/**
 * Prepares counting under a kind of policy, in this process or for all nodes. `name` holds all that gives the
 * counters their meaning beside the limits: with another one they begin anew.
 * @throws Error where counting across nodes is wanted and the node has no shared store.
 */
export function prepareHold(
  kind: string,
  limits: readonly Limit[],
  settings: HoldSettings,
  name: string,
  ports: Ports,
  standings: Standings,
): Hold {
  const { algorithm, exposeHeaders, clusterizable } = settings
  const meaning = JSON.stringify([
    limits.map((one) => [one.maximumRequests, one.timePeriodInMilliseconds]),
    name,
    ...(algorithm === 'gcra' ? [] : [algorithm]),
  ])
  const counter = ports.state(`buckets ${meaning}`, (): Counter => counterFor({ algorithm, limits }))
  const holdHere: Hold = (exchange, value) => {
    const key = value.length > keyLengthMax ? ports.sha256(value) : value
    const now = ports.monotonicMs()
    const isAllowed = counter.take(key, now)
    if (isAllowed && !exposeHeaders) return undefined
    const standing = counter.standing(key, now)
    if (!isAllowed) return exceeded(kind, standing, exposeHeaders)
    standings.keep(exchange, standing)
    return undefined
  }
  const countOnNode = ports.countOnNode?.({ name: meaning, algorithm, limits })
  const holdOnNode =
    countOnNode === undefined
      ? holdHere
      : holdByNode(kind, limits, exposeHeaders, countOnNode, ports, standings, holdHere)
  if (!clusterizable) return holdOnNode
  return holdTogether(
    kind,
    limits,
    settings,
    ports.sha256(meaning).slice(0, 32),
    ports,
    standings,
    holdOnNode,
  )
}

/** Counted for all processes of the node; while they cannot be reached, each counts for itself. */
function holdByNode(
  kind: string,
  limits: readonly Limit[],
  exposeHeaders: boolean,
  countOnNode: (key: string) => Promise<Count>,
  ports: Ports,
  standings: Standings,
  holdHere: Hold,
): Hold {
  return async (exchange, value) => {
    const key = value.length > keyLengthMax ? ports.sha256(value) : value
    let count: Count
    try {
      count = await countOnNode(key)
    } catch {
      ports.count('node_failures')
      return holdHere(exchange, value)
    }
    const limit = limits[count.limit] ?? limits[0]
    if (limit === undefined) return undefined
    const standing = { ...count, limit }
    if (!count.isAllowed) return exceeded(kind, standing, exposeHeaders)
    if (exposeHeaders) standings.keep(exchange, standing)
    return undefined
  }
}

function holdTogether(
  kind: string,
  limits: readonly Limit[],
  { algorithm, exposeHeaders, failureMode }: HoldSettings,
  prefix: string,
  ports: Ports,
  standings: Standings,
  holdHere: Hold,
): Hold {
  if (ports.sharedStore === undefined)
    throw new Error(
      'counting across nodes (clusterizable) needs a shared store, and this node was given none: start it with --shared-store redis://…',
    )
  const counter = sharedCounter(ports.sharedStore, algorithm, limits)
  let isAway = false
  const away = (error: unknown) => {
    ports.count('store_failures')
    if (isAway) return
    isAway = true
    const reason = error instanceof Error ? error.message : String(error)
    ports.log('warn', `${kind}.store_away`, { reason, failureMode })
  }
  return async (exchange, value) => {
    const key = value.length > keyLengthMax ? ports.sha256(value) : value
    try {
      const { isAllowed, standing } = await counter.take(`${prefix} ${key}`)
      if (isAway) ports.log('info', `${kind}.store_back`)
      isAway = false
      if (!isAllowed) return exceeded(kind, standing, exposeHeaders)
      if (exposeHeaders) standings.keep(exchange, standing)
      return undefined
    } catch (error) {
      away(error)
      if (failureMode === 'open') return undefined
      if (failureMode === 'local') return holdHere(exchange, value)
      return {
        status: 503,
        code: `${kind}.store_away`,
        detail: 'Requests cannot be counted at the moment.',
        headers: { 'retry-after': '1' },
      }
    }
  }
}

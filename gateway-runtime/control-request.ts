import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type { Agent, Dispatcher } from 'undici'
import { addressKind } from '#domain/address.ts'
import type { ControlAnswer, ControlRequest, Ports } from '#policies/definition.ts'
import { isForbiddenAddress } from './serve/upstream/addresses.ts'
import { names } from './serve/upstream/names.ts'

/** Requests of the policies' own, over connections that no traffic shares. */
export interface ControlRequests {
  readonly request: Ports['request']
  /** Closes the connections; requests that run fail. */
  close(): Promise<void>
}

export interface ControlRequestOptions {
  readonly allowLoopback: boolean
  /** How many run at once at one origin; more wait, and their time runs meanwhile. */
  readonly concurrencyMax?: number
  /** How many may wait for one origin; more are refused. */
  readonly waitingMax?: number
}

/**
 * Makes the way out for policies: TLS is always verified, redirects are handed back as they are, and an address
 * that must not be reached is refused after the name was resolved. Everything that fails is an Error whose message
 * is one plain sentence without secrets.
 */
export function createControlRequest(options: ControlRequestOptions): ControlRequests {
  const { allowLoopback, concurrencyMax = 16, waitingMax = 256 } = options
  let agent: Agent | undefined
  // Each origin has turns of its own: one that hangs must not keep the others from being asked.
  const turnsOf = new Map<string, Turns>()
  return {
    request: async (asked) => {
      const url = checkedUrl(asked.url, allowLoopback)
      const signal = AbortSignal.timeout(asked.timeoutMs)
      const turns = turnsOf.get(url.origin) ?? new Turns(concurrencyMax, waitingMax)
      turnsOf.set(url.origin, turns)
      try {
        await turns.take(signal)
        try {
          agent ??= newAgent(allowLoopback, concurrencyMax)
          return await exchangeWith(agent, url, asked, signal)
        } finally {
          turns.leave()
          if (turns.isIdle) turnsOf.delete(url.origin)
        }
      } catch (error) {
        throw plainError(url, asked, signal, error)
      }
    },
    close: async () => agent?.destroy(),
  }
}

const require = createRequire(import.meta.url)

/**
 * Loaded by who asks first: it takes a tenth of a worker's memory, and many a worker asks nobody. `require` tries again
 * after a failure (no file descriptor left, say), which an import does not; nor does it look at `main` in the way that
 * makes typed arrays slow in the whole process.
 */
function newAgent(allowLoopback: boolean, connections: number): Agent {
  const { Agent } = require('undici') as typeof import('undici')
  return new Agent({
    connections,
    pipelining: 1,
    connect: { lookup: names.lookupFor(allowLoopback), timeout: 10_000 },
    keepAliveTimeout: 30_000,
    maxHeaderSize: 32_768,
  })
}

/** Nobody can be asked there; the message says why. */
class Unaskable extends Error {}

function checkedUrl(text: string, allowLoopback: boolean): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new Unaskable('Only http and https URLs can be asked.')
  if (url.username !== '' || url.password !== '')
    throw new Unaskable('A URL must not carry a user name or password.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A literal address is connected to without a lookup, so it is looked at here.
  const isForbidden =
    isIP(host) === 0
      ? addressKind(host) === 'metadata' || (addressKind(host) === 'loopback' && !allowLoopback)
      : isForbiddenAddress(host, allowLoopback)
  if (isForbidden) throw new Unaskable(`The gateway must not connect to ${url.host}.`)
  return url
}

async function exchangeWith(
  agent: Agent,
  url: URL,
  asked: ControlRequest,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const { statusCode, headers, body } = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: asked.method ?? 'GET',
    headers: { 'accept-encoding': 'identity', 'user-agent': 'hexgate', ...asked.headers },
    body: asked.body ?? null,
    signal,
  })
  return { status: statusCode, headers: joined(headers), body: await limitedText(body, url, asked.maxBytes) }
}

function joined(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')] as const],
  )
  return Object.fromEntries(entries)
}

async function limitedText(
  body: Dispatcher.ResponseData['body'],
  url: URL,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length
    // Leaving the loop destroys the body, and with it the connection.
    if (length > maxBytes) throw new Unaskable(`${url.host} answered more than ${maxBytes} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts, length).toString('utf8')
}

function plainError(url: URL, { timeoutMs }: ControlRequest, signal: AbortSignal, error: unknown): Error {
  if (error instanceof Unaskable || error instanceof TooMany) return error
  if (signal.aborted) return new Error(`${url.host} did not answer within ${timeoutMs} ms.`, { cause: error })
  const code = codeOf(error)
  if (code === 'FORBIDDEN_ADDRESS')
    return new Error(`The gateway must not connect to the addresses of ${url.host}.`, { cause: error })
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Error(`The name ${url.host} could not be resolved.`, { cause: error })
  return new Error(`${url.host} could not be asked (${code}).`, { cause: error })
}

function codeOf(error: unknown): string {
  // With several addresses, Node hands back one error for all of them.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return error instanceof Error ? error.name : 'unknown'
}

class TooMany extends Error {}

interface Waiting {
  readonly proceed: () => void
}

/** Lets so many run at once, the others wait for their turn in order. */
class Turns {
  readonly #runningMax: number
  readonly #waitingMax: number
  #running = 0
  readonly #waiting = new Set<Waiting>()

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  get isIdle(): boolean {
    return this.#running === 0
  }

  async take(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#runningMax) {
      this.#running++
      return
    }
    if (this.#waiting.size >= this.#waitingMax)
      throw new TooMany("Too many of the gateway's own requests wait for that host.")
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(entry)
        reject(new Error('gave up waiting'))
      }
      const entry: Waiting = {
        proceed: () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(entry)
    })
  }

  /** Gives the turn to the next one, or back. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#running--
      return
    }
    this.#waiting.delete(next)
    next.proceed()
  }
}

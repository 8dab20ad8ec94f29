import { hash } from 'node:crypto'
import type { SharedStore } from '#policies/definition.ts'

/** A shared store that this process opened. */
export interface OpenedStore extends SharedStore {
  readonly isConnected: boolean
  /** Ends the connection; calls that run are rejected. */
  close(): Promise<void>
}

type Say = (fields: Record<string, unknown>, text: string) => void
/** What it needs of a log. */
export interface StoreLog {
  readonly info: Say
  readonly warn: Say
  readonly error: Say
}

/** The store did not answer: away, slow, or closed. */
export class StoreAway extends Error {}

/** What a call may take: a request waits for it. */
const callMsMax = 100
/** After a call that took too long the store is left alone for this long, so that requests do not queue up behind it. */
const restMs = 1_000
const connectMsMax = 2_000
const backOffMs = { first: 50, most: 2_000 } as const
/** Calls that wait for an answer at one time; more are refused at once. */
const callsMax = 10_000

type Client = Awaited<ReturnType<typeof openClient>>

/**
 * Opens a Redis by its address (`redis://`, `rediss://`). Comes back at once: until there is a connection every
 * call rejects, and a lost one is opened again by itself.
 */
export function createSharedStore(url: string, log: StoreLog): OpenedStore {
  const calls = new Calls()
  let client: Client | undefined
  let closed = false
  const where = placeOf(url)
  const opening = openClient(url, where, log).then(async (opened) => {
    client = opened
    if (closed) opened.destroy()
    else await opened.connect()
  })
  opening.catch((error: unknown) => {
    if (!closed) log.error({ code: 'shared_store.failed', where, error }, `no shared store at ${where}`)
  })
  const ready = (): Client => {
    if (client?.isReady === true) return client
    throw new StoreAway(`there is no connection to the shared store at ${where}`)
  }
  return {
    get isConnected() {
      return client?.isReady === true
    },
    evaluate: (script, keys, args) => calls.run(() => evaluated(ready(), script, keys, args.map(String))),
    get: (key) => calls.run(async () => (await ready().get(key)) ?? undefined),
    set: (key, value, ttlMs) =>
      calls.run(async () => {
        const expiration = { type: 'PX', value: Math.max(1, Math.ceil(ttlMs)) } as const
        await ready().set(key, bufferOf(value), { expiration })
      }),
    delete: (keys) =>
      calls.run(async () => {
        if (keys.length > 0) await ready().unlink([...keys])
      }),
    async close() {
      closed = true
      if (client?.isOpen === true) client.destroy()
      await opening.catch(() => undefined)
    },
  }
}

/** Without what may be secret. */
function placeOf(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Loaded by its file: a node without a shared store does without the package. */
async function openClient(url: string, where: string, log: StoreLog) {
  const { createClient, RESP_TYPES } = await import('redis/dist/index.js')
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: callsMax,
    // Nobody asks the store to announce its upkeep.
    maintNotifications: 'disabled',
    pingInterval: 5_000,
    socket: { connectTimeout: connectMsMax, socketTimeout: 15_000, reconnectStrategy },
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  let wasReady = false
  let toldAway = false
  client.on('ready', () => {
    wasReady = true
    toldAway = false
    log.info({ code: 'shared_store.connected', where }, `connected to the shared store at ${where}`)
  })
  client.on('error', (error: Error) => {
    if (toldAway) return
    toldAway = true
    const said = wasReady ? 'lost the shared store at' : 'cannot reach the shared store at'
    log.warn({ code: 'shared_store.away', where, reason: error.message }, `${said} ${where}`)
  })
  return client
}

/** Half of it is chance, so that nodes do not come back all at once. */
function reconnectStrategy(retries: number): number {
  const most = Math.min(backOffMs.most, backOffMs.first * 2 ** Math.min(retries, 10))
  return most / 2 + Math.random() * (most / 2)
}

const digests = new Map<string, string>()

async function evaluated(
  client: Client,
  script: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const digest = digests.get(script) ?? hash('sha1', script, 'hex')
  digests.set(script, digest)
  const options = { keys: [...keys], arguments: [...args] }
  try {
    return textOf(await client.evalSha(digest, options))
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return textOf(await client.eval(script, options))
  }
}

/** What scripts answer are numbers and texts. */
function textOf(answer: unknown): unknown {
  if (Buffer.isBuffer(answer)) return answer.toString()
  return Array.isArray(answer) ? answer.map(textOf) : answer
}

/** Holds every call to its time, and lets none go out for a while after one that took too long. */
class Calls {
  #restsUntilMs = 0

  run<T>(call: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#restsUntilMs)
      return Promise.reject(new StoreAway('the shared store is slow'))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#restsUntilMs = performance.now() + restMs
        reject(new StoreAway(`the shared store took longer than ${callMsMax} ms`))
      }, callMsMax)
      const running = (async () => call())()
      running.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

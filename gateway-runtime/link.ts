import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { io, type Socket } from 'socket.io-client'
import { z } from 'zod'
import {
  capabilityOf,
  type Command,
  type CommandAnswer,
  command,
  type DeltaAnswer,
  deltaCapability,
  itemsGiven,
  type NodeEvent,
  type NodeToPortal,
  type PortalToNode,
  type Registration,
  type Report,
  registered,
  runtimeNamespace,
  runtimeSocketPath,
} from '#contract/events.ts'
import {
  keepsCertificates,
  type KeptOrder,
  type KeptOrdersAnswer,
  keptOrders,
  type SigningAnswer,
  type SigningRequest,
  signingAnswer,
} from '#contract/kept-certificates.ts'
import type { Secret } from '#domain/secret.ts'
import { policies } from '#policies/index.ts'
import packageJson from '../package.json' with { type: 'json' }
import type { Offer, Revisions } from './apply.ts'
import type { Store } from './store/store.ts'

export const runtimeVersion = packageJson.version

/** What this build can take, so that a portal can warn before it publishes. */
export const capabilities = [
  'http/1.1',
  'websocket',
  deltaCapability,
  capabilityOf('evict'),
  capabilityOf('probe'),
  keepsCertificates,
  ...policies.map((policy) => `policy/${policy.kind}@${policy.policyVersion}`),
]

export interface LinkOptions {
  readonly portal: URL
  readonly key: Secret
  readonly store: Store
  readonly revisions: Revisions
  readonly report: () => Promise<Report>
  readonly obey: (command: Command) => Promise<CommandAnswer>
  readonly keep: (orders: readonly KeptOrder[]) => Promise<KeptOrdersAnswer>
  readonly log: Logger
  /** How long to wait before the next attempt; shortened in tests. */
  readonly timing?: Partial<Timing>
}

export interface Timing {
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /** A refused key is not mended by asking often. */
  readonly refusedMs: number
  readonly reportMs: number
  readonly answerMs: number
}

const defaultTiming: Timing = {
  backoffBaseMs: 250,
  backoffMaxMs: 5_000,
  refusedMs: 30_000,
  reportMs: 5_000,
  answerMs: 10_000,
}

type LinkSocket = Socket<PortalToNode, NodeToPortal>

/** Why a session with the portal ended, and so when the next one is worth trying. */
class KeyRefused extends Error {}

/** Events that wait for a connection; older ones give way. */
const eventsMax = 50
const hashesPerRequest = 1_000
/** A session that lasted this long was a good one: the next attempt comes soon. */
const goodSessionMs = 5_000

const problem = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  title: z.string().optional(),
})

/**
 * The connection to the portal, kept up for as long as the node runs. The node dials, registers itself, says
 * what it serves and takes configurations. Nothing here can stop traffic: without the portal it only waits.
 */
export class Link {
  readonly #options: LinkOptions
  readonly #timing: Timing
  readonly #stopping = new AbortController()
  readonly #waiting: NodeEvent[] = []
  #socket: LinkSocket | undefined
  #isConnected = false
  #isRegistered = false
  #running: Promise<void> | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#timing = { ...defaultTiming, ...options.timing }
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#socket?.disconnect()
    await this.#running
  }

  /** Tells the portal about something that happened, now or once it is back. */
  event(event: Omit<NodeEvent, 'at'>): void {
    this.#waiting.push({ ...event, at: new Date().toISOString() })
    if (this.#waiting.length > eventsMax) this.#waiting.shift()
    if (this.#isConnected) this.#flushEvents()
  }

  /** Has the portal sign a request; rejects while there is no connection. */
  async sign(request: SigningRequest): Promise<SigningAnswer> {
    const socket = this.#socket
    if (socket?.connected !== true) throw new Error('there is no connection to the portal')
    return signingAnswer.parse(await socket.timeout(this.#timing.answerMs).emitWithAck('sign', request))
  }

  async #run(): Promise<void> {
    let attempt = 0
    while (!this.#stopping.signal.aborted) {
      const started = performance.now()
      let waitMs = 0
      try {
        await this.#session()
        if (performance.now() - started > goodSessionMs) attempt = 0
        waitMs = this.#backoffMs(attempt++)
      } catch (error) {
        waitMs = error instanceof KeyRefused ? this.#refusedMs() : this.#backoffMs(attempt++)
        this.#logFailure(error, waitMs)
      }
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
  }

  /** Full jitter: a thousand nodes that lost the portal together do not come back together. */
  #backoffMs(attempt: number): number {
    const { backoffBaseMs, backoffMaxMs } = this.#timing
    return Math.random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** Math.min(attempt, 20))
  }

  #refusedMs(): number {
    return this.#timing.refusedMs * (1 + Math.random())
  }

  #logFailure(error: unknown, waitMs: number): void {
    if (this.#stopping.signal.aborted) return
    const reason = reasonOf(error)
    const fields = { retryInMs: Math.round(waitMs), portal: this.#options.portal.origin }
    if (error instanceof KeyRefused)
      this.#options.log.error(
        { code: 'link.key-refused', ...fields },
        `the portal refuses the gateway key: ${reason}`,
      )
    else
      this.#options.log.warn(
        { code: 'link.not-connected', ...fields },
        `no connection to the portal: ${reason}`,
      )
  }

  /** One connection from its beginning to its end. */
  async #session(): Promise<void> {
    if (!this.#isRegistered) await this.#register()
    const socket = this.#dial()
    this.#socket = socket
    const ended = new Promise<string>((resolve) => socket.once('disconnect', resolve))
    const timer = setInterval(() => void this.#sendReport(socket), this.#timing.reportMs)
    try {
      await this.#connected(socket)
      await this.#sayHello(socket)
      void this.#sendReport(socket)
      const reason = await ended
      if (reason === 'io server disconnect') this.#isRegistered = false
      if (!this.#stopping.signal.aborted)
        this.#options.log.warn({ code: 'link.lost', reason }, `the connection to the portal ended: ${reason}`)
    } finally {
      clearInterval(timer)
      this.#isConnected = false
      this.#socket = undefined
      socket.disconnect()
    }
  }

  async #register(): Promise<void> {
    const { portal, key, store, log } = this.#options
    const body: Registration = {
      gatewayKey: key.reveal(),
      hostname: hostname().slice(0, 255) || 'unknown',
      capabilities,
      installationId: store.identity.installationId,
      runtimeVersion,
    }
    const response = await fetch(new URL('/api/v1/gateways/register', portal), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#timing.answerMs)]),
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (!response.ok) {
      const { detail, title } = problem.safeParse(answer).data ?? {}
      const reason = detail ?? title ?? `status ${response.status}`
      throw response.status === 401 ? new KeyRefused(reason) : new Error(`registration: ${reason}`)
    }
    await this.#keepIdentity(registered.parse(answer))
    this.#isRegistered = true
    log.info({ code: 'link.registered', ...this.#names() }, 'registered at the portal')
  }

  #names() {
    const { nodeId, gatewayId, gatewayName } = this.#options.store.identity.registered ?? {}
    return { nodeId, gatewayId, gatewayName }
  }

  /** Pins the signing keys at the first registration with a gateway; later ones cannot replace them. */
  async #keepIdentity(answer: z.infer<typeof registered>): Promise<void> {
    const { store, log } = this.#options
    const { identity } = store
    const pinned =
      identity.registered?.gatewayId === answer.gatewayId ? identity.registered.signingKeys : undefined
    const signingKeys = pinned ?? answer.signingKeys
    if (signingKeys.length === 0) throw new Error('registration: the portal named no signing key')
    const strangers = answer.signingKeys.filter(
      (key) => !signingKeys.some((known) => known.keyId === key.keyId && known.publicKey === key.publicKey),
    )
    if (strangers.length > 0)
      log.error(
        { code: 'link.signing-key-changed', keyIds: strangers.map((key) => key.keyId) },
        'the portal names signing keys other than those pinned at the first registration; they are not trusted',
      )
    const { nodeId, gatewayId, gatewayName } = answer
    await store.saveIdentity({ ...identity, registered: { nodeId, gatewayId, gatewayName, signingKeys } })
  }

  #dial(): LinkSocket {
    const { portal, key, store } = this.#options
    const socket: LinkSocket = io(portal.origin + runtimeNamespace, {
      path: runtimeSocketPath,
      transports: ['websocket'],
      // The waiting between attempts is this class's own.
      reconnection: false,
      forceNew: true,
      autoConnect: false,
      timeout: this.#timing.answerMs,
      auth: { gatewayKey: key.reveal(), nodeId: store.identity.registered?.nodeId ?? '' },
    })
    socket.on('config', (message, done) => {
      this.#take(message, done).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'an answer to the portal failed'),
      )
    })
    socket.on('delta', (message, done) => {
      this.#takeDelta(message, done).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'an answer to the portal failed'),
      )
    })
    socket.on('command', (message, done) => {
      this.#obey(message, done).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'a command of the portal failed'),
      )
    })
    socket.on('certificates', (message, done) => {
      this.#keep(message, done).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'certificates that the portal asks for failed'),
      )
    })
    return socket
  }

  /** Waits until the portal has let the socket in; rejects however else the attempt ends. */
  async #connected(socket: LinkSocket): Promise<void> {
    const { signal } = this.#stopping
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = () => reject(new Error('stopping'))
    const timer = setTimeout(() => reject(new Error('no answer in time')), this.#timing.answerMs)
    signal.addEventListener('abort', stop)
    socket.once('connect', resolve)
    // A portal that cannot check a node just now closes the connection without a word.
    socket.once('disconnect', (reason) => reject(new Error(reason)))
    socket.once('connect_error', (error) => {
      // Refused by the portal rather than not reached: it may not know this node any more.
      if (!('type' in error && error.type === 'TransportError')) this.#isRegistered = false
      reject(error)
    })
    socket.connect()
    await promise.finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    })
  }

  async #sayHello(socket: LinkSocket): Promise<void> {
    const current = this.#options.revisions.current?.manifest
    const answer = await socket.timeout(this.#timing.answerMs).emitWithAck('hello', {
      hostname: hostname().slice(0, 255) || 'unknown',
      runtimeVersion,
      capabilities,
      appliedRevision: current?.revision ?? null,
      appliedHash: current?.hash ?? null,
    })
    if (!answer.ok) {
      this.#isRegistered = false
      throw new Error(`the portal does not take this node: ${answer.reason}`)
    }
    this.#isConnected = true
    this.#options.log.info({ code: 'link.connected', ...this.#names() }, 'connected to the portal')
    this.#flushEvents()
  }

  async #take(message: unknown, done: unknown): Promise<void> {
    this.#answer(await this.#options.revisions.apply(offerOf(message), this.#fetchItems), done)
  }

  async #takeDelta(message: unknown, done: unknown): Promise<void> {
    this.#answer(await this.#options.revisions.applyDelta(offerOf(message), this.#fetchItems), done)
  }

  #answer(answer: DeltaAnswer, done: unknown): void {
    // A portal that asks for no acknowledgement gets none.
    if (typeof done === 'function') (done as (answer: DeltaAnswer) => void)(answer)
    if (this.#isConnected && this.#socket !== undefined) void this.#sendReport(this.#socket)
  }

  async #obey(message: unknown, done: unknown): Promise<void> {
    const parsed = command.safeParse(message)
    const outcome: CommandAnswer = parsed.success
      ? await this.#options.obey(parsed.data)
      : { status: 'unknown' }
    this.#options.log.info(
      { code: 'link.command', command: parsed.data, ...outcome },
      'a command of the portal',
    )
    const answer = done as (outcome: CommandAnswer) => void
    if (typeof done === 'function') answer(outcome)
    if (this.#isConnected && this.#socket !== undefined) void this.#sendReport(this.#socket)
  }

  async #keep(message: unknown, done: unknown): Promise<void> {
    const { orders } = keptOrders.parse(message)
    const outcome = await this.#options.keep(orders)
    const answer = done as (outcome: KeptOrdersAnswer) => void
    if (typeof done === 'function') answer(outcome)
    if (this.#isConnected && this.#socket !== undefined) void this.#sendReport(this.#socket)
  }

  readonly #fetchItems = async (
    gatewayId: string,
    hashes: readonly string[],
  ): Promise<Record<string, unknown>> => {
    const fetched: Record<string, unknown> = {}
    for (let start = 0; start < hashes.length; start += hashesPerRequest) {
      const socket = this.#socket
      if (socket === undefined) throw new Error('the connection to the portal ended')
      const wanted = { gatewayId, hashes: hashes.slice(start, start + hashesPerRequest) }
      const answer = await socket.timeout(this.#timing.answerMs).emitWithAck('items', wanted)
      Object.assign(fetched, itemsGiven.parse(answer).items)
    }
    return fetched
  }

  async #sendReport(socket: LinkSocket): Promise<void> {
    if (!this.#isConnected) return
    const report = await this.#options.report()
    if (this.#isConnected) socket.volatile.emit('report', report)
  }

  #flushEvents(): void {
    for (const event of this.#waiting.splice(0)) this.#socket?.emit('event', event)
  }
}

/** What went wrong in words; `fetch` hides it behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message || ('code' in cause ? String(cause.code) : error.message)
}

/** The outer form of a `config` or `delta` message; its parts are checked when they are applied. */
function offerOf(message: unknown): Offer {
  const given = typeof message === 'object' && message !== null ? message : {}
  const items: unknown = 'items' in given ? given.items : undefined
  return {
    signed: 'signed' in given ? given.signed : undefined,
    items: typeof items === 'object' && items !== null ? { ...items } : {},
  }
}

import { X509Certificate } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import {
  keptOrder,
  type KeptOrder,
  type KeptOrdersAnswer,
  type SigningAnswer,
  type SigningRequest,
} from '#contract/kept-certificates.ts'
import { renewalDueMs } from '#domain/kept-certificate.ts'
import type { KeyPair } from '#policies/settings.ts'
import { checkKeyPair } from '#tls/pem.ts'

const held = z.object({
  order: keptOrder,
  /** What is shown. */
  current: z
    .object({ key: z.string(), chain: z.string(), generation: z.int(), takenAt: z.iso.datetime() })
    .nullable(),
  /** The key whose certificate is asked for. */
  next: z.object({ key: z.string(), csr: z.string(), generation: z.int() }).nullable(),
})
type Held = z.infer<typeof held>

export interface KeptCertificatesOptions {
  readonly store: {
    readCertificates(): Promise<unknown>
    saveCertificates(certificates: unknown): Promise<void>
  }
  /** Has the portal sign; rejects while it cannot be reached. */
  readonly sign: (request: SigningRequest) => Promise<SigningAnswer>
  /** Something else is to be shown from now on. */
  readonly changed: () => Promise<void>
  /** Whether what is served shows it. */
  readonly isShown: (certificateId: string) => boolean
  readonly log: Logger
}

/** Timers take no longer waits than some weeks; a clock that is set is noticed within this. */
const waitMsMax = 3_600_000
const waitMsMin = 250
/** After something failed. */
const retryMs = 30_000

/**
 * The certificates whose keys this node makes itself. A key never leaves its sealed store: a request goes out, what
 * was signed comes back, and only then does it take the place of the one before.
 */
export class KeptCertificates {
  readonly #options: KeptCertificatesOptions
  readonly #held = new Map<string, Held>()
  readonly #faults = new Map<string, string>()
  #queue: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: KeptCertificatesOptions) {
    this.#options = options
  }

  /** Reads what was kept. What cannot be read is lost: other keys are made in its place. */
  async restore(): Promise<void> {
    const { store, log } = this.#options
    try {
      const kept = z.array(held).parse((await store.readCertificates()) ?? [])
      for (const each of kept) this.#held.set(each.order.certificateId, each)
      this.#schedule()
    } catch (error) {
      log.error(
        { code: 'store.certificates-unreadable' },
        `the certificates that this node keeps cannot be read, and are made anew: ${wordsOf(error)}`,
      )
    }
  }

  /** What this node shows, once it was signed. */
  keyPair(certificateId: string): KeyPair | undefined {
    const current = this.#held.get(certificateId)?.current
    return current ? { certificate: current.chain, key: current.key } : undefined
  }

  /** Why it has none. */
  whyNone(certificateId: string): string {
    const known = this.#held.get(certificateId)
    if (known === undefined) return 'nobody has asked this node for it yet'
    return this.#faults.get(certificateId) ?? 'its request waits to be signed'
  }

  problems(): string[] {
    return [...this.#faults].map(
      ([id, reason]) => `certificate ${this.#held.get(id)?.order.name ?? id}: ${reason}`,
    )
  }

  /** Takes all that this node is to keep; settled once what can be had at once is there. */
  take(orders: readonly KeptOrder[]): Promise<KeptOrdersAnswer> {
    return this.#inTurn(async () => {
      this.#adoptOrders(orders)
      for (const order of orders) if (order.chain !== null) this.#adopt(order.certificateId, order.chain)
      await this.#bringUp()
      return {
        faults: [...this.#faults].map(([certificateId, reason]) => ({
          certificateId,
          reason: reason.slice(0, 1_000),
        })),
      }
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#queue
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }

  #adoptOrders(orders: readonly KeptOrder[]): void {
    const wanted = new Map(orders.map((order) => [order.certificateId, order]))
    for (const [id, order] of wanted) {
      const known = this.#held.get(id)
      this.#held.set(id, { current: null, next: null, ...known, order: { ...order, chain: null } })
    }
    for (const id of this.#held.keys()) {
      // What is shown is kept until nothing shows it.
      if (wanted.has(id) || this.#options.isShown(id)) continue
      this.#held.delete(id)
      this.#faults.delete(id)
    }
  }

  /** Puts a chain in the place of what is shown, where it is for the key that waits for it. */
  #adopt(id: string, chain: string): boolean {
    const known = this.#held.get(id)
    if (!known?.next || known.current?.chain === chain) return false
    const { key, generation } = known.next
    try {
      checkKeyPair({ certificate: chain, key })
      requireValid(chain)
    } catch (error) {
      // An earlier one, for the key of which nothing waits, says nothing against the request that is out.
      if (known.current === null) this.#faults.set(id, wordsOf(error))
      return false
    }
    const takenAt = new Date().toISOString()
    this.#held.set(id, { ...known, current: { key, chain, generation, takenAt }, next: null })
    this.#faults.delete(id)
    return true
  }

  /** Makes the keys that are wanted, has them signed, and shows what came of it. */
  async #bringUp(): Promise<void> {
    const { store, changed, log } = this.#options
    try {
      const before = this.#shown()
      for (const [id, each] of this.#held) if (isDue(each, Date.now())) await this.#makeKey(id)
      // Kept before anybody hears of it, so that what is signed is never for a key that is lost.
      await store.saveCertificates([...this.#held.values()])
      for (const [id, { next }] of this.#held) if (next) await this.#ask(id, next.csr)
      if (this.#shown() === before) return
      await store.saveCertificates([...this.#held.values()])
      await changed()
    } catch (error) {
      log.error({ code: 'certificates.failed', err: error }, `certificates are not kept: ${wordsOf(error)}`)
      for (const [id, { current }] of this.#held) if (!current) this.#faults.set(id, wordsOf(error))
    } finally {
      this.#schedule()
    }
  }

  #shown(): string {
    return [...this.#held].map(([id, { current }]) => `${id} ${current?.chain}`).join()
  }

  async #makeKey(id: string): Promise<void> {
    const known = this.#held.get(id)
    if (!known) return
    // Most nodes keep none, and need not load what makes requests.
    const { makeKey, makeRequest } = await import('#tls/certificate-request.ts')
    const { commonName, names, generation } = known.order
    const key = makeKey()
    const csr = await makeRequest({ subject: { commonName }, names }, key)
    this.#held.set(id, { ...known, next: { key: key.reveal(), csr, generation } })
  }

  async #ask(certificateId: string, csr: string): Promise<void> {
    const { sign, log } = this.#options
    const name = this.#held.get(certificateId)?.order.name
    try {
      const answer = await sign({ certificateId, csr })
      if (answer.status === 'refused') this.#refused(certificateId, answer.reason)
      else this.#faults.delete(certificateId)
      if (answer.status === 'signed' && this.#adopt(certificateId, answer.chain))
        log.info({ code: 'certificate.signed', certificateId }, `certificate ${name} was signed`)
    } catch (error) {
      log.warn(
        { code: 'certificate.not-asked', certificateId },
        `certificate ${name} could not be asked for: ${wordsOf(error)}`,
      )
      if (!this.keyPair(certificateId)) this.#faults.set(certificateId, 'the portal cannot be reached')
    }
  }

  // Whatever was wrong with the request, the next one is made anew.
  #refused(id: string, reason: string): void {
    const known = this.#held.get(id)
    this.#options.log.error({ code: 'certificate.refused', certificateId: id }, `not signed: ${reason}`)
    this.#faults.set(id, reason)
    if (known) this.#held.set(id, { ...known, next: null })
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped || this.#held.size === 0) return
    const now = Date.now()
    const waits = [...this.#held].map(([id, each]) => {
      if (this.#faults.has(id) || each.next) return retryMs
      return each.current ? dueMs(each.order, each.current) - now : retryMs
    })
    const waitMs = Math.max(waitMsMin, Math.min(waitMsMax, ...waits))
    this.#timer = setTimeout(() => void this.#inTurn(() => this.#bringUp()), waitMs).unref()
  }
}

function isDue({ order, current, next }: Held, now: number): boolean {
  if (next && next.generation >= order.generation) return false
  return !current || current.generation < order.generation || dueMs(order, current) <= now
}

function dueMs({ renewBeforeDays }: KeptOrder, { chain, takenAt }: NonNullable<Held['current']>): number {
  const notAfter = new X509Certificate(chain).validToDate.toISOString()
  return renewalDueMs({ takenAt, notAfter }, renewBeforeDays)
}

function requireValid(chain: string): void {
  const { validToDate } = new X509Certificate(chain)
  if (validToDate.getTime() <= Date.now())
    throw new Error(`what was signed ended on ${validToDate.toISOString()}`)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Reason } from '#contract/events.ts'
import { itemPointer } from '#contract/items.ts'
import type { KeyPair } from '#policies/settings.ts'
import type { Contents } from './plan.ts'
import type { Place, Served, Serves } from './serving.ts'

/** What this node has of the certificates that it keeps. */
export interface Keys {
  keyPair(certificateId: string): KeyPair | undefined
  whyNone(certificateId: string): string
}

/**
 * Serves configurations in which contexts show certificates that this node keeps: with its own in their place, and
 * anew whenever another one of them was signed. A context whose certificate is not there yet cannot be served.
 */
export class KeptServing implements Serves {
  readonly #plane: Serves
  readonly #keys: () => Keys
  readonly #log: Logger
  #contents: Contents = new Map()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(plane: Serves, keys: () => Keys, log: Logger) {
    this.#plane = plane
    this.#keys = keys
    this.#log = log
  }

  get isServing(): boolean {
    return this.#plane.isServing
  }

  get ports(): readonly number[] {
    return this.#plane.ports
  }

  get listeners(): readonly Place[] {
    return this.#plane.listeners
  }

  /** Whether what is served shows it. */
  isShown(certificateId: string): boolean {
    return [...this.#contents.values()].some(
      ({ item }) => item.kind === 'tls-context' && item.kept?.certificateId === certificateId,
    )
  }

  serve(contents: Contents): Promise<Served> {
    return this.#inTurn(async () => {
      const filled = fill(contents, this.#keys())
      if (!filled.ok) return filled
      const served = await this.#plane.serve(filled.contents)
      if (served.ok) this.#contents = contents
      return served
    })
  }

  /** Serves the same with the certificates of now; what cannot be served leaves what runs as it is. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      if (![...this.#contents.values()].some(({ item }) => item.kind === 'tls-context' && item.kept)) return
      const filled = fill(this.#contents, this.#keys())
      const served = filled.ok ? await this.#plane.serve(filled.contents) : filled
      if (served.ok) return
      const [first] = served.reasons
      this.#log.error(
        { code: 'certificate.not-shown', reasons: served.reasons },
        `a renewed certificate cannot be shown: ${first?.reason}`,
      )
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }
}

type Filled = { ok: true; contents: Contents } | { ok: false; reasons: Reason[] }

/** The contents with this node's own certificates; their hashes say which ones, so that what is new is built anew. */
function fill(contents: Contents, keys: Keys): Filled {
  const reasons: Reason[] = []
  const filled = [...contents].map(([id, content]) => {
    const { item } = content
    if (item.kind !== 'tls-context' || item.kept === undefined) return [id, content] as const
    const { kept, ...rest } = item
    const pair = keys.keyPair(kept.certificateId)
    if (pair === undefined) {
      const why = keys.whyNone(kept.certificateId)
      reasons.push({
        pointer: itemPointer(id, 'kept'),
        reason: `this node has no certificate for it: ${why}`,
      })
      return [id, content] as const
    }
    const shown = hash('sha256', `${content.hash} ${pair.certificate}`)
    return [id, { hash: shown, item: { ...rest, keystore: pair } }] as const
  })
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, contents: new Map(filled) }
}

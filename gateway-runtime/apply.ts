import { createPublicKey, verify } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Acknowledgement, DeltaAnswer, Reason } from '#contract/events.ts'
import { type Item, item, itemPointer } from '#contract/items.ts'
import {
  canonicalJson,
  itemsJson,
  type Manifest,
  manifestJson,
  type SignedManifest,
  signedManifest,
} from '#contract/manifest.ts'
import { changeBetween, changedWithJson, signedDelta } from '#contract/manifest-delta.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { sha256 } from './ports.ts'
import type { Serves } from './serving.ts'
import type { Accepted, Identity } from './store/store.ts'

/** A configuration, or a difference to one, as it came over the wire: nothing in it is trusted yet. */
export interface Offer {
  readonly signed: unknown
  readonly items: Readonly<Record<string, unknown>>
}

/** Asks for the contents of hashes; what comes back is not trusted either. */
export type FetchItems = (
  gatewayId: string,
  hashes: readonly string[],
) => Promise<Readonly<Record<string, unknown>>>

/** What the store does for revisions. */
export interface Keeping {
  readonly identity: Identity
  save(accepted: Accepted): Promise<void>
  generations(): AsyncIterable<Accepted>
  newestRevision(): Promise<number>
}

/** One item as it is served: its canonical JSON, which is what its hash stands for, and what it says. */
interface Content {
  readonly hash: string
  readonly json: string
  readonly item: Item
}

export interface Current {
  readonly manifest: Manifest
  readonly contents: ReadonlyMap<string, Content>
  readonly appliedAt: Date
  /** Whether a restart would find it. */
  readonly persisted: boolean
}

/** What ends an application early: the reasons for a refusal. */
class Refused extends Error {
  readonly reasons: readonly Reason[]

  constructor(reasons: readonly Reason[]) {
    super(reasons[0]?.reason ?? 'refused')
    this.reasons = reasons
  }
}

function refuse(pointer: string, reason: string): never {
  throw new Refused([{ pointer, reason }])
}

const reasonsMax = 100
/** Gives way to traffic after so many items. */
const sliceItems = 50

/**
 * Takes revisions, one after another: checks who signed them, that they are for this gateway and not older than
 * what it served, and that every item is what its hash says; then has the whole of it served, and kept. What
 * cannot be taken leaves what runs as it is.
 */
export class Revisions {
  readonly #serving: Serves
  readonly #store: Keeping
  readonly #log: Logger
  #current: Current | undefined
  #refusal: { revision: number; reason: string } | undefined
  /** Revisions below this one are history. */
  #floor = 0
  #floorOf: string | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(serving: Serves, store: Keeping, log: Logger) {
    this.#serving = serving
    this.#store = store
    this.#log = log
  }

  get current(): Current | undefined {
    return this.#current
  }

  /** The newest revision that was refused and that nothing has replaced since. */
  get refusal(): { revision: number; reason: string } | undefined {
    return this.#refusal
  }

  /** Serves the newest stored generation that can be served; says why the first could not when none can. */
  async restore(): Promise<{ served: boolean; reasons: readonly Reason[] }> {
    let reasons: readonly Reason[] = []
    this.#floor = await this.#store.newestRevision()
    this.#floorOf = this.#store.identity.registered?.gatewayId
    for await (const { signed, items } of this.#store.generations()) {
      try {
        await this.#verify(signed, itemsJson(signed.manifest.items))
        const offered = Object.fromEntries(items.map((json) => [sha256(json), JSON.parse(json)]))
        const contents = await this.#checked(signed.manifest, offered, undefined)
        await this.#serve(contents)
        this.#current = { manifest: signed.manifest, contents, appliedAt: new Date(), persisted: true }
        const { revision, hash } = signed.manifest
        this.#log.info(
          { code: 'store.restored', revision, hash },
          `serving revision ${revision} from the store`,
        )
        return { served: true, reasons: [] }
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        if (reasons.length === 0) reasons = error.reasons
        const { revision } = signed.manifest
        this.#log.error(
          { code: 'store.generation-refused', revision, reasons: error.reasons },
          `the stored revision ${revision} cannot be served: ${error.message}`,
        )
      }
    }
    return { served: false, reasons }
  }

  /** Applies an offer after those that came before it, and says what became of it. */
  apply(offer: Offer, fetchItems: FetchItems): Promise<Acknowledgement> {
    return this.#inTurn(() => this.#apply(offer, fetchItems, () => wholeOf(offer.signed)))
  }

  /**
   * The same of what differs from a configuration. One that is not what is served, or a difference after which the
   * whole is not what its hash says, is for the portal to say anew.
   */
  applyDelta(offer: Offer, fetchItems: FetchItems): Promise<DeltaAnswer> {
    return this.#inTurn(async () => {
      const parsed = signedDelta.safeParse(offer.signed)
      if (!parsed.success) return this.#apply(offer, fetchItems, () => refuseShape(parsed.error))
      const { from, change, manifest, ...signature } = parsed.data
      const served = this.#current?.manifest
      if (served?.hash !== from || served.gatewayId !== manifest.gatewayId) return { status: 'other-base' }
      const items = changedWithJson(served.items, change)
      const json = itemsJson(items)
      if (sha256(json) !== manifest.hash) return { status: 'other-base' }
      const signed = { ...signature, manifest: { ...manifest, items } }
      return this.#apply(offer, fetchItems, () => ({ signed, json }))
    })
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run)
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #apply(offer: Offer, fetchItems: FetchItems, read: () => Read): Promise<Acknowledgement> {
    const started = performance.now()
    try {
      const signed = await this.#trusted(read())
      const { revision, hash } = signed.manifest
      await setImmediate()
      const contents = await this.#checked(signed.manifest, offer.items, fetchItems)
      await setImmediate()
      if (this.#current?.manifest.hash !== hash || !this.#serving.isServing) await this.#serve(contents)
      const persisted = await this.#keep(signed, contents)
      this.#current = { manifest: signed.manifest, contents, appliedAt: new Date(), persisted }
      this.#floor = revision
      this.#floorOf = signed.manifest.gatewayId
      this.#refusal = undefined
      const durationMs = Math.round(performance.now() - started)
      this.#log.info(
        { code: 'revision.applied', revision, hash, durationMs, persisted },
        `applied revision ${revision}`,
      )
      return { status: 'applied', revision, hash, durationMs, persisted }
    } catch (error) {
      if (!(error instanceof Refused))
        this.#log.error({ err: error }, 'a revision failed in an unforeseen way')
      return this.#refused(offer, error)
    }
  }

  #refused(offer: Offer, error: unknown): Acknowledgement {
    const revision = revisionOf(offer.signed)
    const reasons =
      error instanceof Refused
        ? error.reasons.slice(0, reasonsMax)
        : [
            {
              pointer: '',
              reason: `the node failed: ${error instanceof Error ? error.message : String(error)}`,
            },
          ]
    const servingRevision = this.#current?.manifest.revision ?? null
    const reason = reasons[0] === undefined ? '' : `${reasons[0].pointer}: ${reasons[0].reason}`
    this.#refusal = { revision, reason }
    this.#log.error(
      { code: 'revision.refused', revision, servingRevision, reasons },
      `refused revision ${revision}: ${reason}`,
    )
    return { status: 'refused', revision, reasons: [...reasons], servingRevision }
  }

  /** The signed manifest, if it is for this gateway, signed by a pinned key, and not older than what was served. */
  async #trusted({ signed, json }: Read): Promise<SignedManifest> {
    await this.#verify(signed, json)
    const { revision, hash, gatewayId } = signed.manifest
    // Another gateway's revisions were counted apart.
    const floor = gatewayId === this.#floorOf ? this.#floor : 0
    if (revision < floor)
      refuse(
        '/signed/manifest/revision',
        `revision ${revision} is older than ${floor}, which this node has served`,
      )
    const current = this.#current?.manifest
    if (current?.gatewayId === gatewayId && current.revision === revision && current.hash !== hash)
      refuse('/signed/manifest/hash', `revision ${revision} is served already, with other contents`)
    return signed
  }

  /** Each step on a large manifest takes milliseconds; traffic gets its turn between them. */
  async #verify({ manifest, signature, keyId }: SignedManifest, json: string): Promise<void> {
    const registered = this.#store.identity.registered
    if (registered === undefined) refuse('/signed', 'this node is not registered and trusts nobody yet')
    const key = registered.signingKeys.find((one) => one.keyId === keyId)
    if (key === undefined)
      refuse('/signed/keyId', `the key ${keyId} is not among those that this node trusts`)
    if (manifest.gatewayId !== registered.gatewayId)
      refuse(
        '/signed/manifest/gatewayId',
        `it is for gateway ${manifest.gatewayId}, this is ${registered.gatewayId}`,
      )
    await setImmediate()
    if (!isSignedBy(key.publicKey, Buffer.from(manifestJson(manifest, json)), signature))
      refuse('/signed/signature', 'the signature does not fit the manifest')
    if (sha256(json) !== manifest.hash)
      refuse('/signed/manifest/hash', 'it is not the hash of the items named')
  }

  /** Every item of the manifest: those that are served already, those offered, and the rest fetched. */
  async #checked(
    manifest: Manifest,
    offered: Readonly<Record<string, unknown>>,
    fetchItems: FetchItems | undefined,
  ): Promise<Map<string, Content>> {
    const current = this.#current
    const { set, removed } = changeBetween(current?.manifest.items ?? {}, manifest.items)
    const given = await this.#given(manifest.gatewayId, Object.values(set), offered, fetchItems)
    const contents = new Map(current?.contents)
    for (const id of removed) contents.delete(id)
    const reasons: Reason[] = []
    let read = 0
    for (const [id, hash] of Object.entries(set)) {
      const content = contentOf(id, hash, given(hash), reasons)
      if (content !== undefined && content.item.id !== id)
        reasons.push({
          pointer: itemPointer(id),
          reason: `the item under this id calls itself ${content.item.id}`,
        })
      if (content !== undefined) contents.set(id, content)
      if (++read % sliceItems === 0) await setImmediate()
    }
    if (reasons.length > 0) throw new Refused(reasons)
    return contents
  }

  /** Gives what there is under the hashes that are not served: offered, known under another id, or fetched. */
  async #given(
    gatewayId: string,
    hashes: readonly string[],
    offered: Readonly<Record<string, unknown>>,
    fetchItems: FetchItems | undefined,
  ): Promise<(hash: string) => unknown> {
    const lacking = hashes.filter((hash) => !Object.hasOwn(offered, hash))
    if (lacking.length === 0) return (hash) => offered[hash]
    const contents = [...(this.#current?.contents.values() ?? [])]
    const elsewhere = new Map(contents.map((content) => [content.hash, content.item]))
    const missing = lacking.filter((hash) => !elsewhere.has(hash))
    const fetched = missing.length === 0 ? {} : await fetchItems?.(gatewayId, missing).catch(fetchFailed)
    return (hash) => (Object.hasOwn(offered, hash) ? offered[hash] : (elsewhere.get(hash) ?? fetched?.[hash]))
  }

  async #serve(contents: ReadonlyMap<string, Content>): Promise<void> {
    const served = await this.#serving.serve(contents)
    if (!served.ok) throw new Refused(served.reasons)
  }

  /** A full disk must not stop a configuration from being served, but somebody must hear of it. */
  async #keep(signed: SignedManifest, contents: ReadonlyMap<string, Content>): Promise<boolean> {
    const current = this.#current
    const isSame =
      current?.manifest.revision === signed.manifest.revision &&
      current.manifest.hash === signed.manifest.hash
    // Offered once more, because an acknowledgement was lost: it must not push older generations out.
    if (isSame && current.persisted) return true
    try {
      await this.#store.save({ signed, items: [...contents.values()].map((content) => content.json) })
      return true
    } catch (error) {
      const { revision } = signed.manifest
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.error(
        { code: 'store.not-persisted', revision },
        `revision ${revision} is served but not kept: ${reason}`,
      )
      return false
    }
  }
}

/** A manifest that has its form, with the canonical JSON of its items; nothing else of it is known to be right. */
interface Read {
  readonly signed: SignedManifest
  readonly json: string
}

function wholeOf(given: unknown): Read {
  const parsed = signedManifest.safeParse(given)
  if (!parsed.success) return refuseShape(parsed.error)
  return { signed: parsed.data, json: itemsJson(parsed.data.manifest.items) }
}

function refuseShape({ issues }: z.ZodError): never {
  throw new Refused(
    issues.map((issue) => ({ pointer: pointerOf(['signed', ...issue.path]), reason: issue.message })),
  )
}

function fetchFailed(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  return refuse('/items', `the missing items could not be fetched: ${reason}`)
}

function contentOf(id: string, hash: string, given: unknown, reasons: Reason[]): Content | undefined {
  if (given === undefined) {
    reasons.push({ pointer: itemPointer(id), reason: `the item ${hash} did not come` })
    return undefined
  }
  const json = canonicalJson(given)
  if (sha256(json) !== hash) {
    reasons.push({ pointer: itemPointer(id), reason: 'the item is not what its hash says' })
    return undefined
  }
  const parsed = item.safeParse(given)
  if (parsed.success) return { hash, json, item: parsed.data }
  for (const issue of parsed.error.issues)
    reasons.push({ pointer: itemPointer(id, ...issue.path), reason: issue.message })
  return undefined
}

function isSignedBy(publicKey: string, bytes: Buffer, signature: string): boolean {
  try {
    const key = createPublicKey(publicKey)
    return (
      key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, Buffer.from(signature, 'base64url'))
    )
  } catch {
    return false
  }
}

/** The revision that an offer claims, to name it in a refusal. */
function revisionOf(signed: unknown): number {
  const claimed = (signed as { manifest?: { revision?: unknown } } | null | undefined)?.manifest?.revision
  return typeof claimed === 'number' && Number.isSafeInteger(claimed) ? claimed : 0
}

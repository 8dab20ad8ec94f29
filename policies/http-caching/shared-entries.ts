import { z } from 'zod'
import type { Ports, SharedStore } from '../definition.ts'
import type { Kept } from './entries.ts'
import type { Asked, Freshness, StoredAnswer } from './stored-answer.ts'
import { WriteBehind } from './write-behind.ts'

const fields = z.record(z.string(), z.string())
const kept = z.object({
  storedAtMs: z.number(),
  status: z.int(),
  headers: fields,
  selecting: fields,
  isPublic: z.boolean(),
  mustRevalidate: z.boolean(),
  judge: z.looseObject({ v: z.literal(1) }),
})

/** What can be confirmed by the upstream is worth keeping past its freshness. */
const confirmableMs = 60_000
const yearMs = 365 * 24 * 3_600_000
const everything = 'everything'

/**
 * Answers in the store that all nodes share; under one key the last one that was kept. `meaning` is what keys and
 * lifetimes follow from: with another one there is nothing yet.
 */
export class SharedEntries implements Kept {
  readonly #store: SharedStore
  readonly #freshness: Freshness
  readonly #ports: Ports
  readonly #behind: WriteBehind | undefined
  readonly #meaning: string
  #isAway = false

  constructor(
    store: SharedStore,
    freshness: Freshness,
    ports: Ports,
    behind: { flushInterval: number; maxQueue: number } | undefined,
    meaning: string,
  ) {
    this.#meaning = ports.sha256(meaning)
    this.#store = store
    this.#freshness = freshness
    this.#ports = ports
    this.#behind = behind === undefined ? undefined : new WriteBehind(store, ports, behind)
  }

  async find(key: string): Promise<readonly StoredAnswer[]> {
    const name = this.#nameOf(key)
    try {
      const queued = this.#behind?.get(name)
      const [bytes, forgotten] = await Promise.all([
        queued ?? this.#store.get(name),
        this.#store.get(everything),
      ])
      this.#isAway = false
      if (bytes === undefined) return []
      const found = this.#read(bytes)
      const forgottenAtMs = forgotten === undefined ? 0 : Number(new TextDecoder().decode(forgotten))
      return found === undefined || found.storedAtMs <= forgottenAtMs ? [] : [found.answer]
    } catch (error) {
      this.#failed(error)
      return []
    }
  }

  keep(key: string, _asked: Asked, answer: StoredAnswer): void {
    const isConfirmable =
      answer.headers['etag'] !== undefined || answer.headers['last-modified'] !== undefined
    const ttlMs = Math.min(yearMs, answer.judge.timeToLive() + (isConfirmable ? confirmableMs : 0))
    const [name, bytes] = [this.#nameOf(key), this.#written(answer)]
    if (this.#behind !== undefined) return this.#behind.add(name, bytes, ttlMs)
    this.#store.set(name, bytes, ttlMs).catch((error: unknown) => this.#failed(error))
  }

  forget(key: string): void {
    const name = this.#nameOf(key)
    this.#behind?.remove(name)
    this.#store.delete([name]).catch((error: unknown) => this.#failed(error))
  }

  forgetAll(): void {
    this.#behind?.clear()
    const now = new TextEncoder().encode(String(this.#ports.nowMs()))
    this.#store.set(everything, now, yearMs).catch((error: unknown) => this.#failed(error))
  }

  #nameOf(key: string): string {
    return `answer ${this.#ports.sha256(`${this.#meaning} ${key}`)}`
  }

  #failed(error: unknown): void {
    this.#ports.count('store_failures')
    if (this.#isAway) return
    this.#isAway = true
    const reason = error instanceof Error ? error.message : String(error)
    this.#ports.log('warn', 'http-caching.store_away', { reason })
  }

  #written({ judge, body, ...head }: StoredAnswer): Uint8Array {
    const storedAtMs = this.#ports.nowMs()
    const json = new TextEncoder().encode(JSON.stringify({ ...head, storedAtMs, judge: judge.toObject() }))
    const bytes = new Uint8Array(4 + json.length + body.length)
    new DataView(bytes.buffer).setUint32(0, json.length)
    bytes.set(json, 4)
    bytes.set(body, 4 + json.length)
    return bytes
  }

  /** Undefined for what another release wrote or somebody else. */
  #read(bytes: Uint8Array): { storedAtMs: number; answer: StoredAnswer } | undefined {
    try {
      const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
      const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
      const { storedAtMs, judge, ...head } = kept.parse(json)
      // The library's own form, which it wrote itself; its version was just compared.
      const state = judge as unknown as Parameters<Freshness['revived']>[0]
      const answer = { ...head, body: bytes.subarray(4 + length), judge: this.#freshness.revived(state) }
      return { storedAtMs, answer }
    } catch {
      return undefined
    }
  }
}

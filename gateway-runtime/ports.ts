import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { ContractsItem } from '#contract/items.ts'
import type { Ports } from '#policies/definition.ts'
import type { Client } from '#policies/exchange.ts'

/** Finds the client of an API key by the key's hash. */
export type ClientFinder = (keyHash: string) => Client | undefined

/** The clients of a contract set, by the hashes of their keys. Without a set nobody is found. */
export function clientFinder(contracts: ContractsItem | undefined): ClientFinder {
  const clients = new Map<string, Client>()
  for (const { id, name, keyHashes } of contracts?.clients ?? []) {
    for (const keyHash of keyHashes) clients.set(keyHash, { id, name })
  }
  return (keyHash) => clients.get(keyHash)
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

/** What policies keep from one plan to the next, under the names of those that keep it. */
export class StateKeeper {
  readonly #kept = new Map<string, unknown>()

  get size(): number {
    return this.#kept.size
  }

  /** The ports of one attached policy; `used` collects the names under which it keeps something. */
  portsFor(owner: string, clientByKeyHash: ClientFinder, used: Set<string>): Ports {
    return {
      monotonicMs: () => performance.now(),
      nowMs: Date.now,
      sha256,
      clientByKeyHash,
      state: <T>(key: string, create: () => T): T => {
        const name = `${owner} ${key}`
        used.add(name)
        if (!this.#kept.has(name)) this.#kept.set(name, create())
        // The name stands for one type by the contract of Ports.state.
        return this.#kept.get(name) as T
      },
    }
  }

  /** Forgets what nobody uses any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name)
  }
}

import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { ContractsItem } from '#contract/items.ts'
import { isShown } from '#policies/environment.ts'
import type { ApiView, Ports, SharedStore, Siblings, StateSharing } from '#policies/definition.ts'
import type { Client, Destination } from '#policies/exchange.ts'

/** The clients of a contract set, by the hashes of their keys and by their ids. */
export interface ClientFinder {
  readonly byKeyHash: (keyHash: string) => Client | undefined
  readonly byId: (id: string) => Client | undefined
}

/** Without a set nobody is found. */
export function clientFinder(contracts: ContractsItem | undefined): ClientFinder {
  const byHash = new Map<string, Client>()
  const byId = new Map<string, Client>()
  for (const { id, name, keyHashes, tier } of contracts?.clients ?? []) {
    const client = tier === undefined ? { id, name } : { id, name, tier }
    byId.set(id, client)
    for (const keyHash of keyHashes) byHash.set(keyHash, client)
  }
  return { byKeyHash: (keyHash) => byHash.get(keyHash), byId: (id) => byId.get(id) }
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

/** What the process lends to the policies of every API. */
export interface World {
  readonly request: Ports['request']
  readonly sharedStore: SharedStore | undefined
  readonly countOnNode: Ports['countOnNode']
  readonly siblings: Ports['siblings']
  readonly enterOnNode: Ports['enterOnNode']
  readonly spans: Ports['spans']
  readonly log: Ports['log']
  /** Adds to a counter under the kind of a policy. */
  readonly count: (policyKind: string, name: string, labels: Readonly<Record<string, string>>) => void
}

/** A world in which there is nothing to reach. */
export const emptyWorld: World = {
  request: ({ url }) => Promise.reject(new Error(`nothing can be asked at ${url} here`)),
  sharedStore: undefined,
  countOnNode: undefined,
  siblings: undefined,
  enterOnNode: undefined,
  spans: undefined,
  log: () => undefined,
  count: () => undefined,
}

/** Whose ports they are. */
export interface PortsOwner {
  readonly policyId: string
  readonly policyKind: string
  readonly api: ApiView
  readonly rules: Ports['rules']
  readonly clients: ClientFinder
  readonly destination: (name: string) => Destination | undefined
}

/** Keys of different policies must never meet in a store that all of them share. */
function scoped(store: SharedStore, prefix: string): SharedStore {
  const named = (keys: readonly string[]) => keys.map((key) => prefix + key)
  return {
    evaluate: (script, keys, args) => store.evaluate(script, named(keys), args),
    get: (key) => store.get(prefix + key),
    set: (key, value, ttlMs) => store.set(prefix + key, value, ttlMs),
    delete: (keys) => store.delete(named(keys)),
  }
}

/** The same for what processes tell each other. */
function siblingsOf(siblings: Siblings, prefix: string): Siblings {
  return {
    tell: (name, text) => siblings.tell(prefix + name, text),
    listen: (name, listener) => siblings.listen(prefix + name, listener),
  }
}

/** Longer waits than a timer takes (2³¹−1 ms, else it fires at once) are taken in parts. */
const timerMaxMs = 2 ** 31 - 1

function after(ms: number, call: () => void): () => void {
  const dueMs = performance.now() + ms
  let timer: NodeJS.Timeout
  const arm = () => {
    const left = dueMs - performance.now()
    timer = left > timerMaxMs ? setTimeout(arm, timerMaxMs) : setTimeout(call, Math.max(0, left))
    timer.unref()
  }
  arm()
  return () => clearTimeout(timer)
}

/** What policies keep from one plan to the next, under the names of those that keep it. */
export class StateKeeper {
  readonly #kept = new Map<string, unknown>()
  readonly #world: World

  constructor(world: World = emptyWorld) {
    this.#world = world
  }

  get size(): number {
    return this.#kept.size
  }

  /** The ports of one attached policy; `used` collects the names under which it keeps something. */
  portsFor(owner: PortsOwner, used: Set<string>): Ports {
    const { policyId, policyKind, api, rules, clients, destination } = owner
    const { request, sharedStore, countOnNode, enterOnNode, siblings, spans, log, count } = this.#world
    return {
      monotonicMs: () => performance.now(),
      nowMs: Date.now,
      sha256,
      clientByKeyHash: clients.byKeyHash,
      clientById: clients.byId,
      state: <T>(key: string, create: () => T, sharing: StateSharing = 'policy'): T => {
        const name = sharing === 'kind' ? `* ${policyKind} ${key}` : `${api.id} ${policyId} ${key}`
        used.add(name)
        if (!this.#kept.has(name)) this.#kept.set(name, create())
        // The name stands for one type by the contract of Ports.state.
        return this.#kept.get(name) as T
      },
      after,
      request,
      sharedStore:
        sharedStore === undefined ? undefined : scoped(sharedStore, `hexgate ${api.id} ${policyId} `),
      countOnNode:
        countOnNode && ((limits) => countOnNode({ ...limits, name: `${api.id} ${policyId} ${limits.name}` })),
      enterOnNode: enterOnNode && ((name) => enterOnNode(`${api.id} ${policyId} ${name}`)),
      siblings: siblings && siblingsOf(siblings, `${api.id} ${policyId} `),
      spans,
      environment: (name) => (isShown(name) ? process.env[name] : undefined),
      destination,
      api,
      rules,
      log: (level, code, fields) => log(level, code, { policy: policyKind, api: api.name, ...fields }),
      count: (name, labels = {}) => count(policyKind, name, labels),
    }
  }

  /** Forgets what nobody uses any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name)
  }
}

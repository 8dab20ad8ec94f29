import type { Policy, Ports, Prepared } from '#policies/definition.ts'
import { someContext } from '#policies/settings.ts'

const nothing = () => Promise.reject(new Error('nothing is kept while a policy is only tried'))

const idlePorts: Ports = {
  monotonicMs: () => 0,
  nowMs: () => 0,
  sha256: () => '',
  clientByKeyHash: () => undefined,
  clientById: () => undefined,
  state: (_key, create) => create(),
  after: () => () => undefined,
  request: () => Promise.reject(new Error('nothing is asked while a policy is only tried')),
  // Whether there is one is known by each node alone.
  sharedStore: {
    evaluate: nothing,
    get: nothing,
    set: nothing,
    delete: nothing,
  },
  countOnNode: undefined,
  siblings: undefined,
  enterOnNode: undefined,
  spans: undefined,
  environment: () => undefined,
  // Which there are is checked when a gateway's configuration is compiled.
  destination: (name) => ({ name }),
  // An API's own document is judged when it is imported, and with the policy when a gateway gets both.
  api: {
    id: '',
    name: '',
    version: '',
    basePath: '/',
    document: { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} },
    certificates: [],
  },
  rules: [],
  log: () => undefined,
  count: () => undefined,
}

/**
 * Prepares a policy as a gateway would, only to see that it can be done and what comes of it; nothing is kept.
 * Preparing finds what a schema cannot say.
 */
export function tryPreparing(policy: Policy, config: unknown): { phases: Prepared } | { reason: string } {
  try {
    const phases = policy.prepare(config, idlePorts)
    phases.dispose?.()
    // Which there are is checked where a chain is saved, and when a gateway's configuration is compiled.
    policy.inboundTls?.(config, someContext)
    policy.upstream?.(config, someContext)
    return { phases }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

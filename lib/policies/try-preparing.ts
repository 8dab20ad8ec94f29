import type { Policy, Ports, Prepared } from '#policies/definition.ts'

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
  destination: (name) => ({ name }),
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

/** What a policy is prepared in the midst of; where nothing is known of it, whatever it asks for is there. */
export type Surroundings = Partial<Pick<Ports, 'api' | 'destination' | 'rules'>>

/**
 * Prepares a policy as a gateway would, only to see that it can be done and what comes of it; nothing is kept.
 * Preparing finds what a schema cannot say.
 */
export function tryPreparing(
  policy: Policy,
  config: unknown,
  around: Surroundings = {},
): { phases: Prepared } | { reason: string } {
  try {
    const phases = policy.prepare(config, { ...idlePorts, ...around })
    phases.dispose?.()
    return { phases }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

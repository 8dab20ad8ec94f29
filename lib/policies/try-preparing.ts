import type { Policy, Ports, Prepared } from '#policies/definition.ts'

const idlePorts: Ports = {
  monotonicMs: () => 0,
  nowMs: () => 0,
  sha256: () => '',
  clientByKeyHash: () => undefined,
  state: (_key, create) => create(),
}

/**
 * Prepares a policy as a gateway would, only to see that it can be done and what comes of it; nothing is kept.
 * Preparing finds what a schema cannot say.
 */
export function tryPreparing(policy: Policy, config: unknown): { phases: Prepared } | { reason: string } {
  try {
    const phases = policy.prepare(config, idlePorts)
    phases.dispose?.()
    return { phases }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

import type { AttachedPolicy, Item } from '#contract/items.ts'
import { mapSecrets, withoutSecrets } from '#policies/secrets.ts'
import type { Opener, Sealer } from '../trust/sealing.ts'

/** Secrets inside policy configurations lie sealed in the database, wherever a configuration is kept. */

const purpose = 'policy.config'
const prefix = 'sealed:'

/** With every secret sealed, for the database. */
export function sealedConfig(kind: string, config: unknown, sealer: Sealer): Record<string, unknown> {
  // Configurations are objects, and sealing changes members alone.
  return mapSecrets(
    kind,
    config,
    (secret) => prefix + sealer.seal(JSON.stringify(secret), purpose),
  ) as Record<string, unknown>
}

/** What was sealed, as it was. */
export function openedConfig(kind: string, config: unknown, opener: Opener): Record<string, unknown> {
  return mapSecrets(kind, config, (secret) => opened(secret, opener)) as Record<string, unknown>
}

// What was stored before a member was called sensitive is not sealed.
function opened(secret: unknown, opener: Opener): unknown {
  if (typeof secret !== 'string' || !secret.startsWith(prefix)) return secret
  return JSON.parse(opener.unseal(secret.slice(prefix.length), purpose).reveal())
}

function withConfigs(item: Item, change: (policy: AttachedPolicy) => Record<string, unknown>): Item {
  if (item.kind !== 'api' || item.policies.length === 0) return item
  return { ...item, policies: item.policies.map((policy) => ({ ...policy, config: change(policy) })) }
}

/** An item as it is stored under the hash of what it really says. */
export function sealedItem(item: Item, sealer: Sealer): Item {
  return withConfigs(item, ({ kind, config }) => sealedConfig(kind, config, sealer))
}

export function openedItem(item: Item, opener: Opener): Item {
  return withConfigs(item, ({ kind, config }) => openedConfig(kind, config, opener))
}

/** An item as people may see it. */
export function shownItem(item: Item): Item {
  return withConfigs(item, ({ kind, config }) => withoutSecrets(kind, config) as Record<string, unknown>)
}

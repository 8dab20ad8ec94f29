import type { AttachedPolicy, Item } from '#contract/items.ts'
import { mapSecrets, mask, withoutSecrets } from '#policies/secrets.ts'
import type { Opener, Sealer } from '../trust/sealing.ts'

/** Secrets inside policies and mTLS contexts lie sealed in the database, wherever a configuration is kept. */

const purpose = 'policy.config'
const prefix = 'sealed:'

/** With every secret sealed, for the database. */
export function sealedConfig(kind: string, config: unknown, sealer: Sealer): Record<string, unknown> {
  // Configurations are objects, and sealing changes members alone.
  return mapSecrets(kind, config, (secret) => sealed(secret, sealer)) as Record<string, unknown>
}

function sealed(secret: unknown, sealer: Sealer): string {
  return prefix + sealer.seal(JSON.stringify(secret), purpose)
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

/** What becomes of each secret of an item: those inside a configuration, and a private key. */
interface Treatment {
  readonly config: (policy: AttachedPolicy) => Record<string, unknown>
  readonly key: (key: string) => string
}

function treated(item: Item, { config, key }: Treatment): Item {
  if (item.kind === 'tls-context' && item.keystore !== undefined)
    return { ...item, keystore: { ...item.keystore, key: key(item.keystore.key) } }
  if (item.kind !== 'api' || item.policies.length === 0) return item
  return { ...item, policies: item.policies.map((policy) => ({ ...policy, config: config(policy) })) }
}

/** Whether there is anything in an item to seal, or to open. */
export function hasSecrets(item: Item): boolean {
  if (item.kind === 'tls-context') return item.keystore !== undefined
  return item.kind === 'api' && item.policies.some(hasSecretsInConfig)
}

/** The same of the configuration of a policy. */
export function hasSecretsInConfig({ kind, config }: { kind: string; config: unknown }): boolean {
  let found = false
  mapSecrets(kind, config, (secret) => {
    found = true
    return secret
  })
  return found
}

/** An item as it is stored under the hash of what it really says. */
export function sealedItem(item: Item, sealer: Sealer): Item {
  return treated(item, {
    config: ({ kind, config }) => sealedConfig(kind, config, sealer),
    key: (key) => sealed(key, sealer),
  })
}

export function openedItem(item: Item, opener: Opener): Item {
  return treated(item, {
    config: ({ kind, config }) => openedConfig(kind, config, opener),
    key: (key) => String(opened(key, opener)),
  })
}

/** An item as people may see it. */
export function shownItem(item: Item): Item {
  return treated(item, {
    config: ({ kind, config }) => withoutSecrets(kind, config) as Record<string, unknown>,
    key: () => mask,
  })
}

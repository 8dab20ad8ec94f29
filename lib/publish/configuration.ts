import type { Manifest } from '#contract/manifest.ts'
import { changeBetween } from '#contract/manifest-delta.ts'
import type { Difference } from '#domain/deployment.ts'
import type { Tx } from '../db.ts'
import { type Hashes, type Items, instanceOf } from './compile.ts'
import { difference } from './difference.ts'
import { type GatewayHead, itemsByHash, manifestOf } from './draft.ts'

/**
 * What a gateway serves or should serve, by the hashes of its items. There are thousands of them, of which few are
 * ever looked at, so an item is read when somebody does.
 */
export interface Configuration {
  /** Null where it is no revision: before the first, or a draft. */
  readonly revision: number | null
  readonly hashes: Hashes
  /** The items under these ids; those that there are none of are left out. */
  read(ids: readonly string[]): Promise<Items>
}

/** A configuration that has been deployed; its manifest is null before the first revision. */
export interface Deployed extends Configuration {
  readonly manifest: Manifest | null
}

/** The configuration of a revision; empty for revision 0, before the first deployment. */
export async function deployedAt(tx: Tx, gateway: GatewayHead, number: number): Promise<Deployed> {
  const manifest = await manifestOf(tx, gateway, number)
  const configuration = configurationOf(tx, gateway.organisationId, manifest?.items ?? {})
  return { ...configuration, revision: number === 0 ? null : number, manifest }
}

/** A configuration that is no revision; those of its items that may not be stored yet are given. */
export function configurationOf(
  tx: Tx,
  organisationId: string,
  hashes: Hashes,
  given: Items = new Map(),
): Configuration {
  // What has been read is not read again: an item is what its hash says, for good.
  const byId = new Map(given)
  return {
    revision: null,
    hashes,
    async read(ids) {
      const unread = ids.flatMap((id) => (byId.has(id) ? [] : (hashes[id] ?? [])))
      const byHash = await itemsByHash(tx, organisationId, unread)
      const found = ids.flatMap((id) => {
        const item = byId.get(id) ?? byHash.get(hashes[id] ?? '')
        return item === undefined ? [] : [[id, item] as const]
      })
      for (const [id, item] of found) byId.set(id, item)
      return new Map(found)
    },
  }
}

/** What changes from one configuration to another; reads no more of them than it tells of. */
export async function differenceBetween(
  before: Configuration,
  after: Configuration,
  gateway: { id: string; name: string },
): Promise<Difference> {
  const ids = toldIn(before.hashes, after.hashes)
  const [old, now] = [await before.read(ids), await after.read(ids)]
  return difference(
    { revision: before.revision, items: old },
    { revision: after.revision, items: now },
    gateway,
  )
}

/** The items that differ, and the APIs that they belong to, which give them a name. */
function toldIn(before: Hashes, after: Hashes): string[] {
  const { set, removed } = changeBetween(before, after)
  const changed = [...Object.keys(set), ...removed]
  const apis = changed.flatMap((id) => {
    const instanceId = instanceOf(id)
    return instanceId === null ? [] : `api:${instanceId}`
  })
  return [...new Set([...changed, ...apis])]
}

import type { Config, ConfigDelta } from '#contract/events.ts'
import type { Hashes, Manifest } from '#contract/manifest.ts'
import { changeBetween } from '#contract/manifest-delta.ts'
import { db } from '../db.ts'
import { itemsByHash } from '../publish/draft.ts'
import { manifestIn } from '../publish/manifests.ts'

/** One push carries so many bytes of items at most; what is left out the node asks for. */
const itemBytesMax = 8_388_608

export interface Served {
  organisationId: string
  gatewayId: string
}

/** The newest revision of a gateway: number and hash decide whether anything has to travel. */
export async function headOf({ organisationId, gatewayId }: Served) {
  return db().revision.findFirst({
    where: { organisationId, gatewayId },
    orderBy: { number: 'desc' },
    select: { id: true, number: true, hash: true, signature: true, signingKeyId: true },
  })
}
export type Head = NonNullable<Awaited<ReturnType<typeof headOf>>>

/** The items behind a configuration hash that a node says it serves; none when it is not ours. */
export async function hashesBehind({ organisationId, gatewayId }: Served, hash: string): Promise<Hashes> {
  const revision = await db().revision.findFirst({
    where: { organisationId, gatewayId, hash },
    select: { id: true },
  })
  return revision ? (await manifestIn(db(), revision.id)).items : {}
}

/** A revision as it is sent to a node that holds some items already: signed, with those that it lacks. */
export async function offer(
  { organisationId }: Served,
  { signature, signingKeyId }: Head,
  manifest: Manifest,
  held: Hashes,
): Promise<Config> {
  const { set } = changeBetween(held, manifest.items)
  return {
    signed: { manifest, signature, keyId: signingKeyId },
    items: await itemsWithin(organisationId, Object.values(set)),
  }
}

/** The same as what differs from the configuration that the node serves. */
export async function offerDelta(
  { organisationId }: Served,
  { signature, signingKeyId }: Head,
  { items, ...manifest }: Manifest,
  served: { readonly hash: string; readonly items: Hashes },
): Promise<ConfigDelta> {
  const change = changeBetween(served.items, items)
  return {
    signed: { manifest, signature, keyId: signingKeyId, from: served.hash, change },
    items: await itemsWithin(organisationId, Object.values(change.set)),
  }
}

/** As many of the items as fit into one message. */
export async function itemsWithin(
  organisationId: string,
  hashes: readonly string[],
): Promise<Config['items']> {
  const found = await itemsByHash(db(), organisationId, hashes)
  const items: Config['items'] = {}
  let bytes = 0
  for (const [hash, item] of found) {
    bytes += JSON.stringify(item).length
    if (bytes > itemBytesMax && Object.keys(items).length > 0) break
    items[hash] = item
  }
  return items
}

import type { Config } from '#contract/events.ts'
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
type Head = NonNullable<Awaited<ReturnType<typeof headOf>>>

/** The hashes of the items behind a configuration hash that a node says it serves; empty when it is not ours. */
export async function hashesBehind(
  { organisationId, gatewayId }: Served,
  hash: string,
): Promise<Set<string>> {
  const revision = await db().revision.findFirst({
    where: { organisationId, gatewayId, hash },
    select: { id: true },
  })
  return new Set(revision ? Object.values((await manifestIn(db(), revision.id)).items) : [])
}

/** A revision as it is sent to a node: signed, with the items that the node lacks. */
export async function offer(
  { organisationId }: Served,
  { id, signature, signingKeyId }: Head,
  held: ReadonlySet<string>,
): Promise<Config> {
  const manifest = await manifestIn(db(), id)
  const lacking = Object.values(manifest.items).filter((hash) => !held.has(hash))
  return {
    signed: { manifest, signature, keyId: signingKeyId },
    items: await itemsWithin(organisationId, lacking),
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

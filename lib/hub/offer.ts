import type { Config } from '#contract/events.ts'
import { manifest as manifestSchema } from '#contract/manifest.ts'
import { db } from '../db.ts'
import { itemsByHash } from '../publish/draft.ts'

/** One push carries so many bytes of items at most; what is left out the node asks for. */
const itemBytesMax = 8_388_608

export interface Served {
  organisationId: string
  gatewayId: string
}

/** The newest revision of a gateway: number and hash, which decide whether anything has to travel. */
export async function headOf({ organisationId, gatewayId }: Served) {
  return db().revision.findFirst({
    where: { organisationId, gatewayId },
    orderBy: { number: 'desc' },
    select: { number: true, hash: true },
  })
}

/** The hashes of the items behind a configuration hash that a node says it serves; empty when it is not ours. */
export async function hashesBehind(
  { organisationId, gatewayId }: Served,
  hash: string,
): Promise<Set<string>> {
  const revision = await db().revision.findFirst({
    where: { organisationId, gatewayId, hash },
    select: { manifest: true },
  })
  return new Set(revision ? Object.values(manifestSchema.parse(revision.manifest).items) : [])
}

/** A revision as it is sent to a node: signed, with the items that the node lacks. */
export async function offer(served: Served, number: number, held: ReadonlySet<string>): Promise<Config> {
  const { organisationId, gatewayId } = served
  const revision = await db().revision.findFirstOrThrow({ where: { organisationId, gatewayId, number } })
  const manifest = manifestSchema.parse(revision.manifest)
  const lacking = Object.values(manifest.items).filter((hash) => !held.has(hash))
  return {
    signed: { manifest, signature: revision.signature, keyId: revision.signingKeyId },
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

import type { Item, TlsContextItem } from '#contract/items.ts'
import type { Fault } from '#domain/problem.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { certificateMaker } from '#tls/self-signed.ts'
import type { Tx } from '../db.ts'
import type { Items } from './compile.ts'

/** Contexts whose certificate nodes keep: nobody here has what is shown. */

const standIn = certificateMaker()

/** The items with a certificate in the place of what only nodes have, so that all else about them can be tried. */
export function withStandIns(items: Items): Items {
  if (![...items.values()].some(isKept)) return items
  return new Map(
    [...items].map(([id, item]): [string, Item] => {
      if (!isKept(item) || item.kept === undefined) return [id, item]
      // One for each: APIs that show different certificates must differ here too.
      const { crt: certificate, key } = standIn(item.kept.certificateId)
      return [id, { ...item, keystore: { certificate, key } }]
    }),
  )
}

function isKept(item: Item): item is TlsContextItem {
  return item.kind === 'tls-context' && item.kept !== undefined
}

/** What would come to a gateway whose nodes do not keep it. */
export async function strayFaults(
  tx: Tx,
  gateway: { readonly id: string; readonly name: string; readonly organisationId: string },
  contexts: readonly TlsContextItem[],
): Promise<Fault[]> {
  const strays = contexts.filter(({ kept }) => kept !== undefined && kept.gatewayId !== gateway.id)
  if (strays.length === 0) return []
  const named = await tx.gateway.findMany({
    where: { organisationId: gateway.organisationId },
    select: { id: true, name: true },
  })
  const nameOf = (id: string | undefined) => named.find((each) => each.id === id)?.name ?? 'another gateway'
  return strays.map(({ id, name, kept }) => ({
    pointer: pointerOf(['items', id, 'kept']),
    detail: `${name} shows a certificate that the nodes of ${nameOf(kept?.gatewayId)} keep; those of ${gateway.name} have no key for it.`,
  }))
}

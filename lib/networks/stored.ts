import { z } from 'zod'
import { locations, networkClasses } from '#domain/network.ts'
import { owners } from '#domain/party.ts'
import { type NetworkView, networkView, type PartyView, partyView } from '#domain/stored.ts'
import type { Tx } from '../db.ts'

/** Rows as the domain knows them. The database holds classes and owners as text; here they are checked. */

const storedNetwork = networkView.extend({ class: z.enum(networkClasses), location: z.enum(locations) })
const storedParty = partyView.extend({ owner: z.enum(owners) })

export function toNetwork(row: unknown): NetworkView {
  return storedNetwork.parse(row)
}

export function toParty(row: unknown): PartyView {
  return storedParty.parse(row)
}

/** Every network of the organisation, by id. */
export async function networksOf(tx: Tx, organisationId: string): Promise<Map<string, NetworkView>> {
  const rows = await tx.network.findMany({ where: { organisationId }, orderBy: { name: 'asc' } })
  return new Map(rows.map((row) => [row.id, toNetwork(row)]))
}

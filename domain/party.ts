import { type NetworkClass, networkClassName } from './network.ts'

/** Parties: who provides and who consumes APIs, and where each may stand. */

export const partyKinds = ['consumer', 'provider'] as const
export type PartyKind = (typeof partyKinds)[number]

export const owners = ['organisation', 'third-party'] as const
export type Owner = (typeof owners)[number]

export const ownerName: Record<Owner, string> = {
  organisation: 'the organisation',
  'third-party': 'a third party',
}

/** Where a party of each owner may stand. */
const allowedClasses: Record<Owner, readonly NetworkClass[]> = {
  organisation: ['org-internal', 'org-external'],
  'third-party': ['non-org-external'],
}

export interface Placed {
  readonly name: string
  readonly kind: PartyKind
  readonly owner: Owner
  readonly networkClass: NetworkClass
}

export interface PlacementRefusal {
  readonly party: string
  readonly allowed: readonly NetworkClass[]
  readonly detail: string
}

/** Why a party may not stand where it is put, or null when it may. */
export function refusePlacement({ name, owner, networkClass }: Placed): PlacementRefusal | null {
  const allowed = allowedClasses[owner]
  if (allowed.includes(networkClass)) return null
  const rule =
    'a party of the organisation stands in an organisation internal or organisation external network, ' +
    'a third party in a non-organisation external one'
  return {
    party: name,
    allowed,
    detail: `${name} belongs to ${ownerName[owner]} and cannot stand in a network that is ${networkClassName[networkClass]}: ${rule}.`,
  }
}

import { z } from 'zod'
import { locations, networkClasses } from '#domain/network.ts'
import { owners, partyKinds } from '#domain/party.ts'
import { partyIdentities } from '#domain/party-identity.ts'

/** What the topology's writes take. */

// A name is one visible line: it stands in sentences, pictures and exports.
export const name = z
  .string()
  .trim()
  .min(1, 'Give it a name.')
  .max(80, 'A name may have 80 characters at most.')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'A name has no line breaks or invisible characters.')

const fields = {
  name,
  class: z.enum(networkClasses),
  location: z.enum(locations),
  parentId: z.uuid().nullable(),
  firewall: name.nullable(),
  firewallContextId: z.uuid().nullable(),
}
export const networkInput = z.strictObject({
  ...fields,
  parentId: fields.parentId.default(null),
  firewall: fields.firewall.default(null),
  firewallContextId: fields.firewallContextId.default(null),
})
export const networkChange = z.strictObject(fields).partial()

const partyFields = {
  name,
  owner: z.enum(owners),
  team: name.nullable().describe('Who answers for it, as the organisation calls them'),
  networkId: z.uuid(),
  identities: partyIdentities,
}
export const partyInput = z.strictObject({
  ...partyFields,
  kind: z.enum(partyKinds),
  team: partyFields.team.default(null),
  identities: partyIdentities.default([]),
})
export const partyChange = z.strictObject(partyFields).partial()

export const flowInput = z.strictObject({
  consumerId: z.uuid(),
  apiId: z.uuid().describe('The API instance that the consumer may call'),
})
export const providerChange = z.strictObject({ providerId: z.uuid().nullable() })
export const placeChange = z.strictObject({ networkId: z.uuid().nullable() })

export type NetworkInput = z.output<typeof networkInput>
export type NetworkChange = z.output<typeof networkChange>
export type PartyInput = z.input<typeof partyInput>
export type PartyChange = z.output<typeof partyChange>
export type FlowInput = z.output<typeof flowInput>

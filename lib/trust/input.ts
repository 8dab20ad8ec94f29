import { z } from 'zod'
import { certificateKinds, subjectAltName } from '#domain/certificate.ts'
import { severities } from '#domain/finding.ts'
import { networkClasses } from '#domain/network.ts'
import { owners } from '#domain/party.ts'
import { stepKinds } from '#domain/rotation-plan.ts'
import { canonicalAddress, namePatternFault } from '#domain/subject-alt-names.ts'
import { renewalMethods } from '#domain/trust.ts'
import { name } from '../networks/input.ts'
import { content } from './keystore.ts'

/** What the writes of trust take. */

/** Files in base64, with room for what is around them. */
export const fileBytesMax = 2_097_152

const rotationWindowDays = z
  .number()
  .min(0)
  .max(3_650)
  .nullable()
  .meta({ description: 'Days before its end at which it is to be renewed; null for what is usual.' })

export const authorityInput = z.strictObject({ name, runBy: z.enum(owners), content })
export const authorityChange = authorityInput.omit({ content: true }).partial()

// RFC 5280: a common name has 64 characters at most.
const commonName = name.max(64, 'A common name may have 64 characters at most.')

/** Names that are written into a certificate; patterns are for those who check them. */
const names = z
  .array(
    subjectAltName.check(({ value, issues }) => {
      const fault = nameFault(value)
      if (fault !== undefined) issues.push({ code: 'custom', path: ['value'], message: fault, input: value })
    }),
  )
  .max(100)

function nameFault({ type, value }: z.output<typeof subjectAltName>): string | undefined {
  if (type === 'ip') return canonicalAddress(value) === value ? undefined : 'is no address in its usual form'
  if (type === 'uri') return URL.canParse(value) && !value.includes('*') ? undefined : 'is no URI'
  const fault = namePatternFault(value)
  if (fault !== undefined) return fault
  if (type === 'email') return value.includes('@') ? undefined : 'is no mailbox'
  return value.includes('@') || value.includes('://') ? 'is no DNS name' : undefined
}

const lifetimeDays = z
  .number()
  .positive()
  .max(3_650)
  .default(90)
  .meta({ description: 'It never outlives its issuer.' })

const entry = { name, kind: z.enum(certificateKinds), rotationWindowDays: rotationWindowDays.default(null) }
const leafKind = z.enum(['server', 'client'])
const wish = { commonName: commonName.optional(), names: names.default([]) }

export const certificateInput = z.discriminatedUnion('source', [
  z
    .strictObject({ source: z.literal('import'), ...entry, content })
    .meta({ title: 'A certificate that there is, with its key' }),
  z
    .strictObject({
      source: z.literal('issue'),
      ...entry,
      kind: leafKind,
      ...wish,
      authorityId: z.uuid(),
      lifetimeDays,
    })
    .meta({ title: 'One that a CA here issues' }),
  z
    .strictObject({ source: z.literal('request'), ...entry, kind: leafKind, ...wish })
    .meta({ title: 'A key, and a request that another CA signs' }),
  z
    .strictObject({
      source: z.literal('nodes'),
      ...entry,
      kind: leafKind,
      ...wish,
      gatewayId: z.uuid(),
      authorityId: z
        .uuid()
        .nullable()
        .meta({ description: 'The CA here that signs; null where requests are signed elsewhere.' }),
      lifetimeDays,
    })
    .meta({ title: 'One of each node of a gateway, whose key the node makes and keeps' }),
  z
    .strictObject({ source: z.literal('cert-manager'), document: z.string().max(100_000) })
    .meta({ title: 'A Certificate of cert-manager, which renews it' }),
])

export const certificateChange = z
  .strictObject({ name, rotationWindowDays, renewalMethod: z.enum(renewalMethods) })
  .partial()

/** How another version comes to be. */
export const versionInput = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('import'), content }),
  z
    .strictObject({ source: z.literal('issue'), lifetimeDays: lifetimeDays.optional() })
    .meta({ title: 'By the CA here that issued the one before, with the same names' }),
])
export const completion = z.strictObject({ content })

export const contextInput = z.strictObject({
  name,
  class: z.enum(networkClasses),
  authorityIds: z
    .array(z.uuid())
    .min(1, 'A context trusts at least one CA.')
    .max(50)
    .refine((ids) => new Set(ids).size === ids.length, 'Name each CA once.'),
  keystoreId: z.uuid().nullable().default(null),
})
export const contextChange = z
  .strictObject({ ...contextInput.shape, keystoreId: z.uuid().nullable() })
  .partial()

/** Without a CA to take its place, one is made here. */
export const rotationInput = z.strictObject({ fromId: z.uuid(), toId: z.uuid().nullable() })
export const rotationChange = z.strictObject({
  vouchedIds: z
    .array(z.uuid())
    .max(1_000)
    .meta({ description: 'Contexts and gateways for which somebody answers where no node sees.' }),
})
/** Named, so that what is pressed twice is done once. */
export const rotationMove = z.strictObject({ step: z.enum(stepKinds) })

export const signing = z.strictObject({
  csr: z.string().max(100_000).meta({ description: 'PKCS#10, as PEM.' }),
  kind: leafKind,
  names: names.optional().meta({ description: 'In the place of those that the request asks for.' }),
  lifetimeDays,
})

export const acceptanceInput = z.strictObject({
  findingId: z.string().min(1).max(500),
  severity: z.enum(severities),
  owner: name,
  reason: z.string().trim().min(1, 'Say why.').max(1_000),
  until: z.iso.datetime(),
})

export type AuthorityInput = z.output<typeof authorityInput>
export type AuthorityChange = z.output<typeof authorityChange>
export type CertificateInput = z.output<typeof certificateInput>
export type CertificateChange = z.output<typeof certificateChange>
export type VersionInput = z.output<typeof versionInput>
export type ContextInput = z.output<typeof contextInput>
export type ContextChange = z.output<typeof contextChange>
export type RotationInput = z.output<typeof rotationInput>
export type Signing = z.output<typeof signing>
export type AcceptanceInput = z.output<typeof acceptanceInput>

import { z } from 'zod'
import { certificateFacts, certificateKinds } from './certificate.ts'
import { networkClasses } from './network.ts'
import { owners } from './party.ts'

/** What TLS is made of: certificates with their keys, the CAs that are trusted, and the contexts that join them. */

const id = z.string()
const version = z.int()

export const renewalMethods = ['cert-manager', 'manual', 'built-in'] as const

/** A certificate of ours under a name that stays while it is renewed; its key never leaves the portal but to nodes. */
export const certificateView = z.object({
  id,
  name: z.string(),
  kind: z.enum(certificateKinds),
  /** The leaf first. */
  chain: z.array(certificateFacts).min(1),
  hasKey: z.boolean(),
  renewalMethod: z.enum(renewalMethods),
  /** Days before its end at which it is to be renewed; null for the organisation's usual warning. */
  rotationWindowDays: z.number().nullable(),
  version,
})

/** A CA that truststores name. */
export const authorityView = z.object({
  id,
  name: z.string(),
  /** Who runs it, which decides what a context with it may be. */
  runBy: z.enum(owners),
  /** The certificate that is trusted. */
  certificate: certificateFacts,
  /** The portal has its key. */
  canIssue: z.boolean(),
  parentId: id.nullable(),
  version,
})

/** A truststore that validates the far side, and a keystore that the same CA issued. */
export const contextView = z.object({
  id,
  name: z.string(),
  class: z.enum(networkClasses),
  authorityIds: z.array(id),
  /** The certificate that is shown; null where the context only validates. */
  keystoreId: id.nullable(),
  version,
})

export const clientModes = ['STRICT', 'PERMISSIVE', 'DISABLE'] as const

const parameters = {
  /** The context that it takes its certificates from; null where they stand in the policy itself. */
  contextId: id.nullable(),
  minVersion: z.enum(['1.2', '1.3']),
  maxVersion: z.enum(['1.2', '1.3']),
  ciphers: z.array(z.string()),
  subjectAltNames: z.array(z.string()),
}

/** TLS of an API towards its clients. */
export const inboundSide = z.object({ ...parameters, mode: z.enum(clientModes) })

/** TLS of an API towards its upstream. */
export const outboundSide = z.object({
  ...parameters,
  /** Shows a certificate of its own. */
  hasCertificate: z.boolean(),
  skipValidation: z.boolean(),
  serverName: z.string(),
})

export type CertificateView = z.infer<typeof certificateView>
export type AuthorityView = z.infer<typeof authorityView>
export type ContextView = z.infer<typeof contextView>
export type InboundSide = z.infer<typeof inboundSide>
export type OutboundSide = z.infer<typeof outboundSide>

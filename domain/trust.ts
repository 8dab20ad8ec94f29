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
export type ClientMode = (typeof clientModes)[number]

/** Certificates that stand in a policy itself: the chain that is shown, and the CAs that are trusted. */
export const inlineCertificates = z.object({
  chain: z.array(certificateFacts),
  trusted: z.array(certificateFacts),
})

/** What TLS is told wherever it is spoken. */
export const tlsParameters = {
  minVersion: z.enum(['1.2', '1.3']),
  maxVersion: z.enum(['1.2', '1.3']),
  ciphers: z.array(z.string()),
  subjectAltNames: z.array(z.string()),
}

const side = {
  ...tlsParameters,
  /** The context that it takes its certificates from; null where they stand in the policy itself. */
  contextId: id.nullable(),
  /** Null with a context, and where nobody has read them. */
  inline: inlineCertificates.nullable(),
}

/** TLS of an API towards its clients. */
export const inboundSide = z.object({ ...side, mode: z.enum(clientModes) })

/** TLS of an API towards its upstream. */
export const outboundSide = z.object({
  ...side,
  /** Shows a certificate of its own. */
  hasCertificate: z.boolean(),
  skipValidation: z.boolean(),
  serverName: z.string(),
})

export type CertificateView = z.infer<typeof certificateView>
export type AuthorityView = z.infer<typeof authorityView>
export type ContextView = z.infer<typeof contextView>
export type InlineCertificates = z.infer<typeof inlineCertificates>
export type InboundSide = z.infer<typeof inboundSide>
export type OutboundSide = z.infer<typeof outboundSide>

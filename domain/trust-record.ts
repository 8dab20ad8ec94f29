import { z } from 'zod'
import { sides } from './peer.ts'
import { certificateFacts, certificateKinds } from './certificate.ts'
import { keptByNodes } from './kept-certificate.ts'
import { renewalCheck } from './renewal.ts'
import { rotation, rotationStep, stepKinds } from './rotation-plan.ts'
import { authorityView, certificateView, contextView } from './trust.ts'

/** Certificates, CAs and contexts as their own pages and machines see them: beside what they are, how they came to be. */

const id = z.string()

export const certificateStates = ['requested', 'current', 'previous', 'retired'] as const

/** A version of a certificate: the name stays, versions come and go. */
export const certificateVersion = z.object({
  number: z.int(),
  state: z.enum(certificateStates),
  /** The leaf first; empty while a request is out. */
  chain: z.array(certificateFacts),
  /** A version without its key cannot be gone back to. */
  hasKey: z.boolean(),
  /** The CA here that issued it. */
  issuerId: id.nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
})

/** Something that needs a thing, by its name. */
export const trustUse = z.object({ kind: z.string(), id, name: z.string() })

export const certificateRecord = certificateView.extend({
  /** Of the version that is shown; empty before the first. */
  chain: z.array(certificateFacts),
  /** The same as PEM, without any key. */
  pem: z.string(),
  /** The request that waits to be signed (PKCS#10), as PEM. */
  request: z.string().nullable(),
  /** The newest first. */
  versions: z.array(certificateVersion),
  /** Where its nodes have the keys, and no version is here; null else. */
  kept: keptByNodes.nullable(),
  /** The contexts that show it. */
  usedBy: z.array(trustUse),
})

export const authorityRecord = authorityView.extend({
  pem: z.string(),
  /** Made here, for development. */
  builtIn: z.boolean(),
  /** The contexts that trust it, and the CAs that it issued. */
  usedBy: z.array(trustUse),
})

export const contextRecord = contextView.extend({
  /** The APIs that take their certificates from it, and the firewalls that end it. */
  usedBy: z.array(trustUse),
})

/** A gateway that serves a change since this revision. */
export const published = z.object({ gatewayId: id, gatewayName: z.string(), revision: z.int() })

/** What a change of contexts reaches, as it is deployed now and as nodes last said. */
export const trustImpact = z.object({
  gateways: z.array(
    z.object({
      id,
      name: z.string(),
      nodes: z.int(),
      online: z.int(),
      current: z.int().describe('Nodes that serve the newest revision'),
      connections: z.int().nullable().describe('Open client connections; null while no node says'),
    }),
  ),
  listeners: z.array(
    z.object({ gatewayId: id, id, protocol: z.string(), address: z.string(), port: z.int() }),
  ),
  apis: z.array(
    z.object({
      /** The instance. */
      id,
      gatewayId: id,
      name: z.string(),
      label: z.string(),
      sides: z.array(z.enum(sides)),
      webSockets: z.int().describe('Open ones, as far as nodes list them'),
    }),
  ),
  consumers: z.array(z.object({ id, name: z.string() })),
  contexts: z.array(z.object({ id, name: z.string() })),
})

/** What another version of a certificate would be, and what to think of before. */
export const rotationPreview = z.object({
  chain: z.array(certificateFacts),
  hasKey: z.boolean(),
  /** It is what the request that is out asked for: completing it is the way to show it. */
  answersRequest: z.boolean(),
  /** Everything that was looked at. */
  checks: z.array(renewalCheck),
  /** Of that, what is not well. */
  warnings: z.array(z.string()),
  impact: trustImpact,
})

/** What a rotation would be before it begins. */
export const rotationOutlook = z.object({
  steps: z.array(rotationStep),
  impact: trustImpact,
})

/** A CA that is being replaced by another: how far it is, and whom it reaches. */
export const rotationRecord = rotation.extend({
  id,
  from: z.string(),
  to: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  version: z.int(),
  ...rotationOutlook.shape,
})

/** How far a rotation is, for lists. */
export const rotationSummary = rotationRecord
  .omit({ steps: true, impact: true })
  .extend({ next: z.enum(stepKinds).nullable().describe('Null once all is done') })

/** What a file holds, before anything is made of it. */
export const certificateContent = z.object({
  chain: z.array(certificateFacts),
  hasKey: z.boolean(),
  kind: z.enum(certificateKinds).describe('What its usages make of it'),
})

export type CertificateVersionView = z.infer<typeof certificateVersion>
export type CertificateRecord = z.infer<typeof certificateRecord>
export type AuthorityRecord = z.infer<typeof authorityRecord>
export type ContextRecord = z.infer<typeof contextRecord>
export type TrustUse = z.infer<typeof trustUse>
export type Published = z.infer<typeof published>
export type TrustImpact = z.infer<typeof trustImpact>
export type RotationOutlook = z.infer<typeof rotationOutlook>
export type RotationRecord = z.infer<typeof rotationRecord>
export type RotationSummary = z.infer<typeof rotationSummary>
export type RotationPreview = z.infer<typeof rotationPreview>
export type CertificateContent = z.infer<typeof certificateContent>

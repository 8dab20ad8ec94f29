import { z } from 'zod'
import { networkClasses } from './network.ts'

/** Documents that a portal gives and takes: Flex YAML, cert-manager, NetworkPolicies, OpenAPI. */

export const documentForms = ['members', 'policies'] as const

/** A file with its name and what it is. */
export const exportedFile = z.object({
  name: z.string(),
  what: z.enum(['flex', 'cert-manager', 'network-policies', 'openapi']),
  text: z.string(),
})
export type ExportedFile = z.infer<typeof exportedFile>

export const exportedDocuments = z.object({
  files: z.array(exportedFile),
  notes: z.array(z.string()).describe('What these documents have no words for, or what is left out of them'),
})
export type ExportedDocuments = z.infer<typeof exportedDocuments>

/** A name that Kubernetes takes (RFC 1123), made from one that people gave. */
export function resourceName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'unnamed' : name
}

/** Documents as they are given: whatever a folder holds. */
export const documentFile = z.strictObject({
  name: z.string().min(1).max(400),
  text: z.string().max(5_000_000),
})
export const documentWish = z.strictObject({
  files: z.array(documentFile).min(1).max(200),
  gatewayId: z.uuid().optional().meta({ description: 'Left out: the only gateway there is.' }),
  contexts: z
    .array(z.strictObject({ name: z.string().max(200), class: z.enum(networkClasses) }))
    .max(200)
    .optional()
    .meta({
      description: 'Of which class contexts are, by the names of the preview, where it is another one.',
    }),
  consumers: z
    .array(z.strictObject({ name: z.string().max(2_000), networkId: z.uuid().nullable() }))
    .max(1_000)
    .optional()
    .meta({ description: 'Where consumers stand that the documents name; null leaves one out.' }),
})
export type DocumentWish = z.infer<typeof documentWish>

const remark = z.object({ file: z.string(), line: z.int(), column: z.int(), detail: z.string() })

const planned = z.object({
  name: z.string(),
  /** Nothing is made where the organisation has it already. */
  isNew: z.boolean(),
})

export const documentPlan = z.object({
  networks: z.array(planned),
  authorities: z.array(planned.extend({ subject: z.string(), notAfter: z.iso.datetime() })),
  certificates: z.array(
    planned.extend({
      kind: z.enum(['server', 'client']),
      subject: z.string(),
      notAfter: z.iso.datetime(),
      hasKey: z.boolean(),
    }),
  ),
  contexts: z.array(
    planned.extend({
      authorities: z.array(z.string()),
      keystore: z.string().nullable(),
      class: z.enum(networkClasses),
      because: z.string().describe('How its class is known'),
    }),
  ),
  consumers: z.array(
    planned.extend({
      apis: z.array(z.string()),
      knownBy: z.enum(['certificate', 'key']),
      network: z.string().nullable().describe('Null where it is not taken over'),
      because: z.string().describe('How its network is known'),
    }),
  ),
  apis: z.array(
    planned.extend({
      label: z.string(),
      host: z.string(),
      basePath: z.string(),
      upstreamUrl: z.string(),
      policies: z.array(z.string()),
      contexts: z.array(z.string()),
    }),
  ),
  /** The set that is then said to be applied around the gateway; null where none is, or none can be. */
  networkPolicies: z
    .object({
      policies: z.array(z.string()),
      namespace: z.string(),
      pods: z.string().describe('Which pods of the namespace are those of the gateway'),
      isNew: z.boolean().describe('Else it takes the place of the set that is applied there'),
    })
    .nullable(),
})
export type DocumentPlan = z.infer<typeof documentPlan>

export const documentPreview = z.object({
  documents: z.int(),
  gatewayName: z.string(),
  plan: documentPlan,
  findings: z.array(
    remark.omit({ detail: true }).extend({
      code: z.string(),
      severity: z.enum(['error', 'warning', 'note']),
      sentence: z.string(),
      fix: z.string(),
    }),
  ),
  /** What cannot be read; then nothing can be made. */
  unreadable: z.array(remark),
  notes: z.array(remark),
})
export type DocumentPreview = z.infer<typeof documentPreview>

export const documentOutcome = z.object({
  plan: documentPlan,
  apis: z.array(z.object({ name: z.string(), apiId: z.string(), instanceId: z.string() })),
  notes: z.array(remark).describe('What is not taken over, and what is still to do'),
})
export type DocumentOutcome = z.infer<typeof documentOutcome>

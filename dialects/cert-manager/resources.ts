import { z } from 'zod'
import { durationMs, isGoDuration, writtenDuration } from './duration.ts'

/**
 * The cert-manager resources that are recognised beside an API: who renews which Secret, how long before its end.
 * They are checked for what a reader of them relies on; members of later versions are let through.
 */

const dnsLabelName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, hyphens and dots')

const metadata = z.looseObject({
  name: dnsLabelName,
  namespace: dnsLabelName.default('default'),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})

const version = z.literal('cert-manager.io/v1', { error: () => 'must be cert-manager.io/v1' })

const duration = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'must be a duration such as 2160h (90d is read too)')

const usages = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
] as const

const privateKey = z
  .looseObject({
    algorithm: z.enum(['RSA', 'ECDSA', 'Ed25519']).optional(),
    size: z.int().optional(),
    encoding: z.enum(['PKCS1', 'PKCS8']).optional(),
    rotationPolicy: z.enum(['Never', 'Always']).optional(),
  })
  .check(({ value, issues }) => {
    const { algorithm = 'RSA', size } = value
    const sizes = { RSA: [2048, 3072, 4096, 8192], ECDSA: [256, 384, 521], Ed25519: undefined }[algorithm]
    if (size === undefined || sizes === undefined || sizes.includes(size)) return
    const message = `${algorithm} keys have ${sizes.join(', ')} bits`
    issues.push({ code: 'custom', path: ['size'], message, input: size })
  })

/** Its `spec`, as far as it says which Secret holds what and when it is renewed. */
const certificateSpec = z
  .looseObject({
    secretName: dnsLabelName,
    duration: duration.optional(),
    renewBefore: duration.optional(),
    isCA: z.boolean().optional(),
    commonName: z.string().min(1).max(64, 'a common name has at most 64 characters').optional(),
    subject: z.record(z.string(), z.unknown()).optional(),
    dnsNames: z.array(z.string().min(1)).optional(),
    ipAddresses: z.array(z.string().min(1)).optional(),
    uris: z.array(z.string().min(1)).optional(),
    emailAddresses: z.array(z.string().min(1)).optional(),
    usages: z.array(z.enum(usages)).optional(),
    privateKey: privateKey.optional(),
    issuerRef: z.looseObject({
      name: z.string().min(1),
      kind: z.string().default('Issuer'),
      group: z.string().optional(),
    }),
  })
  .check(({ value, issues }) => {
    const { commonName, dnsNames, ipAddresses, uris, emailAddresses, subject } = value
    const hasName = [dnsNames, ipAddresses, uris, emailAddresses].some((names) => (names?.length ?? 0) > 0)
    if (
      commonName === undefined &&
      !hasName &&
      subject === undefined &&
      value['literalSubject'] === undefined
    )
      issues.push({
        code: 'custom',
        path: [],
        message: 'names nobody: give a commonName, dnsNames, ipAddresses, uris or emailAddresses',
        input: value,
      })
    const lasts = durationMs(value.duration ?? '2160h')
    const before = value.renewBefore === undefined ? undefined : durationMs(value.renewBefore)
    if (before !== undefined && lasts !== undefined && before >= lasts)
      issues.push({
        code: 'custom',
        path: ['renewBefore'],
        message: `must be shorter than the duration of ${value.duration ?? '2160h'}`,
        input: value.renewBefore,
      })
  })

export const certificate = z.looseObject({
  apiVersion: version,
  kind: z.literal('Certificate'),
  metadata,
  spec: certificateSpec,
})

const issuerKinds = ['selfSigned', 'ca', 'acme', 'vault', 'venafi'] as const

const issuerSpec = z
  .record(z.string(), z.unknown())
  .refine(
    (spec) => issuerKinds.filter((kind) => kind in spec).length === 1,
    `must have one of ${issuerKinds.join(', ')}`,
  )

export const issuer = z.looseObject({
  apiVersion: version,
  kind: z.literal('Issuer'),
  metadata,
  spec: issuerSpec,
})

/** The same for the whole cluster; it stands in no namespace. */
export const clusterIssuer = z.looseObject({
  apiVersion: version,
  kind: z.literal('ClusterIssuer'),
  metadata,
  spec: issuerSpec,
})

export type Certificate = z.infer<typeof certificate>

/** The members of a certificate whose durations cert-manager itself would refuse, days above all. */
export function durationsToRewrite({ spec }: Certificate): ['duration' | 'renewBefore', string][] {
  return (['duration', 'renewBefore'] as const).flatMap((member) => {
    const text = spec[member]
    const ms = text === undefined || isGoDuration(text) ? undefined : durationMs(text)
    return ms === undefined ? [] : [[member, writtenDuration(ms)] as ['duration' | 'renewBefore', string]]
  })
}

/** The certificate in the form that cert-manager takes: durations without days. */
export function writtenCertificate(read: Certificate): Certificate {
  return { ...read, spec: { ...read.spec, ...Object.fromEntries(durationsToRewrite(read)) } }
}

import { z } from 'zod'

/** Certificates as their rules see them: what one says of itself (RFC 5280), and what is to be said of it at a moment. */

/** Other kinds of names allow nothing in TLS. */
export const nameKinds = ['dns', 'uri', 'email', 'ip'] as const

/** Decoded: never the joined text that some libraries print. */
export const subjectAltName = z.object({ type: z.enum(nameKinds), value: z.string() })
export type SubjectAltName = z.infer<typeof subjectAltName>

export const keyAlgorithms = ['RSA', 'EC', 'Ed25519', 'Ed448', 'other'] as const

export const certificateFacts = z.object({
  /** SHA-256 of the DER form, lower-case hex. */
  sha256: z.string(),
  /** RFC 4514 text. */
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  names: z.array(subjectAltName),
  isCa: z.boolean(),
  key: z.object({ algorithm: z.enum(keyAlgorithms), bits: z.int() }),
  /** Base64 SHA-256 of the public key (RFC 7469 §2.4). */
  spkiSha256: z.string(),
  /** As RFC 5280 §4.2.1.12 names them, others by their object identifier; null without the extension: any use. */
  extendedKeyUsages: z.array(z.string()).nullable(),
  subjectKeyId: z.string().nullable(),
  authorityKeyId: z.string().nullable(),
  /** Signed by the very key that it carries. */
  selfSigned: z.boolean(),
})
export type CertificateFacts = z.infer<typeof certificateFacts>

/** What a certificate is for, as `tls-certificate-monitoring` names it. */
export const certificateKinds = ['server', 'client', 'ca'] as const
export type CertificateKind = (typeof certificateKinds)[number]

// ── how long ────────────────────────────────────────────────────────────────

export const validityStates = ['valid', 'expiring', 'critical', 'expired', 'not-yet-valid'] as const
export type ValidityState = (typeof validityStates)[number]

export interface Validity {
  readonly state: ValidityState
  /** Whole days until it ends, below 0 once it has. */
  readonly daysLeft: number
}

/** When to warn. A short life has a short warning, so that what lives for a day is not always yellow. */
export const watch = z.object({
  expiryWarningDays: z.number(),
  /** The most that the warning may take of the lifetime. */
  lifetimeFraction: z.number(),
})
export type Watch = z.infer<typeof watch>
export const usualWatch: Watch = { expiryWarningDays: 30, lifetimeFraction: 1 / 3 }

export const dayMs = 86_400_000
/** Clocks of two machines may differ by so much before a certificate counts as not yet valid. */
export const skewMs = 60_000

export type Lifetime = Pick<CertificateFacts, 'notBefore' | 'notAfter'>

/** How long before its end a certificate is warned of. */
export function warningMs({ notBefore, notAfter }: Lifetime, watched: Watch): number {
  const lifetimeMs = Date.parse(notAfter) - Date.parse(notBefore)
  return Math.min(watched.expiryWarningDays * dayMs, lifetimeMs * watched.lifetimeFraction)
}

/** Of those whom it concerns, whoever wants to be warned first; its own window counts like a wish of each. */
export function earliestWatch(
  lifetime: Lifetime,
  wanted: readonly [Watch, ...Watch[]],
  rotationWindowDays: number,
): Watch {
  return wanted
    .map((each) => ({ ...each, expiryWarningDays: Math.max(each.expiryWarningDays, rotationWindowDays) }))
    .reduce((a, b) => (warningMs(lifetime, b) > warningMs(lifetime, a) ? b : a))
}

/** How a certificate stands at a moment: in the last quarter of its warning it is critical. */
export function validityOf(lifetime: Lifetime, now: Date, watched: Watch = usualWatch): Validity {
  const start = Date.parse(lifetime.notBefore)
  const end = Date.parse(lifetime.notAfter)
  const at = now.getTime()
  const leftMs = end - at
  const daysLeft = Math.floor(leftMs / dayMs)
  const windowMs = warningMs(lifetime, watched)
  if (leftMs <= 0) return { state: 'expired', daysLeft }
  if (start - skewMs > at) return { state: 'not-yet-valid', daysLeft }
  if (leftMs < windowMs / 4) return { state: 'critical', daysLeft }
  return { state: leftMs < windowMs ? 'expiring' : 'valid', daysLeft }
}

// ── what for ────────────────────────────────────────────────────────────────

const purposes = { server: 'serverAuth', client: 'clientAuth' } as const

/** Whether its extended key usages allow it to be shown as that side of TLS (RFC 5280 §4.2.1.12). */
export function mayBe(
  side: 'server' | 'client',
  { extendedKeyUsages }: Pick<CertificateFacts, 'extendedKeyUsages'>,
): boolean {
  if (extendedKeyUsages === null) return true
  return extendedKeyUsages.includes(purposes[side]) || extendedKeyUsages.includes('anyExtendedKeyUsage')
}

const bitsMin: Readonly<Partial<Record<(typeof keyAlgorithms)[number], number>>> = { RSA: 2_048, EC: 256 }

/** Whether a key is shorter than anybody should trust. */
export function isWeak({ key }: Pick<CertificateFacts, 'key'>): boolean {
  return key.bits < (bitsMin[key.algorithm] ?? 0)
}

// ── by whom ─────────────────────────────────────────────────────────────────

/** Whether one certificate was issued by another: by names and key ids alone here, by the signature where it can be checked. */
export type Issued = (child: CertificateFacts, issuer: CertificateFacts) => boolean

export const issuedByName: Issued = (child, issuer) =>
  issuer.isCa &&
  child.issuer === issuer.subject &&
  (child.authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    child.authorityKeyId === issuer.subjectKeyId)

export interface Path {
  /** From the leaf up, as far as it goes. */
  readonly certificates: readonly CertificateFacts[]
  /** The trusted certificate that it ends at. */
  readonly anchor: CertificateFacts | null
  /** Whom nobody could find: "unknown authority". Null where the path is whole, or ends at itself. */
  readonly missing: string | null
}

// More than any chain in use; also what ends a circle of cross-signed CAs.
const pathMax = 10

/** The way from a certificate to one that is trusted, over those that are sent with it (RFC 5280 §6). */
export function pathFrom(
  leaf: CertificateFacts,
  sent: readonly CertificateFacts[],
  trusted: readonly CertificateFacts[],
  issued: Issued = issuedByName,
): Path {
  const certificates = [leaf]
  for (let last = leaf; ; ) {
    const anchor = trusted.find(({ sha256 }) => sha256 === last.sha256)
    if (anchor) return { certificates, anchor, missing: null }
    const issuer = trusted.find((each) => issued(last, each))
    if (issuer) return { certificates: [...certificates, issuer], anchor: issuer, missing: null }
    const next = last.selfSigned ? undefined : sent.find((each) => issued(last, each))
    if (next === undefined || certificates.length >= pathMax || certificates.includes(next))
      return { certificates, anchor: null, missing: last.selfSigned ? null : last.issuer }
    certificates.push(next)
    last = next
  }
}

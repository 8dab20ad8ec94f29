import { stringify } from 'yaml'
import { certificate, issuer, writtenCertificate } from '#dialects/cert-manager/resources.ts'
import type { CertificateFacts } from '#domain/certificate.ts'
import { resourceName } from '#domain/documents.ts'

/** Certificates of cert-manager that keep up the Secrets which an exported API names. */

export interface Kept {
  /** Of the Secret that it is written to. */
  readonly secretName: string
  readonly side: 'server' | 'client'
  readonly leaf: CertificateFacts
  readonly rotationWindowDays: number | null
  /** Who issued it, as far as that CA is known here. */
  readonly authority: { readonly name: string; readonly isOurs: boolean } | null
}

const hourMs = 3_600_000
const issuerNameOf = ({ authority, leaf }: Kept) =>
  resourceName(authority?.name ?? /CN=([^,]+)/.exec(leaf.issuer)?.[1] ?? leaf.issuer)

/** As one file; empty where nothing is to be kept up. */
export function writeCertificates(kept: readonly Kept[], namespace: string): string {
  const certificates = kept.map((one) => stringify(certificateFor(one, namespace)))
  const issuers = new Map(kept.map((one) => [issuerNameOf(one), one]))
  return [...certificates, ...[...issuers].map(([name, one]) => issuerFor(name, one, namespace))].join(
    '---\n',
  )
}

function certificateFor(kept: Kept, namespace: string) {
  const { secretName, side, leaf, rotationWindowDays } = kept
  const lastsMs = Date.parse(leaf.notAfter) - Date.parse(leaf.notBefore)
  const duration = Math.max(1, Math.round(lastsMs / hourMs))
  const window = rotationWindowDays === null ? duration / 3 : rotationWindowDays * 24
  const renewBefore = Math.min(Math.max(1, Math.round(window)), Math.floor((duration * 2) / 3))
  const commonName = /(?:^|,)CN=((?:[^,\\]|\\.)+)/.exec(leaf.subject)?.[1]
  return writtenCertificate(
    certificate.parse({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: secretName, namespace },
      spec: {
        secretName,
        duration: `${duration}h`,
        ...(duration > 1 ? { renewBefore: `${renewBefore}h` } : {}),
        ...(commonName === undefined || commonName.length > 64 ? {} : { commonName }),
        ...namesOf(leaf),
        privateKey: privateKeyOf(leaf),
        usages: [side === 'server' ? 'server auth' : 'client auth'],
        issuerRef: { name: issuerNameOf(kept), kind: 'Issuer' },
      },
    }),
  )
}

const members = { dns: 'dnsNames', uri: 'uris', email: 'emailAddresses', ip: 'ipAddresses' } as const

function namesOf({ names }: CertificateFacts): Record<string, string[]> {
  const byMember = Map.groupBy(names, ({ type }) => members[type])
  return Object.fromEntries([...byMember].map(([member, all]) => [member, all.map(({ value }) => value)]))
}

function privateKeyOf({ key: { algorithm, bits } }: CertificateFacts) {
  if (algorithm === 'RSA')
    return { algorithm, size: [2048, 3072, 4096, 8192].find((size) => size >= bits) ?? 2048 }
  return algorithm === 'Ed25519'
    ? { algorithm }
    : { algorithm: 'ECDSA', size: bits === 384 || bits === 521 ? bits : 256 }
}

function issuerFor(name: string, { authority }: Kept, namespace: string): string {
  const made = issuer.parse({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name, namespace },
    spec: { ca: { secretName: `${name}-ca-key` } },
  })
  const comment =
    authority?.isOurs === true
      ? `# The Secret ${name}-ca-key must hold the certificate and the key of this CA; they are not in here.\n`
      : `# This CA is not the organisation's: put how it is asked in the place of ca, acme or vault say.\n`
  return comment + stringify(made)
}

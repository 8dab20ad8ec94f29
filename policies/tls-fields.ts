import { z } from 'zod'
import { cipherSuites, isCipherSuite } from '#domain/cipher-suite.ts'
import type { Contexts, TlsMaterial, TlsVersion } from './settings.ts'

/** What TLS towards clients and TLS towards upstreams are told alike. */

export const tlsVersion = z.enum(['1.2', '1.3'], {
  error: 'must be 1.2 or 1.3; what is older is not safe',
})

export const tlsVersions: Readonly<Record<z.infer<typeof tlsVersion>, TlsVersion>> = {
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
}

export const cipherList = z
  .array(z.string().refine(isCipherSuite, { error: 'is no cipher suite that is known here' }))
  .max(50)
  .default([])
  .meta({
    title: 'Cipher suites',
    description: 'In order of preference. Empty: a good choice.',
    examples: [cipherSuites.slice(0, 3)],
    advanced: true,
  })

export const contextRef = z.string().min(1).max(200).optional().meta({
  title: 'mTLS context',
  description:
    'The trusted CAs and the certificate come from there, and change with it, in the place of those here.',
  reference: 'mtls-context',
})

/** A `contextRef` that leads nowhere. */
export class ContextFault extends Error {}

interface Source {
  readonly contextRef?: string | undefined
  readonly certificate?: { readonly crt: string; readonly key: string } | undefined
  readonly trustedCA: string
}

/** The certificates that a policy has, or that the context has which it names. Throws a ContextFault. */
export function materialOf(
  { contextRef: ref, certificate, trustedCA }: Source,
  contexts: Contexts,
): TlsMaterial {
  if (ref === undefined) {
    const keyPair = certificate && { certificate: certificate.crt, key: certificate.key }
    return { trustedCa: trustedCA, certificate: keyPair }
  }
  const material = contexts(ref)
  if (material === undefined) throw new ContextFault(`there is no mTLS context ${ref} here`)
  return material
}

/** Members that a context takes the place of, where they are given beside one. */
export function besideContext({ contextRef: ref, certificate, trustedCA }: Source): string[] {
  if (ref === undefined) return []
  return [...(certificate === undefined ? [] : ['certificate']), ...(trustedCA === '' ? [] : ['trustedCA'])]
}

export const fromContext = 'comes from the context that contextRef names'

/** The mTLS context that a configuration of any policy names. */
export function contextRefIn(config: unknown): string | undefined {
  if (typeof config !== 'object' || config === null || !('contextRef' in config)) return undefined
  return typeof config.contextRef === 'string' ? config.contextRef : undefined
}

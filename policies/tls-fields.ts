import { z } from 'zod'
import { cipherSuites, isCipherSuite } from '#domain/cipher-suite.ts'
import type { TlsVersion } from './settings.ts'

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

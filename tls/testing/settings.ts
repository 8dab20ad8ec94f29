import type { InboundTls, KeyPair, TlsParameters } from '#policies/settings.ts'

/** Settings for tests: what is asked where nothing is. */
export const plainParameters = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [],
  alpn: [],
} as const satisfies TlsParameters

/** TLS that takes any client, with something else in some places. */
export function inboundSettings(certificate: KeyPair, change: Partial<InboundTls> = {}): InboundTls {
  return {
    mode: 'DISABLE',
    certificate,
    trustedCa: '',
    crl: '',
    subjectAltNames: [],
    spkiHashes: [],
    ...plainParameters,
    ...change,
  }
}

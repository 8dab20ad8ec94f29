import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** Whom a process trusts where nobody says otherwise: upstreams, issuers, the portal. */
export interface Authorities {
  /** `nobody` where SSL_CERT_FILE and SSL_CERT_DIR name no certificates. */
  readonly from: 'system' | 'bundled' | 'nobody'
  readonly count: number
}

/**
 * Trusts the CAs of the system, as other proxies do: who runs the machine says who is trusted on it. Those that came
 * with Node are for systems that have none; NODE_EXTRA_CA_CERTS adds to either. One store for the whole process: to
 * read them costs milliseconds, which a connection or an upstream must not pay.
 */
export function trustSystemAuthorities(): Authorities {
  const system = getCACertificates('system')
  const isNamed = ['SSL_CERT_FILE', 'SSL_CERT_DIR'].some((name) => (process.env[name] ?? '') !== '')
  // Who names a store that cannot be read must not come to trust all the world for it.
  const from = system.length > 0 ? 'system' : isNamed ? 'nobody' : 'bundled'
  const own = from === 'bundled' ? getCACertificates('bundled') : system
  // A folder has each certificate several times: by its name, by its hash, in a bundle.
  const trusted = new Set([...own, ...getCACertificates('extra')])
  setDefaultCACertificates([...trusted])
  return { from, count: trusted.size }
}

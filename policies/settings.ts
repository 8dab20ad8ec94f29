/**
 * What an attached policy says about the listener or the upstream of its API instead of looking at requests. The
 * runtime makes TLS contexts and connection pools of it. Times are in milliseconds, certificates are PEM texts.
 */

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface TlsParameters {
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** IANA names in order of preference; empty for the runtime's own choice. */
  readonly ciphers: readonly string[]
  /** `h2`, `http/1.1`, in order of preference; empty for the runtime's own choice. */
  readonly alpn: readonly string[]
}

export interface KeyPair {
  /** The leaf and its intermediates. */
  readonly certificate: string
  readonly key: string
}

/** What an mTLS context gives to TLS in the place of certificates in a policy. */
export interface TlsMaterial {
  /** CAs that the far side must come from. */
  readonly trustedCa: string
  readonly certificate: KeyPair | undefined
}

/** The mTLS context of a `contextRef`, or undefined. */
export type Contexts = (ref: string) => TlsMaterial | undefined
export const noContexts: Contexts = () => undefined
/** One that is always there, for whoever only wants to know what a policy says besides. */
export const someContext: Contexts = () => ({ trustedCa: '', certificate: { certificate: '', key: '' } })

/** TLS towards clients (Flex `tls`). */
export interface InboundTls extends TlsParameters {
  /** STRICT asks for a valid client certificate, PERMISSIVE takes one, DISABLE asks for none. */
  readonly mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE'
  readonly certificate: KeyPair
  /** CAs that client certificates must come from. */
  readonly trustedCa: string
  /** PEM or empty. */
  readonly crl: string
  /** Allowed names of client certificates; empty for all. */
  readonly subjectAltNames: readonly string[]
  /** Base64 SHA-256 hashes of allowed public keys (RFC 7469 §2.4); empty for all. */
  readonly spkiHashes: readonly string[]
}

/** TLS towards the upstream (Flex `tls-outbound`). */
export interface OutboundTls extends TlsParameters {
  readonly certificate: KeyPair | undefined
  /** Empty for the CAs of the system that the runtime is on. */
  readonly trustedCa: string
  readonly crl: string
  /** Takes any certificate: loud everywhere. */
  readonly skipValidation: boolean
  /** SNI and the name that the certificate must have; empty for the host of the endpoint. */
  readonly serverName: string
  /** Names of which the certificate must have one; empty for the server name. */
  readonly subjectAltNames: readonly string[]
  readonly spkiHashes: readonly string[]
}

export interface RetrySettings {
  readonly numRetries: number
  readonly triggers: readonly (
    | 'connect-failure'
    | 'reset'
    | '5xx'
    | 'gateway-error'
    | 'retriable-status-codes'
  )[]
  readonly statusCodes: readonly number[]
  /** Of one attempt; 0 for the response timeout alone. */
  readonly perTryTimeoutMs: number
  readonly backOffBaseMs: number
  readonly backOffMaxMs: number
  /** Retries may be this share of the running requests … */
  readonly budgetPercent: number
  /** … and at least this many. */
  readonly budgetMinConcurrency: number
  readonly idempotentOnly: boolean
}

export interface BreakerSettings {
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  readonly maxRetries: number
  /** Requests that try a breaker that was open. */
  readonly halfOpenRequests: number
}

export interface OutlierSettings {
  readonly consecutive5xxErrors: number
  readonly intervalMs: number
  readonly baseEjectionMs: number
  readonly maxEjectionPercent: number
}

export interface HealthCheckSettings {
  readonly path: string
  readonly method: 'GET' | 'HEAD' | 'OPTIONS'
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
  readonly expectedStatuses: readonly number[]
}

export interface UpstreamTimeouts {
  readonly connectMs?: number
  /** From the end of the request to the head of the answer. */
  readonly responseMs?: number
  /** The longest pause inside a body. */
  readonly streamIdleMs?: number
  /** How long a connection without work is kept. */
  readonly upstreamIdleMs?: number
}

/** What holds for one upstream. Each part is set by at most one policy of a chain. */
export interface UpstreamSettings {
  readonly tls?: OutboundTls
  readonly timeouts?: UpstreamTimeouts
  readonly retry?: RetrySettings
  readonly breaker?: BreakerSettings
  readonly outlier?: OutlierSettings
  readonly healthCheck?: HealthCheckSettings
}

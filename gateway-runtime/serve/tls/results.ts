import type { openingResults } from '#domain/gateway-codes.ts'
import type { RefusalCode } from '../refusals.ts'

/** How what comes before the first request can end, as the metrics count it, or why the client's certificate was refused. */
export type HandshakeResult = keyof typeof openingResults | RefusalCode

/** What an error of OpenSSL or of the connection comes to. */
export function handshakeFailure({ code = '' }: NodeJS.ErrnoException): HandshakeResult {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset'
    case 'ERR_TLS_HANDSHAKE_TIMEOUT':
    case 'ETIMEDOUT':
      return 'timeout'
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_VERSION_TOO_LOW':
    case 'ERR_SSL_INAPPROPRIATE_FALLBACK':
      return 'unsupported_version'
    case 'ERR_SSL_NO_SHARED_CIPHER':
    case 'ERR_SSL_NO_SUITABLE_KEY_SHARE':
    case 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM':
    case 'ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS':
      return 'no_shared_cipher'
    case 'ERR_SSL_NO_APPLICATION_PROTOCOL':
      return 'no_shared_protocol'
    case 'ERR_SSL_BAD_SIGNATURE':
      return 'bad_signature'
    default:
      return /_ALERT_/.test(code) ? 'refused_by_client' : 'tls_error'
  }
}

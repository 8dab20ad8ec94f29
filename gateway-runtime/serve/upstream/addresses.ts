import { isIP } from 'node:net'
import { addressKind } from '#domain/address.ts'

/** Whether the gateway must not connect to this address, given as text without brackets. */
export function isForbiddenAddress(address: string, allowLoopback: boolean): boolean {
  if (isIP(address) === 0) return true
  const kind = addressKind(address)
  if (kind === 'loopback') return !allowLoopback
  return kind !== 'public' && kind !== 'private'
}

/** What the system says when it has no file descriptor or memory left for a socket. */
const EXHAUSTED: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** Why a connection was never tried, for which the upstream is not to blame; null where it may be. */
export function ownFault(error: Error): 'upstream_forbidden_address' | 'gateway_exhausted' | null {
  if (error instanceof ForbiddenAddress) return 'upstream_forbidden_address'
  return 'code' in error && EXHAUSTED.has(error.code) ? 'gateway_exhausted' : null
}

/** The connection failed because every address of the name is forbidden. */
export class ForbiddenAddress extends Error {
  readonly code = 'FORBIDDEN_ADDRESS'
}

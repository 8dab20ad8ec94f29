import { isIP } from 'node:net'
import { addressKind } from '#domain/address.ts'

/** Whether the gateway must not connect to this address, given as text without brackets. */
export function isForbiddenAddress(address: string, allowLoopback: boolean): boolean {
  if (isIP(address) === 0) return true
  const kind = addressKind(address)
  if (kind === 'loopback') return !allowLoopback
  return kind !== 'public' && kind !== 'private'
}

/** The connection failed because every address of the name is forbidden. */
export class ForbiddenAddress extends Error {
  readonly code = 'FORBIDDEN_ADDRESS'
}

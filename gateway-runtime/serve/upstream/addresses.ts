import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
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

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/**
 * A `lookup` for net.connect that looks at what the name resolves to for this very connection, so that a name
 * cannot pass a check first and change its address afterwards.
 */
export function guardedLookup(allowLoopback: boolean) {
  return function lookup(hostname: string, options: LookupOptions, done: LookupDone): void {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '')
      const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address, allowLoopback))
      const first = allowed[0]
      if (first === undefined) return done(new ForbiddenAddress('no address of that name may be reached'), '')
      if (options.all === true) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }
}

import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'

// Link-local addresses and the metadata services of clouds hold credentials; the rest is no host's address.
const forbidden = new BlockList()
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('168.63.129.16', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
forbidden.addSubnet('224.0.0.0', 3, 'ipv4')
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')
forbidden.addAddress('fd20:ce::254', 'ipv6')
forbidden.addSubnet('ff00::', 8, 'ipv6')
// The same addresses of version 4 behind a translator (RFC 6052) and in 6to4 (RFC 3056)
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
forbidden.addSubnet('2002:a9fe::', 32, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether the gateway must not connect to this address, given as text without brackets. */
export function isForbiddenAddress(address: string, allowLoopback: boolean): boolean {
  const version = isIP(address)
  if (version === 0) return true
  const family = version === 6 ? 'ipv6' : 'ipv4'
  return forbidden.check(address, family) || (!allowLoopback && loopback.check(address, family))
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

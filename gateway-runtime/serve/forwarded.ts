import { isIP } from 'node:net'
import { FIELD, type Head } from './http1/head.ts'

/** What the gateway says and believes of whoever is in front of it. */
export interface Hops {
  /** The client's address after trusted proxies are taken into account. */
  readonly clientAddress: string
  readonly secure: boolean
  /** The X-Forwarded lines for the upstream and the name of X-Request-Id, whose value goes behind them. */
  readonly lines: string
}

/**
 * Without trusted proxies: the peer is the client, and nothing that it says of itself is believed.
 * `host` is the Host header as it came.
 */
export function untrustedHops(peer: string, secure: boolean, host: string): Hops {
  return { clientAddress: peer, secure, lines: linesOf(peer, secure ? 'https' : 'http', host) }
}

/** With `trusted` proxies in front: that many of the rightmost addresses in X-Forwarded-For are kept. */
export function trustedHops(head: Head, trusted: number, peer: string, secure: boolean, host: string): Hops {
  const kept = rightmostAddresses(head, trusted)
  const proto = valueOf(head, head.forwardedProtoField)?.toLowerCase()
  const scheme = proto === 'http' || proto === 'https' ? proto : secure ? 'https' : 'http'
  const forwardedHost = valueOf(head, head.forwardedHostField)
  const outerHost = forwardedHost !== undefined && HOST.test(forwardedHost) ? forwardedHost : host
  return {
    clientAddress: kept[0] ?? peer,
    secure: scheme === 'https',
    lines: linesOf([...kept, peer].join(', '), scheme, outerHost),
  }
}

const HOST = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/

// The walk starts at the right, the end that our own proxy wrote, and stops where something is no address:
// nothing to the left of it can be believed either.
function rightmostAddresses(head: Head, count: number): string[] {
  const all: string[] = []
  for (let field = head.forwardedForField; field >= 0 && field < head.fieldCount; field++) {
    if (head.kind(field) === FIELD.forwardedFor) all.push(...head.value(field).split(','))
  }
  const kept: string[] = []
  for (const entry of all.reverse()) {
    const address = entry.trim()
    if (kept.length === count || isIP(address) === 0) break
    kept.unshift(address)
  }
  return kept
}

function valueOf(head: Head, field: number): string | undefined {
  return field < 0 ? undefined : head.value(field)
}

function linesOf(addresses: string, scheme: string, host: string): string {
  return `X-Forwarded-For: ${addresses}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Host: ${host}\r\nX-Request-Id: `
}

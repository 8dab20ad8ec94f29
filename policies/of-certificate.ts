import type { PeerCertificate } from './exchange.ts'

/** A certificate serves many requests: what is found of it is kept as long as it lives. */
export function foundOnce<T>(find: (peer: PeerCertificate) => T): (peer: PeerCertificate) => T {
  const found = new WeakMap<PeerCertificate, { readonly value: T }>()
  return (peer) => {
    let known = found.get(peer)
    if (known === undefined) found.set(peer, (known = { value: find(peer) }))
    return known.value
  }
}

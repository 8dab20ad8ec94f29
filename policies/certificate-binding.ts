import { base64url } from 'jose'
import { z } from 'zod'
import { invalidToken } from './bearer.ts'
import type { Claims, PeerCertificate, Refusal, TlsSession } from './exchange.ts'
import { foundOnce } from './of-certificate.ts'

/** Tokens that are good for the holder of one client certificate alone (RFC 8705 §3). */

/** Without a default: what a configuration does not say, older nodes need not know. */
export const certificateBoundOnly = z.boolean().optional().meta({
  title: 'Only tokens bound to a certificate',
  description:
    'A token must be bound to the client certificate of its connection (RFC 8705). One that is bound passes with that certificate alone, whatever is said here.',
})

/** Says why a token cannot be used on a connection: looked at for each request, also of a token that is known. */
export type BindingCheck = (claims: Claims, tls: TlsSession | undefined) => Refusal | undefined

const thumbprint = 'x5t#S256'

// RFC 8705 §3.1: base64url of the SHA-256 of the DER.
const thumbprintOf = foundOnce(({ sha256 }: PeerCertificate) =>
  base64url.encode(Uint8Array.from(sha256.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))),
)

export function bindingCheck(kind: string, isMandatory: boolean): BindingCheck {
  const unbound = invalidToken(kind, 'not_bound', 'The token is not bound to a client certificate.')
  const unknown = invalidToken(
    kind,
    'confirmation',
    'The token asks for a proof of possession that is not known here.',
  )
  const noCertificate = invalidToken(
    kind,
    'certificate_binding',
    'The token is bound to a client certificate, and the connection has none.',
  )
  const otherCertificate = invalidToken(
    kind,
    'certificate_binding',
    'The token is bound to another client certificate than that of the connection.',
  )
  return ({ cnf }, tls) => {
    if (cnf === undefined) return isMandatory ? unbound : undefined
    const wanted = thumbprintIn(cnf)
    if (wanted === undefined) return unknown
    if (tls?.peer === undefined) return noCertificate
    return thumbprintOf(tls.peer) === wanted ? undefined : otherCertificate
  }
}

// Another member is another key that the caller must prove to have, as jkt of DPoP (RFC 9449 §6).
function thumbprintIn(confirmation: unknown): string | undefined {
  if (typeof confirmation !== 'object' || confirmation === null) return undefined
  const [member, another] = Object.entries(confirmation)
  if (member === undefined || another !== undefined || member[0] !== thumbprint) return undefined
  return typeof member[1] === 'string' ? member[1] : undefined
}

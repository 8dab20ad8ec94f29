import type { SubjectAltName } from '#domain/certificate.ts'
import type { PeerCertificate } from '../exchange.ts'

/** The element that speaks of a client in X-Forwarded-Client-Cert, in the form that Envoy gave it. */
export function clientCertElement(peer: PeerCertificate, own: readonly SubjectAltName[]): string {
  return [
    ...own.filter(({ type }) => type === 'uri').map(({ value }) => `By=${quoted(value)}`),
    `Hash=${peer.sha256}`,
    `Subject="${escaped(peer.subject)}"`,
    ...peer.subjectAltNames.filter(({ type }) => type === 'uri').map(({ value }) => `URI=${quoted(value)}`),
    ...peer.subjectAltNames.filter(({ type }) => type === 'dns').map(({ value }) => `DNS=${quoted(value)}`),
  ].join(';')
}

// Envoy: a value with a comma, a semicolon or an equals sign stands in double quotes.
function quoted(value: string): string {
  return /[,;="\\ ]/.test(value) ? `"${escaped(value)}"` : value
}

// What a header cannot carry is written as its UTF-8 bytes, as RFC 4514 §2.4 has it.
function escaped(value: string): string {
  return value
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/gu, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `\\\\${byte.toString(16).padStart(2, '0')}`)
        .join(''),
    )
}

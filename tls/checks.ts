import type { X509Certificate } from 'node:crypto'
import { gatewayCodes } from '#domain/gateway-codes.ts'
import {
  type BuiltChain,
  type CheckResult,
  checkOfFault,
  type CheckState,
  type ClientFault,
  type HandshakeCheck,
  handshakeChecks,
} from '#domain/handshake.ts'
import type { InboundTls } from '#policies/settings.ts'
import { NameFault, readCertificate } from './certificate.ts'

/** What decides about a client's certificate. */
export type Door = Pick<InboundTls, 'mode' | 'trustedCa' | 'crl' | 'subjectAltNames' | 'spkiHashes'>

/** What a verdict is told from. */
export interface Seen {
  readonly door: Door
  readonly shown: readonly X509Certificate[]
  readonly fault: ClientFault | null
  readonly error: string | undefined
  /** Null where no certificate was looked at. */
  readonly chain: BuiltChain | null
  readonly nowMs: number
}

/** What there is to say of each check on the way to a verdict, in the order in which a gateway looks. */
export function checksOf(seen: Seen): CheckResult[] {
  const decisive = seen.fault === null ? null : checkOfFault[seen.fault]
  const at = decisive === null ? handshakeChecks.length : handshakeChecks.indexOf(decisive)
  return handshakeChecks.map((check, index) => {
    if (check === decisive && seen.fault !== null)
      return { check, state: 'failed', decides: true, detail: failedText(check, seen) }
    const asked = askedFor(check, seen)
    if (asked !== null) return { check, state: 'not-asked', decides: false, detail: asked }
    const state: CheckState = index > at && !goesOn(check, decisive) ? 'not-reached' : standing(check, seen)
    return { check, state, decides: false, detail: textOf(check, state, seen) }
  })
}

const byOpenSsl: ReadonlySet<HandshakeCheck> = new Set(['chain', 'usage', 'revocation', 'validity'])

/** OpenSSL looks at everything, and says what it found last. */
function goesOn(check: HandshakeCheck, decisive: HandshakeCheck | null): boolean {
  return decisive !== null && byOpenSsl.has(decisive) && byOpenSsl.has(check)
}

/** Why nothing is asked there; null where something is. */
function askedFor(check: HandshakeCheck, { door, shown }: Seen): string | null {
  if (door.mode === 'DISABLE') return 'No client certificate is asked for.'
  if (shown.length === 0)
    return check === 'shown' ? 'A certificate is not needed here.' : 'Nothing was shown.'
  switch (check) {
    case 'revocation':
      return door.crl === '' ? 'No revocation list is configured.' : null
    case 'names':
      return door.subjectAltNames.length === 0 ? 'Every name from the trusted CAs is allowed.' : null
    case 'pins':
      return door.spkiHashes.length === 0 ? 'No key is pinned.' : null
    default:
      return null
  }
}

/** How a check stands that the verdict does not rest on. */
function standing(check: HandshakeCheck, { error, chain, shown: [leaf], nowMs }: Seen): CheckState {
  if (error === undefined || leaf === undefined) return 'passed'
  switch (check) {
    case 'chain':
      return chain?.anchored === false ? 'failed' : 'passed'
    case 'usage':
      return isForClients(leaf) ? 'passed' : 'failed'
    case 'validity':
      return isValidAt(leaf, nowMs) ? 'passed' : 'failed'
    case 'revocation':
      // Of a chain that leads nowhere nobody knows whose list would count.
      return chain?.anchored === false ? 'not-reached' : 'passed'
    default:
      return 'passed'
  }
}

// RFC 5280 §4.2.1.12; Node calls the extended usages `keyUsage`.
const forClients: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

function isForClients({ keyUsage }: X509Certificate): boolean {
  const usages: readonly string[] | undefined = keyUsage
  return usages === undefined || usages.some((usage) => forClients.has(usage))
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime()
}

const day = (date: Date) => date.toISOString().slice(0, 10)

/** What is wrong where the verdict rests, with what the certificate says. */
function failedText(check: HandshakeCheck, seen: Seen): string {
  const { fault, chain, error, door, shown } = seen
  const said = fault === null ? '' : `${gatewayCodes[fault]}.`
  switch (check) {
    case 'chain':
      return chainText(seen)
    case 'validity':
      return failedValidity(seen)
    case 'usage':
      return 'Its extended key usages do not include clientAuth.'
    case 'names':
      return hasForgedName(shown)
        ? 'One of its names holds what no name may, such as a NUL, so none of them counts.'
        : `None of its names is among those allowed: ${door.subjectAltNames.join(', ')}.`
    case 'readable':
      return `${said}${error === undefined ? '' : ` OpenSSL says ${error}.`}`
    case 'strength':
      return chain !== null && shown.length > 1
        ? `${said} It may be that of an intermediate too.`
        : `${said} At least RSA of 2048 bits or a curve of 256, signed over SHA-256, is needed.`
    default:
      return said
  }
}

function hasForgedName([leaf]: Seen['shown']): boolean {
  try {
    if (leaf !== undefined) readCertificate(leaf.raw)
    return false
  } catch (error) {
    return error instanceof NameFault
  }
}

function chainText({ chain, error }: Seen): string {
  if (chain === null) return ''
  if (chain.missing !== null)
    return `Its issuer ${chain.missing} was neither sent with it nor is it among the trusted CAs.`
  if (!chain.anchored) return 'Its chain ends at a certificate that signed itself and is not trusted.'
  if (error === 'CERT_HAS_EXPIRED') return 'A CA above it has expired.'
  if (error === 'CERT_NOT_YET_VALID') return 'A CA above it is not valid yet.'
  return error === undefined ? '' : `OpenSSL does not take the chain: ${error}.`
}

function failedValidity({ shown: [leaf], nowMs }: Seen): string {
  if (leaf === undefined) return ''
  return leaf.validToDate.getTime() < nowMs
    ? `It expired on ${day(leaf.validToDate)}.`
    : `It is not valid before ${day(leaf.validFromDate)}.`
}

const passed: Readonly<Record<HandshakeCheck, string>> = {
  shown: 'A certificate was shown.',
  readable: 'It can be read, and its names hold nothing that no name may.',
  strength: 'Its key and its signature are strong enough.',
  chain: 'Its chain ends at a trusted CA.',
  usage: 'It may be used by clients.',
  revocation: 'A current list says that nothing in its chain has been revoked.',
  validity: '',
  names: 'One of its names is allowed.',
  pins: 'Its key is one that is pinned.',
}

function textOf(check: HandshakeCheck, state: CheckState, seen: Seen): string {
  if (state === 'not-reached') return 'Not looked at any more.'
  if (state === 'failed') return failedText(check, seen)
  const [leaf] = seen.shown
  if (check === 'validity' && leaf !== undefined)
    return `It is valid from ${day(leaf.validFromDate)} to ${day(leaf.validToDate)}.`
  if (check === 'chain' && seen.chain !== null) {
    const last = seen.chain.links.at(-1)
    return last === undefined ? passed.chain : `Its chain ends at ${last.subject}, which is trusted.`
  }
  return passed[check]
}

import { X509Certificate } from 'node:crypto'
import { gatewayCodes } from '#domain/gateway-codes.ts'
import type { ClientFault, SimulatedHandshake } from '#domain/handshake.ts'
import { Admission } from './admission.ts'
import { buildChain } from './build-chain.ts'
import { checksOf, type Door } from './checks.ts'
import { TlsFault } from './fault.ts'
import { lookAtChain } from './look-at-chain.ts'
import { blocksOf } from './pem.ts'

/**
 * Says what a client meets that shows this chain, the leaf first, or none: the verdict is the node's own, by the same
 * rule over what the same OpenSSL finds. Throws a TlsFault where a text is no certificate at all.
 */
export async function simulateHandshake(
  door: Door,
  shownPem: string | undefined,
  nowMs: number,
): Promise<SimulatedHandshake> {
  const admission = new Admission(door)
  const shown = shownPem === undefined ? [] : readable(shownPem, 'certificate')
  const [leaf, ...sent] = shown
  if (leaf === undefined || !admission.asksForCertificate) {
    const { fault } = admission.judge(undefined, undefined, nowMs)
    const seen = { door, shown, fault, error: undefined, chain: null, nowMs }
    return { ...verdictOf(fault, door), openssl: null, checks: checksOf(seen), chain: null }
  }
  const chain = buildChain(leaf, sent, readable(door.trustedCa, 'trustedCA'))
  const { certificate, error } = await lookAtChain(shown, door)
  // A chain that OpenSSL does not even take ends the handshake.
  const fault: ClientFault | null =
    certificate === undefined ? 'client_cert_invalid' : admission.judge(certificate, error, nowMs).fault
  return {
    ...verdictOf(fault, door),
    openssl: error ?? null,
    checks: checksOf({ door, shown, fault, error, chain, nowMs }),
    chain,
  }
}

function verdictOf(
  fault: ClientFault | null,
  { mode }: Door,
): Pick<SimulatedHandshake, 'verdict' | 'code' | 'detail'> {
  if (fault !== null) return { verdict: 'refused', code: fault, detail: `${gatewayCodes[fault]}.` }
  const detail =
    mode === 'DISABLE' ? 'No certificate is asked for, so any client comes in.' : 'The client comes in.'
  return { verdict: 'accepted', code: null, detail }
}

function readable(pem: string, what: string): X509Certificate[] {
  return blocksOf(pem, 'CERTIFICATE').map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw new TlsFault([what], `certificate ${index + 1} of ${what} cannot be read`)
    }
  })
}

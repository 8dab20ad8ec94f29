import type { Leg } from './leg.ts'

/** Findings: what is wrong or doubtful about a flow, why, and what mends it. */

export const severities = ['error', 'warning'] as const
export type Severity = (typeof severities)[number]

export const findingCodes = [
  'leg.plaintext-crossing',
  'leg.one-way-tls',
  'leg.wrong-context',
  'leg.mtls-absent',
  'flow.no-firewall',
] as const
export type FindingCode = (typeof findingCodes)[number]

export const fixKinds = ['add-firewall', 'edit-listener', 'edit-upstream'] as const

/** An action that mends a finding, and what it is done to. */
export interface Fix {
  readonly kind: (typeof fixKinds)[number]
  readonly label: string
  readonly id: string
}

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  readonly legId: string
  /** One sentence of why. */
  readonly why: string
  readonly fix: Fix
}

/** What can be said against a leg from what is known of it. `farNetwork` is where its outer end stands. */
export function lintLeg(leg: Leg, farNetwork: { id: string; name: string } | null): Finding[] {
  return [unprotected(leg), withoutFirewall(leg, farNetwork)].filter((finding) => finding !== null)
}

function unprotected(leg: Leg): Finding | null {
  const { actual, expected, crosses } = leg
  if (!expected || actual.state === 'not-declared') return null
  const between = `${leg.from.name} to ${leg.to.name}`
  const base = { legId: leg.id, fix: fixOf(leg) }
  if (actual.state === 'mutual') {
    if (actual.context.class === expected.class) return null
    const why = `${between} uses the context ${actual.context.name} of class ${actual.context.class}; the pattern expects ${expected.class}.`
    return { ...base, code: 'leg.wrong-context', severity: 'error', why }
  }
  if (actual.state === 'one-way') {
    const why = `${between} does not ask for a client certificate: ${actual.because}.`
    return { ...base, code: 'leg.one-way-tls', severity: crosses ? 'error' : 'warning', why }
  }
  if (crosses) {
    const why = `${between} crosses a network boundary without TLS: ${actual.because}.`
    return { ...base, code: 'leg.plaintext-crossing', severity: 'error', why }
  }
  const why = `${between} has no mTLS, which is recommended inside the organisation too: ${actual.because}.`
  return { ...base, code: 'leg.mtls-absent', severity: 'warning', why }
}

function fixOf({ from, to, declaredBy }: Leg): Fix {
  const { kind, id, name } = declaredBy ?? (from.kind === 'gateway' ? to : from)
  if (kind === 'gateway') return { kind: 'edit-listener', label: `Open the gateway ${name}`, id }
  return { kind: 'edit-upstream', label: `Open the API ${name}`, id }
}

function withoutFirewall(leg: Leg, far: { id: string; name: string } | null): Finding | null {
  const direct = leg.from.kind !== 'firewall' && leg.to.kind !== 'firewall'
  if (!leg.crosses || !direct || !far) return null
  return {
    code: 'flow.no-firewall',
    severity: 'warning',
    legId: leg.id,
    why: `No firewall ends external TLS at the boundary of ${far.name}, so no new context begins there.`,
    fix: { kind: 'add-firewall', label: `Add a firewall to ${far.name}`, id: far.id },
  }
}

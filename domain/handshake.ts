import { z } from 'zod'
import type { GatewayCode } from './gateway-codes.ts'
import { clientModes } from './trust.ts'

/** What a gateway looks at when a client shows its certificate, and what came of it. */

/** Why a client is turned away for its certificate. */
export const clientFaults = [
  'client_cert_missing',
  'client_cert_expired',
  'client_cert_not_yet_valid',
  'client_cert_untrusted_issuer',
  'client_cert_san_not_allowed',
  'client_cert_wrong_usage',
  'client_cert_revoked',
  'client_cert_revocation_unknown',
  'client_cert_weak_key',
  'client_cert_pin_mismatch',
  'client_cert_invalid',
] as const satisfies readonly GatewayCode[]
export type ClientFault = (typeof clientFaults)[number]

/** In the order in which a gateway looks. From `chain` to `validity` OpenSSL does, and goes on behind a fault. */
export const handshakeChecks = [
  'shown',
  'readable',
  'strength',
  'chain',
  'usage',
  'revocation',
  'validity',
  'names',
  'pins',
] as const
export type HandshakeCheck = (typeof handshakeChecks)[number]

/** The check that a fault is found at. */
export const checkOfFault: Readonly<Record<ClientFault, HandshakeCheck>> = {
  client_cert_missing: 'shown',
  client_cert_invalid: 'readable',
  client_cert_weak_key: 'strength',
  client_cert_untrusted_issuer: 'chain',
  client_cert_wrong_usage: 'usage',
  client_cert_revoked: 'revocation',
  client_cert_revocation_unknown: 'revocation',
  client_cert_expired: 'validity',
  client_cert_not_yet_valid: 'validity',
  client_cert_san_not_allowed: 'names',
  client_cert_pin_mismatch: 'pins',
}

/** `not-asked`: the settings ask for nothing there. `not-reached`: what came before has decided. */
export const checkStates = ['passed', 'failed', 'not-asked', 'not-reached'] as const
export type CheckState = (typeof checkStates)[number]

export const checkResult = z.object({
  check: z.enum(handshakeChecks),
  state: z.enum(checkStates),
  /** The one that the verdict rests on. */
  decides: z.boolean(),
  /** One sentence. */
  detail: z.string(),
})
export type CheckResult = z.infer<typeof checkResult>

export const chainOrigins = ['leaf', 'sent', 'trusted'] as const

export const chainLink = z.object({
  subject: z.string(),
  sha256: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  /** Where it was found: shown as the leaf, sent with it, or among the trusted CAs. */
  origin: z.enum(chainOrigins),
})
export type ChainLink = z.infer<typeof chainLink>

export const builtChain = z.object({
  /** From the leaf up, as far as it goes. */
  links: z.array(chainLink),
  /** Whether it ends at a CA that is trusted. */
  anchored: z.boolean(),
  /** The issuer that is neither sent nor trusted; null where the chain is whole or ends at itself. */
  missing: z.string().nullable(),
})
export type BuiltChain = z.infer<typeof builtChain>

export const simulatedHandshake = z.object({
  verdict: z.enum(['accepted', 'refused']),
  /** The code that a node would refuse the client with. */
  code: z.enum(clientFaults).nullable(),
  /** One sentence: what the client would be told. */
  detail: z.string(),
  /** OpenSSL's own word for what is wrong with the chain. */
  openssl: z.string().nullable(),
  checks: z.array(checkResult),
  /** Null where no certificate was shown, or none that can be read. */
  chain: builtChain.nullable(),
})
export type SimulatedHandshake = z.infer<typeof simulatedHandshake>

/** Where a simulated client knocks. */
export const simulatedAt = z.object({
  name: z.string(),
  mode: z.enum(clientModes),
  /** Of the gateway; null for a draft, and for a context by itself. */
  revision: z.int().nullable(),
  state: z.enum(['deployed', 'draft', 'context']),
})

export const simulationResult = simulatedHandshake.extend({ at: simulatedAt })
export type SimulationResult = z.infer<typeof simulationResult>

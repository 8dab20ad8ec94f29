import { z } from 'zod'
import type { Client, Exchange, Refusal } from './exchange.ts'

export type Category = 'identity' | 'traffic' | 'resilience' | 'shape'

/** What a prepared policy may use of the world it runs in. */
export interface Ports {
  /** Monotonic milliseconds, for limits and timers. */
  readonly monotonicMs: () => number
  /** Wall clock in epoch milliseconds, for tokens and certificates. */
  readonly nowMs: () => number
  /** SHA-256 of a text in lower-case hex. */
  readonly sha256: (text: string) => string
  /** The client whose API key has this SHA-256 (hex) for the API at hand, or undefined. */
  readonly clientByKeyHash: (hash: string) => Client | undefined
  /** State that outlives a plan, so that deploying an unrelated change does not reset counters. */
  readonly state: <T>(key: string, create: () => T) => T
}

/** The per-request half of a policy; made once for each plan, so it may hold compiled things. */
export interface Prepared {
  /** Looks at the request; a Refusal ends it. Returns a promise only where it must wait. */
  onRequest?(exchange: Exchange): Refusal | undefined | Promise<Refusal | undefined>
  /** Observes and edits the head of the answer, the upstream's or a refusal's. */
  onResponse?(exchange: Exchange): void
  dispose?(): void
}

export interface Policy<C = unknown> {
  readonly kind: string
  readonly policyVersion: string
  readonly title: string
  readonly summary: string
  readonly category: Category
  /** Runs before everything else, whatever its order (CORS). */
  readonly first?: boolean
  readonly config: z.ZodType<C>
  /** One line that says what this configuration does, for lists and chains. */
  summarise(config: C): string
  /** Does all that can be done once. Throws an Error that says what is wrong with the configuration. */
  prepare(config: C, ports: Ports): Prepared
}

/** A policy as a form and a document need it, free of functions. */
export interface PolicyDescription {
  kind: string
  policyVersion: string
  title: string
  summary: string
  category: Category
  /** JSON Schema 2020-12, with titles and descriptions for the form. */
  schema: Record<string, unknown>
}

export function definePolicy<C>(policy: Policy<C>): Policy<C> {
  return policy
}

export function describePolicy(policy: Policy<never> | Policy): PolicyDescription {
  const { kind, policyVersion, title, summary, category } = policy
  const schema = z.toJSONSchema(policy.config, { io: 'input' }) as Record<string, unknown>
  return { kind, policyVersion, title, summary, category, schema }
}

import { z } from 'zod'
import { type NetworkClass, networkClasses, networkClassName } from './network.ts'

/** mTLS contexts: what a leg should use, what it is known to use, and how the two compare. */

/** A context's class has the same three values as a network's: who runs its CA. */
export type ContextClass = NetworkClass

/** A named context with its truststore and keystore, as far as a leg refers to it. */
export const contextRef = z.object({ id: z.string(), name: z.string(), class: z.enum(networkClasses) })
export type ContextRef = z.infer<typeof contextRef>

/** What the pattern asks of a leg. Inside the organisation mTLS is recommended, not required. */
export const expected = z.object({ class: z.enum(networkClasses), required: z.boolean() })
export type Expected = z.infer<typeof expected>

/** Null where the certificates stand in the policy itself. */
const context = contextRef.nullable()
const because = z.string()

/** What is known of a leg. `because` names the setting that says so. */
export const actual = z.discriminatedUnion('state', [
  z.object({ state: z.literal('not-declared') }),
  z.object({ state: z.literal('plain'), because }),
  /** Encrypted to whoever answers: the far side's certificate is not looked at. */
  z.object({ state: z.literal('unverified'), because, context }),
  z.object({ state: z.literal('one-way'), because, context }),
  z.object({ state: z.literal('permissive'), because, context }),
  z.object({ state: z.literal('mutual'), context }),
])
export type Actual = z.infer<typeof actual>

/** The context that takes part, where there is one. */
export function contextOf(known: Actual): ContextRef | null {
  return 'context' in known ? known.context : null
}

/** What is known in words, as a table and a panel say it. */
export function actualText(known: Actual): string {
  switch (known.state) {
    case 'not-declared':
      return 'not declared'
    case 'plain':
      return `no TLS: ${known.because}`
    case 'unverified':
      return `TLS with whoever answers: ${known.because}`
    case 'one-way':
      return `TLS without client authentication: ${known.because}`
    case 'permissive':
      return `client certificates are optional: ${known.because}`
    case 'mutual':
      return known.context
        ? `context ${known.context.name}, ${networkClassName[known.context.class]}`
        : 'mTLS with certificates that stand in the policy itself'
  }
}

export const verdicts = [
  'as-expected',
  'below',
  'wrong-context',
  'without-context',
  'broken',
  'not-declared',
] as const
export type Verdict = (typeof verdicts)[number]

/** Compares what a leg should use with what it is known to use. `fails` says that no handshake succeeds. */
export function compare(wanted: Expected, known: Actual, fails = false): Verdict {
  switch (known.state) {
    case 'not-declared':
      return 'not-declared'
    case 'plain':
      return 'below'
    case 'unverified':
    case 'one-way':
    case 'permissive':
      return fails ? 'broken' : 'below'
    case 'mutual':
      if (known.context && known.context.class !== wanted.class) return 'wrong-context'
      if (fails) return 'broken'
      return known.context ? 'as-expected' : 'without-context'
  }
}

/** How badly a hop is protected, for choosing what is said of it first; 0 is as it should be. */
export function badnessOf({ state }: Actual, verdict: Verdict): number {
  const byState: Partial<Record<Actual['state'], number>> = {
    plain: 8,
    unverified: 7,
    'one-way': 6,
    permissive: 5,
  }
  const byVerdict: Partial<Record<Verdict, number>> = {
    'wrong-context': 4,
    broken: 3,
    'not-declared': 2,
    'without-context': 1,
  }
  return byState[state] ?? byVerdict[verdict] ?? 0
}

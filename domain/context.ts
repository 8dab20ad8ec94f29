import type { NetworkClass } from './network.ts'

/** mTLS contexts: what a leg should use, what it is known to use, and how the two compare. */

/** A context's class has the same three values as a network's: who runs its CA. */
export type ContextClass = NetworkClass

/** A named context with its truststore and keystore, as far as a leg refers to it. */
export interface ContextRef {
  readonly id: string
  readonly name: string
  readonly class: ContextClass
}

/** What the pattern asks of a leg. Inside the organisation mTLS is recommended, not required. */
export interface Expected {
  readonly class: ContextClass
  readonly required: boolean
}

export const actualStates = ['not-declared', 'plain', 'one-way', 'mutual'] as const

/** What is known of a leg. `because` names the setting that says so. */
export type Actual =
  | { readonly state: 'not-declared' }
  | { readonly state: 'plain'; readonly because: string }
  | { readonly state: 'one-way'; readonly because: string }
  | { readonly state: 'mutual'; readonly context: ContextRef }

export const verdicts = ['as-expected', 'below', 'wrong-context', 'not-declared'] as const
export type Verdict = (typeof verdicts)[number]

/** Compares what a leg should use with what it is known to use. */
export function compare(expected: Expected, actual: Actual): Verdict {
  switch (actual.state) {
    case 'not-declared':
      return 'not-declared'
    case 'plain':
    case 'one-way':
      return 'below'
    case 'mutual':
      return actual.context.class === expected.class ? 'as-expected' : 'wrong-context'
  }
}

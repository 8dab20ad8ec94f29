import { z } from 'zod'
import { definePolicy, type Policy } from './definition.ts'
import { msOf, seconds } from './seconds.ts'
import type { UpstreamTimeouts } from './settings.ts'

/** Longer than a day is no timeout any more. */
const secondsMax = 86_400

type Config = { timeout: number }

interface TimeoutText {
  readonly kind: string
  readonly title: string
  readonly summary: string
  readonly description: string
  readonly default: number
}

/** A policy that says one of the times that an upstream is given. Its `timeout` is in seconds. */
export function timeoutPolicy(part: keyof UpstreamTimeouts, text: TimeoutText): Policy<Config> {
  const config = z.strictObject({
    timeout: seconds(0.001, secondsMax, text.default).meta({
      title: 'Seconds',
      description: `${text.description} In seconds.`,
      examples: [text.default, 0.5],
    }),
  })
  return definePolicy<Config>({
    kind: text.kind,
    policyVersion: '1.0.0',
    title: text.title,
    summary: text.summary,
    category: 'resilience',
    outbound: true,
    config,
    summarise: ({ timeout }) => `${timeout} second${timeout === 1 ? '' : 's'}`,
    prepare: () => ({}),
    upstream: ({ timeout }) => ({ timeouts: { [part]: msOf(timeout) } }),
  })
}

import { timeoutPolicy } from '../timeout.ts'

/** How long a connection without work is kept. */
export const upstreamIdleTimeout = timeoutPolicy('upstreamIdleMs', {
  kind: 'upstream-idle-timeout',
  title: 'Upstream idle timeout',
  summary: 'Closes connections to the upstream that nobody uses.',
  description: 'How long a connection without work is kept.',
  default: 60,
})

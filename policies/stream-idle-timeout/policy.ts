import { timeoutPolicy } from '../timeout.ts'

/** The longest pause inside the body of an answer. */
export const streamIdleTimeout = timeoutPolicy('streamIdleMs', {
  kind: 'stream-idle-timeout',
  title: 'Stream idle timeout',
  summary: 'Ends answers in which nothing comes for too long.',
  description: 'The longest pause inside the body of an answer.',
  default: 300,
})

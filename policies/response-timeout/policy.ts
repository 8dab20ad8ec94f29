import { timeoutPolicy } from '../timeout.ts'

/** From the end of the request to the head of the answer. */
export const responseTimeout = timeoutPolicy('responseMs', {
  kind: 'response-timeout',
  title: 'Response timeout',
  summary: 'Answers 504 when the upstream takes too long to answer.',
  description: 'From the end of the request to the head of the answer.',
  default: 15,
})

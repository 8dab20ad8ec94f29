import { timeoutPolicy } from '../timeout.ts'

/** How long a connection to the upstream may take, TLS included. */
export const connectTimeout = timeoutPolicy('connectMs', {
  kind: 'connect-timeout',
  title: 'Connect timeout',
  summary: 'Gives up on an endpoint that does not accept the connection in time.',
  description: 'How long a connection to the upstream may take, TLS included.',
  default: 5,
})

import pino, { type Logger } from 'pino'

/** The node's log: JSON lines on standard output. Key material is of the type Secret and prints as dots. */
export function createLog(): Logger {
  return pino({ name: 'gateway-runtime', level: process.env['HEXGATE_LOG_LEVEL'] ?? 'info' })
}

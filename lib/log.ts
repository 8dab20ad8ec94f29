import pino from 'pino'

/** The portal's log: JSON lines on standard output. Secrets are of the type Secret and print as dots. */
export const log = pino({
  name: 'portal',
  level: process.env['HEXGATE_LOG_LEVEL'] ?? 'info',
  redact: ['*.password', '*.token', '*.authorization', '*.cookie', 'headers.authorization', 'headers.cookie'],
})

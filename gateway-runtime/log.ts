import pino, { type Logger } from 'pino'
import { Lines } from './serve/lines.ts'

/** Lines come soon, and those of one moment together. */
const batchMs = 5

/**
 * The node's log: JSON lines on standard output. Key material is of the type Secret and prints as dots. The node never
 * waits for whoever takes them: with a full disk or a reader that stands still it serves on, and counts what was lost.
 */
export function createLog(descriptor = 1): Logger {
  const lines = new Lines(descriptor, batchMs)
  let told = 0
  process.once('exit', () => lines.flushNow())
  const log = pino(
    { name: 'gateway-runtime', level: process.env['HEXGATE_LOG_LEVEL'] ?? 'info' },
    {
      write: (line: string) => {
        lines.add(line)
        if (lines.dropped === told) return
        const lost = lines.dropped - told
        told = lines.dropped
        log.warn({ code: 'log.dropped', lines: lost }, 'lines of the log were lost: it was not taken')
      },
    },
  )
  return log
}

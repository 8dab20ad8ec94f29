import { flushCompileCache } from 'node:module'
import { trustSystemAuthorities } from '../authorities.ts'
import type { FromWorker } from './messages.ts'
import { Worker } from './worker.ts'

/**
 * The entry of a serving process. Whatever is loaded from here on must leave typed arrays as fast as they are:
 * a package without `exports` is imported by the name of its file (`ajv/dist/2020.js`), else the loader's look at
 * its `main` slows down every access to the length of a Buffer in this process.
 */

const ignore = () => undefined
// A terminal and a service manager signal every process of the node; the control process says when to drain.
process.on('SIGINT', ignore)
process.on('SIGTERM', ignore)

/** Lines on their way to a control process that does not take them; more are dropped, and counted. */
const linesWaitingMax = 1_000
let waiting = 0
let dropped = 0

const worker = new Worker((message) => {
  if (message.kind !== 'log' && message.kind !== 'event') return send(message, ignore)
  if (waiting >= linesWaitingMax) return void dropped++
  waiting++
  send(message, () => {
    waiting--
    if (waiting === 0 && dropped > 0) tellDropped()
  })
})

function send(message: FromWorker, sent: () => void): void {
  // Without a channel there is nobody to hear it; the worker is about to end.
  if (process.connected) process.send?.(message, undefined, undefined, sent)
}

function tellDropped(): void {
  const fields = { code: 'worker.log-dropped', lines: dropped }
  dropped = 0
  send({ kind: 'log', entry: ['warn', fields, 'the log did not take all lines of a worker'] }, ignore)
}

trustSystemAuthorities()
// Now rather than at the end, which may come without notice.
flushCompileCache()
process.on('message', (message) => worker.take(message))
process.on('disconnect', () => worker.orphaned())

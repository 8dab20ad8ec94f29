import { Worker } from './worker.ts'

/**
 * The entry of a serving process. Whatever is loaded from here on must leave typed arrays as fast as they are:
 * a package without `exports` is imported by the name of its file (`undici/index.js`), else the loader's look at
 * its `main` slows down every access to the length of a Buffer in this process.
 */

const ignore = () => undefined
// A terminal and a service manager signal every process of the node; the control process says when to drain.
process.on('SIGINT', ignore)
process.on('SIGTERM', ignore)

const worker = new Worker((message) => {
  // Without a channel there is nobody to hear it; the worker is about to end.
  if (process.connected) process.send?.(message, undefined, undefined, ignore)
})
process.on('message', (message) => worker.take(message))
process.on('disconnect', () => worker.orphaned())

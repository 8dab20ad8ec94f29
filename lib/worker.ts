import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'

export interface WorkerLimits {
  readonly deadlineMs: number
  readonly heapMegabytesMax: number
}

/** What a thread said, or which of its limits it met. */
export type WorkerOutcome<T> = { readonly said: T } | { readonly met: 'deadline' | 'memory' }

/**
 * Runs a file in a thread of its own, under limits of its own, until it has said one thing: what eats time or memory
 * costs that thread alone. `file` is under the checkout.
 */
export async function inWorker<T>(
  file: string,
  workerData: Readonly<Record<string, unknown>>,
  { deadlineMs, heapMegabytesMax }: WorkerLimits,
): Promise<WorkerOutcome<T>> {
  // Started from its source file, beside the bundle: it must not be part of it.
  const path = resolve(/* turbopackIgnore: true */ process.cwd(), file)
  const worker = new Worker(/* turbopackIgnore: true */ path, {
    workerData,
    env: {},
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: heapMegabytesMax,
      maxYoungGenerationSizeMb: 16,
      stackSizeMb: 4,
    },
  })
  try {
    return await new Promise<WorkerOutcome<T>>((done, failed) => {
      const deadline = setTimeout(() => done({ met: 'deadline' }), deadlineMs)
      worker.once('message', (said: T) => done({ said }))
      worker.once('error', (error) => {
        const code = 'code' in error ? error.code : null
        if (code === 'ERR_WORKER_OUT_OF_MEMORY') done({ met: 'memory' })
        else failed(error)
      })
      worker.once('exit', (code) => failed(new Error(`${file} ended with ${code} and said nothing`)))
      // Whatever came first, later events change nothing, and the thread goes.
      worker.once('exit', () => clearTimeout(deadline))
    })
  } finally {
    await worker.terminate()
  }
}

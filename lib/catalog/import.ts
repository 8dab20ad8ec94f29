import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ImportedDocument } from '#dialects/openapi/import-document.ts'
import { type Fault, Problem } from '#domain/problem.ts'

/** A document as the catalog stores it: the definition as JSON text, so that nobody parses it again. */
export type ReadDocument = Omit<ImportedDocument, 'definition'> & {
  definitionText: string
  definitionSha256: string
}

/** What reading came to, and what it cost. */
export type Reading = ({ document: ReadDocument } | { faults: Fault[] }) & { cpuMs: number }

export interface ReadingLimits {
  deadlineMs: number
  heapMegabytesMax: number
}

// The largest public documents take about a second here. A slower or busier machine gets some room; what is
// made to take long is refused by the reader's own limits well before.
const standard: ReadingLimits = { deadlineMs: 5_000, heapMegabytesMax: 384 }

const readersMax = 2
const waitingMax = 20
const waiting: (() => void)[] = []
let reading = 0

/** Reads a document in a thread of its own. What takes too long or too much is a fault, as what is wrong is. */
export async function readDocument(text: string, limits: ReadingLimits = standard): Promise<Reading> {
  await turn()
  try {
    return await readInWorker(text, limits)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else reading -= 1
  }
}

// Whoever ends hands its place to the next that waits.
async function turn(): Promise<void> {
  if (reading < readersMax) {
    reading += 1
    return
  }
  if (waiting.length >= waitingMax) throw new Problem('import.busy', 'Other documents are being read.')
  await new Promise<void>((free) => waiting.push(free))
}

async function readInWorker(text: string, limits: ReadingLimits): Promise<Reading> {
  // Started from its source file, beside the bundle: it must not be part of it.
  const file = resolve(/* turbopackIgnore: true */ process.cwd(), 'lib/catalog/import-worker.ts')
  const worker = new Worker(/* turbopackIgnore: true */ file, {
    workerData: { text },
    env: {},
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: limits.heapMegabytesMax,
      maxYoungGenerationSizeMb: 16,
      stackSizeMb: 4,
    },
  })
  try {
    return await new Promise<Reading>((done, failed) => {
      const deadline = setTimeout(() => {
        done(refusal(`Reading it takes longer than ${limits.deadlineMs} ms.`, limits.deadlineMs))
      }, limits.deadlineMs)
      worker.once('message', done)
      worker.once('error', (error) => {
        const code = 'code' in error ? error.code : null
        if (code === 'ERR_WORKER_OUT_OF_MEMORY') done(refusal('Reading it takes too much memory.', 0))
        else failed(error)
      })
      worker.once('exit', (code) => failed(new Error(`the reader ended with ${code} and said nothing`)))
      // Whatever came first, later events change nothing, and the thread goes.
      worker.once('exit', () => clearTimeout(deadline))
    })
  } finally {
    await worker.terminate()
  }
}

function refusal(detail: string, cpuMs: number): Reading {
  return { faults: [{ pointer: '', line: 1, column: 1, detail }], cpuMs }
}

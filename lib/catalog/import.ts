import type { ImportedDocument } from '#dialects/openapi/import-document.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import { inWorker, type WorkerLimits } from '../worker.ts'

/** A document as the catalog stores it: the definition as JSON text, so that nobody parses it again. */
export type ReadDocument = Omit<ImportedDocument, 'definition'> & {
  definitionText: string
  definitionSha256: string
}

/** What reading came to, and what it cost. */
export type Reading = ({ document: ReadDocument } | { faults: Fault[] }) & { cpuMs: number }

// The largest public documents take about a second here. A slower or busier machine gets some room; what is
// made to take long is refused by the reader's own limits well before.
const standard: WorkerLimits = { deadlineMs: 5_000, heapMegabytesMax: 384 }

const readersMax = 2
const waitingMax = 20
const waiting: (() => void)[] = []
let reading = 0

/** Reads a document in a thread of its own. What takes too long or too much is a fault, as what is wrong is. */
export async function readDocument(text: string, limits: WorkerLimits = standard): Promise<Reading> {
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

async function readInWorker(text: string, limits: WorkerLimits): Promise<Reading> {
  const outcome = await inWorker<Reading>('lib/catalog/import-worker.ts', { text }, limits)
  if ('said' in outcome) return outcome.said
  if (outcome.met === 'memory') return refusal('Reading it takes too much memory.', 0)
  return refusal(`Reading it takes longer than ${limits.deadlineMs} ms.`, limits.deadlineMs)
}

function refusal(detail: string, cpuMs: number): Reading {
  return { faults: [{ pointer: '', line: 1, column: 1, detail }], cpuMs }
}

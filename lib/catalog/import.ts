import type { ImportedDocument } from '#dialects/openapi/import-document.ts'
import type { Fault } from '#domain/problem.ts'
import { turnsOf } from '../turns.ts'
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

const inTurn = turnsOf({
  atOnce: 2,
  waitingMax: 20,
  busy: { code: 'import.busy', detail: 'Other documents are being read.' },
})

/** Reads a document in a thread of its own. What takes too long or too much is a fault, as what is wrong is. */
export function readDocument(text: string, limits: WorkerLimits = standard): Promise<Reading> {
  return inTurn(() => readInWorker(text, limits))
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

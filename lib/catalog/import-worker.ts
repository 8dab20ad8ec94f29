import { hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { importDocument } from '#dialects/openapi/import-document.ts'
import { convertSwagger } from './swagger.ts'

// Reads one document and ends. It runs under a memory and a time limit of its own, so that a document that
// eats either costs this thread alone.

const imported = await importDocument(String(workerData.text), convertSwagger)
if ('faults' in imported) {
  parentPort?.postMessage({ faults: imported.faults, cpuMs: cpuMs() })
} else {
  const { definition, ...summary } = imported.document
  const definitionText = JSON.stringify(definition)
  const definitionSha256 = hash('sha256', definitionText)
  parentPort?.postMessage({ document: { ...summary, definitionText, definitionSha256 }, cpuMs: cpuMs() })
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return Math.round((user + system) / 1000)
}

import { readFileSync } from 'node:fs'
import { dump } from 'js-yaml'
import { readDocument } from '#lib/catalog/import.ts'

// Reads one document with the product's own reader, in a process of its own so that its memory can be told.

const [path = '', form = 'json'] = process.argv.slice(2)
const raw = readFileSync(path, 'utf8')
const text = form === 'yaml' ? dump(JSON.parse(raw), { noRefs: true }) : raw
const begun = performance.now()
const reading = await readDocument(text)
const ms = Math.round(performance.now() - begun)
const outcome =
  'document' in reading
    ? { operations: reading.document.operations.length, format: reading.document.sourceFormat }
    : { faults: reading.faults }
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
process.stdout.write(JSON.stringify({ ms, cpuMs: reading.cpuMs, megabytes, ...outcome }))

/**
 * End-to-end fuzzing: `node --expose-internals end-to-end.ts SECONDS SEED`. Spoiled requests go through the data
 * plane to an upstream of node:http, which must never see a malformed request, a request that llhttp does not
 * see in the input, or another body; nothing may hang or stay open. Prints one JSON summary; exits with 1 on any
 * finding.
 */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect } from 'node:net'
import { buildPlan } from '../plan.ts'
import { createServer } from '../server.ts'
import { createPool } from '../upstream/pool.ts'
import { Chance, requestSeeds, spoil } from './inputs.ts'
import { readByLlhttp } from './llhttp.ts'

const HANG_MS = 10_000
const SETTLE_MS = 5_000
const FINDINGS_SHOWN_MAX = 20
// What a client's early end looks like to the upstream is no fault of the gateway's.
const ABORTS = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'])

const seconds = Number(process.argv[2] ?? 60)
const chance = new Chance(Number(process.argv[3] ?? 1))
const endMs = performance.now() + seconds * 1000

const counts = { cases: 0, malformed: 0, extraRequests: 0, otherBodies: 0, hung: 0, leaked: 0 }
const statuses: Record<string, number> = {}
const findings: { kind: string; bytes: string; detail: unknown }[] = []
let requests = 0
let bodies: string[] = []
let input = ''

const upstream = createHttpServer((request, response) => {
  requests++
  let body = ''
  request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
  request.on('end', () => {
    bodies.push(body)
    response.end('ok')
  })
  request.on('error', () => undefined)
})
upstream.on('clientError', (error: NodeJS.ErrnoException, socket) => {
  if (!ABORTS.has(error.code ?? '')) note('malformed', error.code)
  socket.destroy()
})
upstream.on('upgrade', (_request, socket) => {
  requests++
  bodies.push('')
  socket.end('HTTP/1.1 400 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
const address = upstream.address()
if (typeof address !== 'object' || address === null) throw new Error('not bound')

const pool = createPool({
  endpoints: [{ url: `http://127.0.0.1:${address.port}` }],
  timeouts: { connectMs: 2_000, responseMs: 2_000, idleMs: 2_000 },
  maxConnections: 100,
  maxPending: 100,
  allowLoopback: true,
})
const server = createServer({ limits: { lingerMs: 500 } })
const route = {
  id: 'r',
  apiName: 'a',
  host: '*',
  basePath: '/',
  stripBasePath: false,
  upstream: pool,
  policies: [],
}
server.swap(buildPlan([route]))
const { port } = await server.listen({ address: '127.0.0.1', port: 0 })

while (performance.now() < endMs) await tryOne()
const settledMs = performance.now() + SETTLE_MS
do {
  await new Promise((resolve) => setTimeout(resolve, 50))
  counts.leaked = server.figures().connections + pool.figures().connections - pool.figures().idle
} while (counts.leaked > 0 && performance.now() < settledMs)
await server.drain(0)
pool.dispose()
upstream.closeAllConnections()
upstream.close()

const { cases, ...faults } = counts
const total = Object.values(faults).reduce((sum, count) => sum + count, 0)
console.log(JSON.stringify({ seconds, node: process.version, cases, ...faults, statuses, findings }))
process.exitCode = total > 0 || (statuses['200'] ?? 0) === 0 ? 1 : 0

async function tryOne(): Promise<void> {
  const seed = chance.pick(requestSeeds)
  const spoiled = chance.below(4) > 0 ? spoil(seed, requestSeeds, chance) : seed
  input = chance.below(2) === 1 ? spoiled + chance.pick(requestSeeds) : spoiled
  const bytes = Buffer.from(input, 'latin1')
  requests = 0
  bodies = []
  const answer = await send(bytes)
  counts.cases++
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'none'
  statuses[status] = (statuses[status] ?? 0) + 1
  // llhttp stops at an upgrade, whatever becomes of it.
  if (/upgrade/i.test(input)) return
  const theirs = readByLlhttp(false, bytes)
  if (requests > theirs.heads) note('extraRequests', { requests, seenByLlhttp: theirs.heads })
  for (const body of bodies) {
    if (!theirs.messages.some((message) => message.body === body)) note('otherBodies', body)
  }
}

function send(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const timer = setTimeout(() => {
      note('hung', answer)
      socket.destroy()
    }, HANG_MS)
    socket.on('data', (part) => (answer += part.toString('latin1')))
    socket.on('end', () => socket.end())
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
    if (chance.below(2) === 1) return socket.end(bytes)
    const cut = chance.below(bytes.length + 1)
    socket.write(bytes.subarray(0, cut))
    return setImmediate(() => socket.end(bytes.subarray(cut)))
  })
}

function note(kind: Exclude<keyof typeof counts, 'cases' | 'leaked'>, detail: unknown): void {
  counts[kind]++
  if (findings.length < FINDINGS_SHOWN_MAX) findings.push({ kind, bytes: input, detail })
}

/**
 * End-to-end fuzzing of HTTP/2: `node http2.ts SECONDS SEED`. Frames that were left out, doubled, changed in order
 * or in kind, and spoiled bytes go through the data plane to an upstream of node:http, which must never see a
 * malformed request, a field that came out of a value, or a whole request where the stream was not ended; nothing
 * may stay open, and a well-behaved neighbour is served all the time. Prints one JSON summary; exits with 1 on any
 * finding.
 */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { askHttp2, connectHttp2, startHttp2Gateway } from '../client/http2-fixture.ts'
import { END_HEADERS, END_STREAM, fields, FRAME, frame, PREFACE } from '../client/http2-raw-fixture.ts'
import { createPool } from '../upstream/pool.ts'
import { Chance } from './inputs.ts'

const SETTLE_MS = 5_000
const ABORTS = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'])
const WORDS = [
  'a',
  'hello',
  '',
  '\r\nevil: 1',
  'x\0y',
  ' z ',
  '\xe9',
  '1.1.1.1',
  'chunked',
  'trailers',
  '5',
  '-1',
]
const NAMES = ['x-a', 'X-A', 'te', 'connection', 'transfer-encoding', 'content-length', 'host', 'cookie', 'x_a', ':path', ''] // biome-ignore format: a list of words

// PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE and kinds that nobody knows.
const STRAYS = [2, 3, 4, 5, 6, 7, 8, 10, 11, 250]

const seconds = Number(process.argv[2] ?? 60)
const chance = new Chance(Number(process.argv[3] ?? 1))
const endMs = performance.now() + seconds * 1000
const counts = { cases: 0, requests: 0, neighbours: 0 }
const findings: { kind: string; detail: unknown }[] = []
/** The paths of requests whose streams were ended. */
const ended = new Set<string>()

const upstream = createHttpServer((request, response) => {
  counts.requests++
  const names = Object.keys(request.headers)
  if (names.some((name) => name.startsWith('evil'))) findings.push({ kind: 'field', detail: request.headers })
  request.on('error', () => undefined)
  request.resume()
  request.on('end', () => {
    const { url = '' } = request
    if (request.complete && url.startsWith('/c') && !ended.has(url))
      findings.push({ kind: 'whole', detail: url })
    response.end('ok')
  })
})
upstream.on('clientError', (error: NodeJS.ErrnoException, socket) => {
  if (!ABORTS.has(error.code ?? '')) findings.push({ kind: 'malformed', detail: error.code })
  socket.destroy()
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
const address = upstream.address()
if (typeof address !== 'object' || address === null) throw new Error('not bound')

const pool = createPool({
  endpoints: [{ url: `http://127.0.0.1:${address.port}` }],
  timeouts: { connectMs: 2_000, responseMs: 2_000, idleMs: 2_000 },
  maxConnections: 200,
  maxPending: 200,
  allowLoopback: true,
})
const gateway = await startHttp2Gateway([
  { id: 'r', apiName: 'a', host: '*', basePath: '/', stripBasePath: false, upstream: pool, policies: [] },
])
const neighbour = connectHttp2(gateway.port)

/** The frames of a request, and whether they end its stream. */
function request(stream: number, isSpoiled: boolean): { frames: Buffer[]; path: string; ends: boolean } {
  // Where bytes are spoiled, nobody can say what was meant: those are not looked at.
  const path = `/${isSpoiled ? 'x' : 'c'}${counts.cases}/s${stream}`
  const list: (readonly [string, string])[] = [
    [':method', chance.below(3) === 0 ? 'GET' : 'POST'],
    [':scheme', 'http'],
    [':authority', 'a'],
    [':path', path],
  ]
  for (let i = chance.below(4); i > 0; i--) list.push([chance.pick(NAMES), chance.pick(WORDS)])
  const ends = chance.below(4) > 0
  const parts = chance.below(4)
  const last = parts === 0 && ends ? END_STREAM : 0
  const frames = [frame(FRAME.headers, END_HEADERS | last, stream, fields(...list))]
  for (let part = 1; part <= parts; part++)
    frames.push(
      frame(
        FRAME.data,
        part === parts && ends ? END_STREAM : 0,
        stream,
        Buffer.alloc(chance.below(300), 'b'),
      ),
    )
  return { frames, path, ends }
}

/** Frames that belong to no request. Of those that could end a stream there are none. */
function stray(): Buffer {
  const kind = chance.pick(STRAYS)
  return frame(kind, chance.below(256), chance.below(8), Buffer.alloc(chance.below(20), chance.below(256)))
}

function makeCase(): Buffer {
  const frames: Buffer[] = []
  const spoilsBytes = chance.below(3) === 0
  for (let stream = 1; stream <= 1 + 2 * chance.below(5); stream += 2) {
    const made = request(stream, spoilsBytes)
    frames.push(...made.frames)
    if (made.ends) ended.add(made.path)
  }
  for (let i = chance.below(3); i > 0; i--) frames.splice(chance.below(frames.length + 1), 0, stray())
  if (chance.below(4) === 0) frames.splice(chance.below(frames.length), 1)
  const bytes = Buffer.concat([PREFACE, ...frames])
  if (spoilsBytes)
    for (let i = 1 + chance.below(4); i > 0; i--)
      bytes[24 + chance.below(bytes.length - 24)] = chance.below(256)
  return bytes
}

/** Sends in pieces, listens for a moment, and goes away, politely or not. */
async function play(bytes: Buffer): Promise<void> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  for (let sent = 0; sent < bytes.length && !socket.destroyed; ) {
    const length = 1 + chance.below(bytes.length)
    socket.write(bytes.subarray(sent, sent + length))
    sent += length
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, chance.below(8)))])
  leave(socket)
}

function leave(socket: Socket): void {
  if (chance.below(2) === 0) socket.resetAndDestroy()
  else socket.destroy()
}

while (performance.now() < endMs) {
  counts.cases++
  await play(makeCase())
  if (counts.cases % 20 !== 0) continue
  const { status } = await askHttp2(neighbour, { ':path': '/neighbour' })
  counts.neighbours++
  if (status !== 200) findings.push({ kind: 'neighbour', detail: status })
}
neighbour.close()
const settledMs = performance.now() + SETTLE_MS
while (gateway.open.size > 0 && performance.now() < settledMs)
  await new Promise((resolve) => setTimeout(resolve, 20))
if (gateway.open.size > 0) findings.push({ kind: 'leaked', detail: gateway.open.size })
await gateway.stop()
pool.dispose()
upstream.close()
upstream.closeAllConnections()
console.log(JSON.stringify({ ...counts, findings: findings.slice(0, 20) }))
process.exitCode = findings.length > 0 ? 1 : 0

import { connect, createServer, type Server, type Socket } from 'node:net'
import { Pool } from 'undici'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ScriptedUpstream } from '#gateway-runtime/serve/wire-fixture.ts'
import { apiDocument, FolderNode } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'

vi.setConfig({ testTimeout: 120_000 })

const OK = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`
const hundredMegabytes = 100 * 1024 ** 2

interface Fault {
  /** What the upstream does with a request. */
  readonly does: (socket: Socket) => void
  /** What its client gets: status and code of a whole answer, or that it broke off. */
  readonly gives: string
}

/** Writes a byte at a time, slowly, for as long as anybody listens. */
function drip(socket: Socket, text: string): void {
  let sent = 0
  const timer = setInterval(() => socket.write(text[sent++ % text.length] ?? ''), 300)
  socket.once('close', () => clearInterval(timer))
}

/** Writes until nobody takes it any more. */
function pour(socket: Socket, piece: string, bytes: number): void {
  let left = bytes
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= piece.length
      if (!socket.write(piece)) return void socket.once('drain', more)
    }
  }
  more()
}

const timedOut = '504 upstream_response_timeout'
const reset = '502 upstream_reset'
const unreadable = '502 upstream_bad_response'
const brokenOff = '200 broken off'

const faults: Record<string, Fault> = {
  'never answers': { does: () => undefined, gives: timedOut },
  'drips its head': { does: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: '), gives: timedOut },
  'drips its body': {
    does: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      drip(socket, 'x')
    },
    gives: brokenOff,
  },
  'stops inside its body': {
    does: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart'),
    gives: brokenOff,
  },
  'ends without a word': { does: (socket) => void socket.end(), gives: reset },
  'resets without a word': { does: (socket) => void socket.resetAndDestroy(), gives: reset },
  'ends inside its body': {
    does: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart'),
    gives: brokenOff,
  },
  'resets inside its body': {
    does: (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', () =>
        setTimeout(() => socket.resetAndDestroy(), 50),
      ),
    gives: brokenOff,
  },
  'says nothing that is HTTP': {
    does: (socket) => void socket.write('HELLO 42 friend\r\n\r\n'),
    gives: unreadable,
  },
  'answers twice': { does: (socket) => void socket.write(OK('mine') + OK('stolen')), gives: '200 mine' },
  'says two lengths': {
    does: (socket) => void socket.write(OK('mine', 'Content-Length: 9\r\n')),
    gives: unreadable,
  },
  'says length and chunks': {
    does: (socket) => void socket.write(OK('4\r\nmine\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')),
    gives: unreadable,
  },
  'sends 100 MB of headers': {
    does: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      pour(socket, `X-Filler: ${'x'.repeat(8_000)}\r\n`, hundredMegabytes)
    },
    gives: unreadable,
  },
}
const names = Object.keys(faults)

const spoiled = Promise.withResolvers<void>()

/** Answers, and once more when nobody asks. */
function answerAgain(socket: Socket): void {
  socket.write(OK('mine'))
  setTimeout(() => socket.write(OK('stolen')), 20)
  socket.once('close', () => spoiled.resolve())
}

let upstream: ScriptedUpstream
let node: FolderNode

beforeAll(async () => {
  upstream = await new ScriptedUpstream().start()
  upstream.script = (request, socket) => {
    const [, place = ''] = /^GET \/fault\/(\d+) /.exec(request) ?? []
    const fault = faults[names[Number(place)] ?? '']
    if (place !== '' && fault !== undefined) return fault.does(socket)
    if (request.startsWith('GET /again ')) return answerAgain(socket)
    socket.write(OK(/^GET (\S+) /.exec(request)?.[1] ?? ''))
  }
  node = await FolderNode.start({
    documents: [
      apiDocument(`http://127.0.0.1:${upstream.port}`, {
        policies: [
          ['response-timeout', { timeout: 2 }],
          ['stream-idle-timeout', { timeout: 2 }],
        ],
      }),
    ],
    args: ['--limit', 'exchange-timeout-ms=5000'],
  })
})
afterAll(async () => {
  expect(await node?.stop()).toBe(0)
  upstream?.stop()
})

/** What a client gets for a path: the status and the code or body of its answer, or that it broke off. */
function ask(where: string): Promise<string> {
  const socket = connect(node.port, '127.0.0.1')
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  socket.write(`GET ${where} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  return new Promise((resolve) => socket.once('close', () => resolve(outcomeOf(text))))
}

function outcomeOf(text: string): string {
  const [fields = '', ...rest] = text.split('\r\n\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(fields)?.[1] ?? 'nothing'
  const body = rest.join('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)/i.exec(fields)?.[1]
  const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length === Number(length)
  if (!isWhole) return `${status} broken off`
  return `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? body}`
}

/** Clients of the same API whose answers nobody else may get. */
async function neighbours(connections: number): Promise<() => Promise<{ asked: number; wrong: string[] }>> {
  const pool = new Pool(node.origin, { connections, pipelining: 1 })
  const wrong: string[] = []
  let asked = 0
  let isOver = false
  const loop = async () => {
    while (!isOver) {
      const path = `/mine/${asked++}`
      try {
        const { statusCode, body } = await pool.request({ method: 'GET', path })
        const text = await body.text()
        if (statusCode !== 200 || text !== path) wrong.push(`${path}: ${statusCode} ${text.slice(0, 200)}`)
      } catch (error) {
        wrong.push(`${path}: ${String(error)}`)
      }
    }
  }
  const loops = Array.from({ length: connections }, loop)
  return async () => {
    isOver = true
    await Promise.all(loops)
    await pool.close()
    return { asked, wrong }
  }
}

it('an answer that comes on an idle connection ends it and reaches nobody', async () => {
  expect(await ask('/again')).toBe('200 mine')
  await spoiled.promise
  expect(await ask('/mine/after')).toBe('200 /mine/after')
})

it('every fault of an upstream has its answer, and nobody else on its connections notices', async () => {
  const serving = await node.servingPid()
  const stop = await neighbours(4)
  const rounds = 4
  const outcomes = await Promise.all(
    names.flatMap((name, place) =>
      Array.from({ length: rounds }, async () => [name, await ask(`/fault/${place}`)] as const),
    ),
  )
  const { asked, wrong } = await stop()
  const expected = names.flatMap((name) => Array.from({ length: rounds }, () => [name, faults[name]?.gives]))
  expect(outcomes).toEqual(expected)
  expect(wrong.slice(0, 5)).toEqual([])
  expect(asked).toBeGreaterThan(100)
  expect(await node.servingPid()).toBe(serving)
  // What is still open is idle, and none of those that were spoiled.
  const open = 'hexgate_upstream_connections{upstream="upstream:default/orders"}'
  const idle = 'hexgate_upstream_idle_connections{upstream="upstream:default/orders"}'
  await until('all are idle', async () => (await node.figure(open)) === (await node.figure(idle)))
  expect(await node.figure('hexgate_worker_resident_memory_bytes{worker="1"}')).toBeLessThan(400e6)
})

it('an endpoint that comes and goes fails no request that may be sent again', async () => {
  const sockets = new Set<Socket>()
  let flapping: Server | undefined
  const open = (port = 0) =>
    new Promise<number>((resolve) => {
      flapping = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('data', () => socket.write(OK('flapping')))
      })
      flapping.listen(port, '127.0.0.1', () => {
        const address = flapping?.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  const shut = async () => {
    const closed = new Promise((resolve) => flapping?.close(resolve))
    for (const socket of sockets) socket.resetAndDestroy()
    sockets.clear()
    await closed
  }
  const port = await open()
  const endpoints = [`http://127.0.0.1:${upstream.port}`, `http://127.0.0.1:${port}`]
  const retry = { numRetries: 2, retryOn: { triggers: ['connect-failure', 'reset'] } }
  const flip = await FolderNode.start({
    documents: [
      apiDocument('', {
        policies: [['retry', retry]],
        services: { upstream: { endpoints: endpoints.map((address) => ({ address })) } },
      }),
    ],
  })
  try {
    const load = await Load.start({ origin: flip.origin, path: '/', connections: 4 })
    const more = (count: number) => {
      const before = load.answered
      return until('more answers', () => Promise.resolve(load.answered >= before + count))
    }
    for (let round = 0; round < 8; round += 1) {
      await more(40)
      await shut()
      await more(40)
      await open(port)
    }
    expect((await load.stop()).failures).toEqual([])
  } finally {
    expect(await flip.stop()).toBe(0)
    await shut()
  }
})

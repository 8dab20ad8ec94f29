import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { OutboundTls } from '#policies/settings.ts'
import { createAuthority } from '../../testing/certificates.ts'
import { head, startGateway } from '../wire-fixture.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const GIB = 2 ** 30
const PIECE = Buffer.alloc(256 * 1_024, 'x')
const GROWTH_MAX = 150 * 2 ** 20

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not bound')
  return address.port
}

/** Sends as much as the other side takes. */
function send(socket: Socket, bytes: number): void {
  let left = bytes
  const go = () => {
    while (left > 0) {
      left -= PIECE.length
      if (!socket.write(PIECE)) return void socket.once('drain', go)
    }
  }
  go()
}

function serveBody(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${GIB}`))
    send(socket, GIB)
  })
}

async function bound(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return portOf(server)
}

/** Reads a body through the gateway; says how much came and how much the process grew at most. */
async function download(port: number) {
  const startBytes = process.memoryUsage().rss
  let most = startBytes
  let seen = 0
  let pieces = 0
  const socket = connect(port, '127.0.0.1')
  socket.write(head('GET / HTTP/1.1', 'Host: a', 'Connection: close'))
  socket.on('data', (bytes) => {
    seen += bytes.length
    if (++pieces % 256 === 0) most = Math.max(most, process.memoryUsage.rss())
  })
  await once(socket, 'end')
  return { seen, grownBytes: most - startBytes }
}

describe('a body of 1 GiB', () => {
  it('passes through in flat memory', async () => {
    const port = await bound(createTcpServer(serveBody))
    const gateway = await startGateway({ upstreamPort: port })
    closing.push(() => gateway.stop())
    const { seen, grownBytes } = await download(gateway.port)
    expect(seen).toBeGreaterThan(GIB)
    expect(grownBytes).toBeLessThan(GROWTH_MAX)
  })

  it('comes from an upstream with TLS in flat memory', async () => {
    const root = await createAuthority()
    const own = await root.issue({ names: ['ip:127.0.0.1'], usage: 'server' })
    const port = await bound(createTlsServer({ cert: own.chain, key: own.key }, serveBody))
    const tls: OutboundTls = {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: [],
      alpn: [],
      certificate: undefined,
      trustedCa: root.certificate,
      crl: '',
      skipValidation: false,
      serverName: '',
      subjectAltNames: [],
      spkiHashes: [],
    }
    const gateway = await startGateway({
      upstreamPort: port,
      pool: { endpoints: [{ url: `https://127.0.0.1:${port}` }], settings: { tls } },
    })
    closing.push(() => gateway.stop())
    const { seen, grownBytes } = await download(gateway.port)
    expect(seen).toBeGreaterThan(GIB)
    expect(grownBytes).toBeLessThan(GROWTH_MAX)
  })

  it('waits for a client that does not read', async () => {
    let sent = 0
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${GIB}`))
        const go = () => {
          while (socket.write(PIECE)) sent += PIECE.length
          sent += PIECE.length
          socket.once('drain', go)
        }
        go()
      })
    })
    const gateway = await startGateway({ upstreamPort: await bound(server) })
    closing.push(() => gateway.stop())
    const socket = connect(gateway.port, '127.0.0.1')
    closing.push(() => socket.destroy())
    socket.write(head('GET / HTTP/1.1', 'Host: a'))
    socket.pause()
    // Nothing moves any more once every buffer on the way is full.
    let before = -1
    while (sent === 0 || sent !== before) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(sent).toBeLessThan(64 * 2 ** 20)
  })
})

describe('a body on its way up', () => {
  it('arrives byte for byte at an upstream that takes it in fits and starts', async () => {
    const pieces = 400
    const sent = createHash('sha256')
    const came = createHash('sha256')
    let left = pieces * PIECE.length
    let pauses = 0
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      let isHead = true
      socket.on('data', (bytes) => {
        const body = isHead ? bytes.subarray(bytes.indexOf('\r\n\r\n') + 4) : bytes
        isHead = false
        came.update(body)
        left -= body.length
        if (left === 0) return void socket.end(head('HTTP/1.1 204 No Content'))
        // Now and then everything on the way fills up.
        if (Math.floor(left / 2 ** 24) === Math.floor((left + body.length) / 2 ** 24)) return
        pauses++
        socket.pause()
        setTimeout(() => socket.resume(), 100)
      })
    })
    const limits = { bodyBytesMax: GIB }
    const gateway = await startGateway({ upstreamPort: await bound(server), server: { limits } })
    closing.push(() => gateway.stop())
    const socket = connect(gateway.port, '127.0.0.1')
    closing.push(() => socket.destroy())
    socket.write(
      head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${pieces * PIECE.length}`, 'Connection: close'),
    )
    const answer = once(socket, 'data')
    for (let piece = 0; piece < pieces; piece++) {
      const bytes = randomBytes(PIECE.length)
      sent.update(bytes)
      if (!socket.write(bytes)) await once(socket, 'drain')
    }
    expect(String((await answer)[0])).toContain('HTTP/1.1 204')
    expect(pauses).toBeGreaterThan(3)
    expect(came.digest('hex')).toBe(sent.digest('hex'))
  })
})

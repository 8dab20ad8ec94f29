import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { peekHello } from './client-hello.ts'

/** What OpenSSL really sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  client.on('error', () => undefined)
  const [accepted] = await once(server, 'connection')
  const [bytes] = (await once(accepted, 'data')) as [Buffer]
  client.destroy()
  accepted.destroy()
  server.close()
  return bytes
}

/** The same handshake message in records of a few bytes each (RFC 8446 §5.1). */
function inRecordsOf(size: number, hello: Buffer): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part)
  }
  return Buffer.concat(records)
}

let named: Buffer
let nameless: Buffer
let old: Buffer

beforeAll(async () => {
  named = await helloOf({ servername: 'A.Example' })
  nameless = await helloOf({ servername: '' })
  old = await helloOf({ servername: 'a.example', maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] })
})

describe('a hello', () => {
  it('names its server, or none', () => {
    expect(peekHello(named)).toEqual({ kind: 'hello', serverName: 'a.example' })
    expect(peekHello(old)).toEqual({ kind: 'hello', serverName: 'a.example' })
    expect(peekHello(nameless)).toEqual({ kind: 'hello', serverName: undefined })
  })

  it('is waited for at every split', () => {
    for (let length = 0; length < named.length; length++)
      expect(peekHello(named.subarray(0, length)), String(length)).toEqual({ kind: 'partial' })
  })

  it('may come in many records', () => {
    for (const size of [1, 3, 4, 100])
      expect(peekHello(inRecordsOf(size, named))).toEqual({ kind: 'hello', serverName: 'a.example' })
  })
})

describe('what is none', () => {
  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\n', 'http_request'],
    ['another protocol', 'SSH-2.0', 'http_request'],
    ['zeros', '\0\0\0\0', 'not_tls'],
    ['an old hello', '\x80\x2e\x01\x03\x01', 'not_tls'],
    ['another major version', '\x16\x02\x01', 'not_tls'],
    ['an alert', '\x15\x03\x01\x00\x02\x02\x28', 'not_tls'],
    ['an empty record', '\x16\x03\x01\x00\x00', 'bad_hello'],
    ['a record too long', '\x16\x03\x01\x40\x01', 'bad_hello'],
    ['another message', '\x16\x03\x01\x00\x04\x02\x00\x00\x00', 'bad_hello'],
    ['a message too long', '\x16\x03\x01\x00\x04\x01\x01\x00\x00', 'bad_hello'],
    ['a message of nothing', '\x16\x03\x01\x00\x04\x01\x00\x00\x00', 'bad_hello'],
  ])('%s', (_name, text, kind) => {
    expect(peekHello(Buffer.from(text, 'latin1'))).toEqual({ kind })
  })

  it('a server name that none can have', () => {
    const at = named.indexOf('A.Example', 0, 'latin1')
    expect(at).toBeGreaterThan(0)
    for (const byte of [0, 0x20, 0x2f, 0x3a, 0x80, 0xff]) {
      const changed = Buffer.from(named)
      changed[at + 1] = byte
      expect(peekHello(changed).kind, String(byte)).toBe(byte === 0x2e ? 'hello' : 'bad_hello')
    }
  })

  it('nothing throws, whatever the bytes', () => {
    let random = 12_345
    const next = () => (random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 1)
    for (let round = 0; round < 20_000; round++) {
      const changed = Buffer.from([named, old, nameless][round % 3] ?? named)
      for (let changes = 1 + (next() % 4); changes > 0; changes--)
        changed[next() % changed.length] = next() & 0xff
      const cut = next() % 3 === 0 ? changed.subarray(0, next() % changed.length) : changed
      expect(() => peekHello(cut)).not.toThrow()
    }
  })
})

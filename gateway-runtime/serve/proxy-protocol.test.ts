import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect as connectPlain } from 'node:net'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { createAuthority, type Authority } from '../testing/certificates.ts'
import type { PlanListener } from './plan.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { policyOf, startTlsGateway, type TlsGateway, tlsRoute, tlsSettings } from './tls/tls-fixture.ts'
import { eventually, head, route, ScriptedUpstream, statusOf, talk } from './wire-fixture.ts'

const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

function v2(command: number, family: number, body: Buffer | string): Buffer {
  const rest = typeof body === 'string' ? Buffer.from(body, 'hex') : body
  return Buffer.concat([V2, Buffer.from([command, family, rest.length >> 8, rest.length & 0xff]), rest])
}

const FOUR = 'c0000207c6336401303901bb'
const SIX = `20010db8${'0'.repeat(22)}07${'0'.repeat(32)}303901bb`

const good: [name: string, header: string | Buffer, address: string | undefined][] = [
  ['v1 of IPv4', 'PROXY TCP4 192.0.2.7 198.51.100.1 12345 443\r\n', '192.0.2.7'],
  ['v1 of IPv6', 'PROXY TCP6 2001:DB8:0::7 ::1 0 65535\r\n', '2001:db8::7'],
  ['v1 of something else', 'PROXY UNKNOWN\r\n', undefined],
  ['v1 of something else with more words', 'PROXY UNKNOWN ffff:f...f:ffff 1 2 3\r\n', undefined],
  ['v2 of IPv4', v2(0x21, 0x11, FOUR), '192.0.2.7'],
  ['v2 of IPv6', v2(0x21, 0x21, SIX), '2001:db8::7'],
  ['v2 with further fields', v2(0x21, 0x11, `${FOUR}040003616263`), '192.0.2.7'],
  ['v2 of the proxy itself', v2(0x20, 0x00, ''), undefined],
  ['v2 of the proxy itself, whatever it says', v2(0x20, 0x11, FOUR), undefined],
  ['v2 of no family', v2(0x21, 0x00, ''), undefined],
  ['v2 of a Unix socket', v2(0x21, 0x31, Buffer.alloc(216)), undefined],
]

const bad: [name: string, header: string | Buffer][] = [
  ['a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another word', 'PROXX TCP4 192.0.2.7 198.51.100.1 1 2\r\n'],
  ['lower case', 'proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n'],
  ['a family of its own', 'PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n'],
  ['no address', 'PROXY TCP4\r\n'],
  ['an address that is none', 'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n'],
  ['a zero in front', 'PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n'],
  ['the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'],
  ['two blanks', 'PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n'],
  ['a blank at the end', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n'],
  ['a port too large', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n'],
  ['a port with a zero in front', 'PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n'],
  ['a port missing', 'PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n'],
  ['a line without end', `PROXY UNKNOWN ${'x'.repeat(100)}`],
  ['a line too long', `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`],
  ['a bare line feed', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 2\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['version 3', v2(0x31, 0x11, FOUR)],
  ['command 2', v2(0x22, 0x11, FOUR)],
  ['datagrams', v2(0x21, 0x12, FOUR)],
  ['too little for IPv4', v2(0x21, 0x11, FOUR.slice(0, -2))],
  ['too little for IPv6', v2(0x21, 0x21, FOUR)],
  ['too much', v2(0x21, 0x11, Buffer.alloc(5_000))],
]

describe('a PROXY header', () => {
  it.each(good)('%s is read at every split', (_name, header, address) => {
    const bytes = Buffer.from(header)
    const whole = Buffer.concat([bytes, Buffer.from('GET /')])
    for (let length = 0; length < bytes.length; length++)
      expect(readProxyHeader(whole.subarray(0, length)), String(length)).toEqual({ kind: 'partial' })
    for (let length = bytes.length; length <= whole.length; length++)
      expect(readProxyHeader(whole.subarray(0, length))).toEqual({
        kind: 'header',
        end: bytes.length,
        address,
      })
  })

  it.each(bad)('that is %s is refused, at the latest at its end', (_name, header) => {
    const bytes = Buffer.from(header)
    expect(readProxyHeader(bytes)).toEqual({ kind: 'bad' })
    for (let length = 0; length < bytes.length; length++)
      expect(readProxyHeader(bytes.subarray(0, length)).kind, String(length)).not.toBe('header')
  })
})

describe('a listener behind a balancer', () => {
  const plain: PlanListener = { id: 'plain', protocol: 'http', proxyProtocol: true }
  const secure: PlanListener = { id: 'secure', protocol: 'https', proxyProtocol: true }
  const HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.1 12345 443\r\n'
  const REQUEST = head('GET / HTTP/1.1', 'Host: a.example', 'Connection: close')
  let root: Authority
  let upstream: ScriptedUpstream
  let gateway: TlsGateway
  let addresses: string[] = []

  beforeAll(async () => {
    root = await createAuthority('Servers')
    const own = await root.issue({ names: ['dns:a.example'] })
    upstream = await new ScriptedUpstream().start()
    const policies = [policyOf({ onRequest: ({ remoteAddress }) => void addresses.push(remoteAddress) })]
    gateway = await startTlsGateway({
      upstreamPort: upstream.port,
      listeners: [plain, secure],
      routes: (pool) => [
        route(pool, { id: 'p', policies, listeners: ['plain'] }),
        tlsRoute(pool, 'a.example', tlsSettings(own), { policies, listeners: ['secure'] }),
      ],
      server: { limits: { handshakeTimeoutMs: 200 } },
    })
  })

  afterAll(async () => {
    await gateway.stop()
    upstream.stop()
  })

  beforeEach(() => {
    addresses = []
    upstream.seen = ''
    gateway.opened.serve('plain')
  })

  it.each(good)('knows the client by %s, however it is cut', async (_name, header, address) => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)])
    const cuts = Buffer.from(header).length > 120 ? [1, 14, bytes.length - 1] : [...bytes.keys()].slice(1)
    for (const at of cuts) {
      const { text } = await talk(gateway.port, [bytes.subarray(0, at), bytes.subarray(at)])
      expect(statusOf(text), String(at)).toBe(200)
    }
    expect(new Set(addresses)).toEqual(new Set([address ?? '127.0.0.1']))
    expect(upstream.seen).toContain(`X-Forwarded-For: ${address ?? '127.0.0.1'}\r\n`)
  })

  it.each(bad)('ends a connection that begins with %s, without a word', async (_name, header) => {
    const before = gateway.count('bad_proxy_header')
    const { text } = await talk(gateway.port, [Buffer.from(header)])
    expect(text).toBe('')
    expect(upstream.seen).toBe('')
    await eventually(() => gateway.count('bad_proxy_header') === before + 1)
  })

  it('takes one header, not two', async () => {
    const { text } = await talk(gateway.port, [HEADER + HEADER + REQUEST])
    expect(statusOf(text)).toBe(400)
  })

  it('waits for the header only so long', async () => {
    const { text } = await talk(gateway.port, ['PROXY TCP4 192.0'])
    expect(text).toBe('')
    expect(gateway.count('proxy_header_timeout')).toBe(1)
  })

  it('reads it in front of TLS, in the same segment or before', async () => {
    gateway.opened.serve('secure')
    for (const isApart of [true, false]) {
      const raw = connectPlain({ port: gateway.port, host: '127.0.0.1', noDelay: true })
      await once(raw, 'connect')
      if (!isApart) raw.cork()
      raw.write(HEADER)
      if (isApart) await new Promise((resolve) => setImmediate(resolve))
      const socket = connect({ socket: raw, servername: 'a.example', ca: root.certificate })
      if (!isApart) setImmediate(() => raw.uncork())
      await once(socket, 'secureConnect')
      let text = ''
      socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
      socket.write(REQUEST)
      await once(socket, 'close')
      expect(statusOf(text)).toBe(200)
    }
    expect(addresses).toEqual(['192.0.2.7', '192.0.2.7'])
    expect(upstream.seen).toContain('X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n')
  })

  it('does not take TLS without it', async () => {
    gateway.opened.serve('secure')
    const socket = connect({
      port: gateway.port,
      host: '127.0.0.1',
      servername: 'a.example',
      ca: root.certificate,
    })
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
  })
})

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OutboundTls } from '#policies/settings.ts'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
  selfSigned,
} from '../../testing/certificates.ts'
import { codeOf, eventually, type Gateway, head, OK, startGateway, statusOf, talk } from '../wire-fixture.ts'
import { createPool } from './pool.ts'

const GET = head('GET / HTTP/1.1', 'Host: gateway.example', 'Connection: close')
const NAME = 'orders.example'
const dayMs = 86_400_000

const tlsDefaults: OutboundTls = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [],
  alpn: [],
  certificate: undefined,
  trustedCa: '',
  crl: '',
  skipValidation: false,
  serverName: NAME,
  subjectAltNames: [],
  spkiHashes: [],
}

let root: Authority
let issuing: Authority
let other: Authority
let good: KeyAndCertificate
beforeAll(async () => {
  root = await createAuthority('Root')
  issuing = await root.intermediate('Issuing')
  other = await createAuthority('Other')
  good = await issuing.issue({ subject: 'CN=orders', names: [`dns:${NAME}`], usage: 'server' })
})

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface TlsUpstream {
  readonly port: number
  readonly sockets: TLSSocket[]
  seen: string
}

/** An HTTPS origin that answers each request with 200. */
async function upstreamWith(options: TlsOptions, answer: string | Buffer = OK): Promise<TlsUpstream> {
  const upstream: TlsUpstream & { port: number } = { port: 0, sockets: [], seen: '' }
  const server = createServer(options, (socket) => {
    upstream.sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      upstream.seen += bytes.toString('latin1')
      if (isWhole(upstream.seen)) socket.write(answer)
    })
  })
  server.on('tlsClientError', () => undefined)
  upstream.port = await listening(server)
  closing.push(() => {
    server.close()
    for (const socket of upstream.sockets) socket.destroy()
  })
  return upstream
}

function isWhole(request: string): boolean {
  const end = request.indexOf('\r\n\r\n') + 4
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(request.slice(0, end))?.[1] ?? 0)
  return request.endsWith('\r\n\r\n') && request.length >= end + length
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not bound')
  return address.port
}

async function gatewayTo(port: number, tls: Partial<OutboundTls> | undefined): Promise<Gateway> {
  const gateway = await startGateway({
    upstreamPort: port,
    pool: {
      endpoints: [{ url: `https://127.0.0.1:${port}` }],
      ...(tls === undefined ? {} : { settings: { tls: { ...tlsDefaults, ...tls } } }),
    },
  })
  closing.push(() => gateway.stop())
  return gateway
}

async function answerThrough(gateway: Gateway) {
  const { text } = await talk(gateway.port, [GET])
  return { status: statusOf(text), code: codeOf(text), text }
}

function served(by: KeyAndCertificate): TlsOptions {
  return { cert: by.chain, key: by.key }
}

interface BadCase {
  readonly name: string
  readonly code: string
  readonly upstream: () => Promise<TlsOptions> | TlsOptions
  readonly tls?: () => Promise<Partial<OutboundTls>> | Partial<OutboundTls>
}

const ago = (days: number) => new Date(Date.now() - days * dayMs)
const issued = async (options: Parameters<Authority['issue']>[0]) =>
  served(await issuing.issue({ names: [`dns:${NAME}`], usage: 'server', ...options }))

const badUpstreams: readonly BadCase[] = [
  {
    name: 'another CA',
    code: 'upstream_tls_untrusted',
    upstream: async () => served(await other.issue({ names: [`dns:${NAME}`], usage: 'server' })),
  },
  {
    name: 'itself as issuer',
    code: 'upstream_tls_untrusted',
    upstream: async () => served(await selfSigned({ names: [`dns:${NAME}`], usage: 'server' })),
  },
  {
    name: 'no intermediate',
    code: 'upstream_tls_untrusted',
    upstream: () => ({ cert: good.certificate, key: good.key }),
  },
  {
    name: 'a public CA expected and a private one shown',
    code: 'upstream_tls_untrusted',
    upstream: () => served(good),
    tls: () => ({ trustedCa: '' }),
  },
  {
    name: 'a leaf as its issuer',
    code: 'upstream_tls_untrusted',
    upstream: async () => {
      const fake = await issuing.intermediate('Below')
      return served(await (await fake.intermediate('Deeper')).issue({ names: [`dns:${NAME}`] }))
    },
    tls: () => ({ trustedCa: other.certificate }),
  },
  {
    name: 'client use alone',
    code: 'upstream_tls_untrusted',
    upstream: () => issued({ usage: 'client' }),
  },
  {
    name: 'an RSA key of 1024 bits',
    code: 'upstream_tls_untrusted',
    upstream: async () => ({
      ...(await issued({ key: 'rsa-1024' })),
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
  },
  {
    name: 'an end a day ago',
    code: 'upstream_tls_cert_expired',
    upstream: () => issued({ notBefore: ago(30), notAfter: ago(1) }),
  },
  {
    name: 'a beginning tomorrow',
    code: 'upstream_tls_cert_not_yet_valid',
    upstream: () => issued({ notBefore: ago(-1) }),
  },
  {
    name: 'an entry in the CRL',
    code: 'upstream_tls_cert_revoked',
    upstream: async () => {
      revoked = await root.issue({ names: [`dns:${NAME}`], usage: 'server' })
      return served(revoked)
    },
    tls: async () => ({ crl: await root.crl([revoked]) }),
  },
  {
    name: 'an entry in the second of two CRLs',
    code: 'upstream_tls_cert_revoked',
    upstream: async () => {
      revoked = await issuing.issue({ names: [`dns:${NAME}`], usage: 'server' })
      return served(revoked)
    },
    tls: async () => ({ crl: `${await root.crl([])}${await issuing.crl([revoked])}` }),
  },
  {
    name: 'a revocation that cannot be told, since the list of its CA is missing',
    code: 'upstream_tls_untrusted',
    upstream: () => served(good),
    tls: async () => ({ crl: await root.crl([]) }),
  },
  {
    name: 'the name of somebody else',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ names: ['dns:somebody.example'] }),
  },
  {
    name: 'the name as common name alone',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ subject: `CN=${NAME}`, names: [] }),
  },
  {
    name: 'a NUL behind the name',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ names: [`dns:${NAME}\0.evil.example`] }),
  },
  {
    name: 'a wildcard above the name',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ names: ['dns:*.example'] }),
    tls: () => ({ serverName: 'a.orders.example' }),
  },
  {
    name: 'a wildcard inside a label',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ names: ['dns:ord*.example'] }),
  },
  {
    name: 'a name where an address is asked for',
    code: 'upstream_tls_name_mismatch',
    upstream: () => issued({ names: ['dns:127.0.0.1'] }),
    tls: () => ({ serverName: '' }),
  },
  {
    name: 'no name that is allowed',
    code: 'upstream_tls_san_not_allowed',
    upstream: () => issued({ names: [`dns:${NAME}`, 'uri:spiffe://example/orders'] }),
    tls: () => ({ subjectAltNames: ['spiffe://example/payments'] }),
  },
  {
    name: 'an allowed name inside another one',
    code: 'upstream_tls_san_not_allowed',
    upstream: () => issued({ names: ['uri:https://evil.example/, URI:spiffe://example/orders'] }),
    tls: () => ({ subjectAltNames: ['spiffe://example/orders'] }),
  },
  {
    name: 'a key that is not pinned',
    code: 'upstream_tls_pin_mismatch',
    upstream: () => served(good),
    tls: () => ({ spkiHashes: [root.spkiHash] }),
  },
  {
    name: 'an older version than is allowed',
    code: 'upstream_tls_handshake',
    upstream: () => ({ ...served(good), maxVersion: 'TLSv1.2' }),
    tls: () => ({ minVersion: 'TLSv1.3' }),
  },
  {
    name: 'no cipher suite in common',
    code: 'upstream_tls_handshake',
    upstream: () => ({ ...served(good), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
    tls: () => ({ maxVersion: 'TLSv1.2', ciphers: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }),
  },
  {
    name: 'no protocol in common',
    code: 'upstream_tls_handshake',
    upstream: () => ({ ...served(good), ALPNProtocols: ['h2'] }),
  },
]
let revoked: KeyAndCertificate

describe('an upstream with https', () => {
  it('is answered from when its chain, name and key are as configured', async () => {
    const upstream = await upstreamWith(served(good))
    const gateway = await gatewayTo(upstream.port, {
      trustedCa: root.certificate,
      spkiHashes: [good.spkiHash],
    })
    expect((await answerThrough(gateway)).text).toContain('\r\n\r\nok')
    expect((await answerThrough(gateway)).status).toBe(200)
    expect(upstream.sockets).toHaveLength(1)
    expect(upstream.sockets[0]).toMatchObject({ servername: NAME, alpnProtocol: false })
    expect(gateway.pool.figures().tls).toMatchObject({ verifies: true, established: 1, failed: {} })
    expect(upstream.seen).toContain(`Host: 127.0.0.1:${upstream.port}\r\n`)
  })

  it('may show any of the names that are allowed, whatever its host is called', async () => {
    const names = ['uri:spiffe://example/orders', 'email:ops@orders.example', 'ip:192.0.2.7']
    const upstream = await upstreamWith(await issued({ names }))
    for (const allowed of [
      'spiffe://example/orders',
      'spiffe://example/*',
      'ops@orders.example',
      '192.0.2.7',
    ]) {
      const subjectAltNames = ['other.example', allowed]
      const gateway = await gatewayTo(upstream.port, { trustedCa: root.certificate, subjectAltNames })
      expect(await answerThrough(gateway)).toMatchObject({ status: 200 })
    }
  })

  it('may be known by an address or by a wildcard', async () => {
    const byAddress = await upstreamWith(await issued({ names: ['ip:127.0.0.1'] }))
    const trustedCa = root.certificate
    const first = await gatewayTo(byAddress.port, { trustedCa, serverName: '' })
    expect(await answerThrough(first)).toMatchObject({ status: 200 })
    const byWildcard = await upstreamWith(await issued({ names: ['dns:*.orders.example'] }))
    const second = await gatewayTo(byWildcard.port, { trustedCa, serverName: 'a.orders.example' })
    expect(await answerThrough(second)).toMatchObject({ status: 200 })
  })

  it('is trusted by an intermediate CA alone where that is what was named', async () => {
    const upstream = await upstreamWith(served(good))
    const gateway = await gatewayTo(upstream.port, { trustedCa: issuing.certificate })
    expect(await answerThrough(gateway)).toMatchObject({ status: 200 })
  })

  for (const { name, code, upstream, tls } of badUpstreams) {
    it(`is answered for with 502 ${code} when it shows ${name}`, async () => {
      const origin = await upstreamWith(await upstream())
      const gateway = await gatewayTo(origin.port, { trustedCa: root.certificate, ...(await tls?.()) })
      expect(await answerThrough(gateway)).toMatchObject({ status: 502, code })
      expect(origin.seen).toBe('')
      expect(gateway.pool.figures()).toMatchObject({ connections: 0, tls: { failed: { [code]: 1 } } })
    })
  }

  it('is verified without any setting of TLS', async () => {
    const upstream = await upstreamWith(served(good))
    const gateway = await gatewayTo(upstream.port, undefined)
    expect(await answerThrough(gateway)).toMatchObject({ status: 502, code: 'upstream_tls_untrusted' })
  })

  it('is taken with any certificate where validation is skipped, and the figures say so', async () => {
    const upstream = await upstreamWith(
      served(await selfSigned({ names: ['dns:somebody.example'], notBefore: ago(9), notAfter: ago(1) })),
    )
    const gateway = await gatewayTo(upstream.port, { skipValidation: true })
    expect(await answerThrough(gateway)).toMatchObject({ status: 200 })
    expect(gateway.pool.figures().tls).toMatchObject({ verifies: false, established: 1 })
  })

  it('is shown the certificate of the gateway', async () => {
    const client = await issuing.issue({ subject: 'CN=gateway', usage: 'client' })
    const upstream = await upstreamWith({ ...served(good), ca: root.certificate, requestCert: true })
    const gateway = await gatewayTo(upstream.port, {
      trustedCa: root.certificate,
      certificate: { certificate: client.chain, key: client.key },
    })
    expect(await answerThrough(gateway)).toMatchObject({ status: 200 })
    expect(upstream.sockets[0]?.authorized).toBe(true)
    expect(upstream.sockets[0]?.getPeerX509Certificate()?.serialNumber.toLowerCase()).toBe(
      client.serialNumber,
    )
  })

  it('has its health checked through the same TLS, with the certificate of the gateway', async () => {
    const client = await issuing.issue({ subject: 'CN=gateway', usage: 'client' })
    const upstream = await upstreamWith({ ...served(good), ca: root.certificate, requestCert: true })
    const own = { certificate: client.chain, key: client.key }
    for (const [certificate, isHealthy] of [
      [own, true],
      [undefined, false],
    ] as const) {
      const gateway = await startGateway({
        upstreamPort: upstream.port,
        pool: {
          endpoints: [{ url: `https://127.0.0.1:${upstream.port}` }],
          settings: {
            tls: { ...tlsDefaults, trustedCa: root.certificate, certificate },
            healthCheck: {
              path: '/health',
              method: 'HEAD',
              intervalMs: 20,
              timeoutMs: 500,
              healthyThreshold: 1,
              unhealthyThreshold: 1,
              expectedStatuses: [200],
            },
          },
        },
      })
      closing.push(() => gateway.stop())
      const { pool } = gateway
      await eventually(() => pool.figures().endpoints[0]?.isHealthy === isHealthy)
      await eventually(() => (pool.figures().healthChecks?.[isHealthy ? 'succeeded' : 'failed'] ?? 0) > 2)
    }
    expect(upstream.sockets.filter(({ authorized }) => authorized).length).toBeGreaterThan(2)
  })

  it.each(['-tls1_3', '-tls1_2'])(
    'that refuses the certificate of the gateway gives its own code (openssl s_server %s)',
    async (version) => {
      const stranger = await other.issue({ subject: 'CN=stranger', usage: 'client' })
      const port = await opensslServer(good, root.certificate, version)
      const gateway = await gatewayTo(port, {
        trustedCa: root.certificate,
        certificate: { certificate: stranger.chain, key: stranger.key },
      })
      expect(await answerThrough(gateway)).toMatchObject({
        status: 502,
        code: 'upstream_tls_client_cert_refused',
      })
    },
  )

  it('that does not speak TLS, or hangs up inside the handshake, gives 502 upstream_tls_handshake', async () => {
    for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => socket.end(answer))
      })
      closing.push(() => server.close())
      const gateway = await gatewayTo(await listening(server), { trustedCa: root.certificate })
      expect(await answerThrough(gateway)).toMatchObject({ status: 502, code: 'upstream_tls_handshake' })
    }
  })

  it('that never answers the handshake gives 504 after the connect timeout', async () => {
    const server = createTcpServer(() => undefined)
    const port = await listening(server)
    const gateway = await startGateway({
      upstreamPort: port,
      pool: {
        endpoints: [{ url: `https://127.0.0.1:${port}` }],
        timeouts: { connectMs: 50, responseMs: 1_000, idleMs: 1_000 },
      },
    })
    closing.push(
      () => gateway.stop(),
      () => server.close(),
    )
    expect(await answerThrough(gateway)).toMatchObject({ status: 504, code: 'upstream_connect_timeout' })
  })

  it('gets whole bodies to and fro, in many records', async () => {
    const body = Buffer.alloc(3_000_000, 'abcdefghij')
    const answer = Buffer.concat([
      Buffer.from(head('HTTP/1.1 200 OK', `Content-Length: ${body.length}`)),
      body,
    ])
    const upstream = await upstreamWith(served(good), answer)
    const gateway = await gatewayTo(upstream.port, { trustedCa: root.certificate })
    const { text } = await talk(gateway.port, [GET])
    expect(text.endsWith(`\r\n\r\n${body.toString('latin1')}`)).toBe(true)
    const post = head('POST / HTTP/1.1', 'Host: a', 'Connection: close', `Content-Length: ${body.length + 4}`)
    upstream.seen = ''
    await talk(gateway.port, [post, body, '\r\n\r\n'])
    expect(upstream.seen.endsWith(`${body.toString('latin1')}\r\n\r\n`)).toBe(true)
  })

  it.each([
    ['text that is no certificate', { trustedCa: 'none' }, 'holds no certificate'],
    [
      'a certificate that cannot be read',
      { trustedCa: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      'cannot be read',
    ],
    ['a protocol that is not spoken', { alpn: ['h2'] }, 'alpn must allow http/1.1'],
    ['a CRL that is none', { crl: 'none' }, 'holds no list'],
  ])('is refused when the plan is built with %s', (_name, change, message) => {
    expect(() => poolWith('https://orders.example', { ...tlsDefaults, ...change })).toThrow(message)
  })

  it('is refused with the key of another certificate', async () => {
    const second = await issuing.issue({ usage: 'client' })
    const certificate = { certificate: good.chain, key: second.key }
    expect(() => poolWith('https://orders.example', { ...tlsDefaults, certificate })).toThrow(
      'certificate.key does not belong to certificate.crt',
    )
  })

  it('is refused when TLS is set for an address with http://', () => {
    expect(() => poolWith('http://orders.example', tlsDefaults)).toThrow('http://')
  })
})

function poolWith(url: string, tls: OutboundTls) {
  return createPool({
    endpoints: [{ url }],
    timeouts: { connectMs: 1, responseMs: 1, idleMs: 1 },
    settings: { tls },
    maxConnections: 1,
    maxPending: 0,
  })
}

async function opensslServer(by: KeyAndCertificate, ca: string, version: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'upstream-tls-'))
  const place = createTcpServer()
  const port = await listening(place)
  place.close()
  await once(place, 'close')
  await writeFile(join(folder, 'chain.pem'), by.chain)
  await writeFile(join(folder, 'key.pem'), by.key)
  await writeFile(join(folder, 'ca.pem'), ca)
  const process = execFile(
    'openssl',
    ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'chain.pem', '-cert_chain', 'chain.pem']
      .concat(['-key', 'key.pem', '-CAfile', 'ca.pem', '-Verify', '3', '-verify_return_error'])
      .concat(['-quiet', '-www', version]),
    { cwd: folder },
  )
  closing.push(async () => {
    process.kill()
    await once(process, 'exit')
    await rm(folder, { recursive: true })
  })
  await accepting(port)
  return port
}

async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

afterAll(() => expect(closing).toEqual([]))

import { once } from 'node:events'
import { createServer as createTcpServer, type Server } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ProbeReport, probeReport } from '#domain/probe.ts'
import type { OutboundTls } from '#policies/settings.ts'
import { plainParameters } from '#tls/testing/settings.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from '../../testing/certificates.ts'
import { poolTo } from '../wire-fixture.ts'

const name = 'orders.example'
let root: Authority
let issuing: Authority
let other: Authority
let good: KeyAndCertificate
beforeAll(async () => {
  root = await createAuthority('Root')
  issuing = await root.intermediate('Issuing')
  other = await createAuthority('Other')
  good = await issuing.issue({ subject: 'CN=orders', names: [`dns:${name}`], usage: 'server' })
})

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close()
})

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not bound')
  return address.port
}

function upstream(options: TlsOptions): Promise<number> {
  const server = createServer(options, (socket) => socket.on('error', () => undefined))
  server.on('tlsClientError', () => undefined)
  return listening(server)
}

const outbound = (change: Partial<OutboundTls> = {}): OutboundTls => ({
  ...plainParameters,
  certificate: undefined,
  trustedCa: root.certificate,
  crl: '',
  skipValidation: false,
  serverName: name,
  subjectAltNames: [],
  spkiHashes: [],
  ...change,
})
const pair = ({ chain, key }: KeyAndCertificate) => ({ certificate: chain, key })

async function probed(url: string, tls?: Partial<OutboundTls>, allowLoopback = true): Promise<ProbeReport> {
  const settings = tls === undefined ? {} : { settings: { tls: outbound(tls) } }
  const pool = poolTo(url, { ...settings, allowLoopback })
  const before = pool.figures()
  const report = await pool.probe(undefined)
  expect(pool.figures()).toEqual(before)
  pool.dispose()
  return probeReport.parse(report)
}

describe('a probe of an upstream', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s says what was agreed on and shown', async (version) => {
    const client = await issuing.issue({ subject: 'CN=gateway', usage: 'client' })
    const port = await upstream({
      cert: good.chain,
      key: good.key,
      ca: root.certificate,
      requestCert: true,
      ALPNProtocols: ['http/1.1'],
      maxVersion: version,
    })
    const report = await probed(`https://127.0.0.1:${port}`, { certificate: pair(client) })
    expect(report).toMatchObject({
      outcome: 'ok',
      code: null,
      address: '127.0.0.1',
      tls: { version, alpn: 'http/1.1', serverName: name, verified: true, ownSubject: 'CN=gateway' },
      chain: [
        { subject: 'CN=orders', issuer: 'CN=Issuing', names: [name], sha256: good.sha256 },
        { subject: 'CN=Issuing', issuer: 'CN=Root' },
      ],
    })
    expect(report.connectMs).toBeGreaterThanOrEqual(0)
    expect(report.tlsMs).toBeGreaterThan(0)
  })

  it('times the name, the connection and the handshake apart', async () => {
    const port = await upstream({ cert: good.chain, key: good.key })
    const report = await probed(`https://localhost:${port}`, {})
    expect(report).toMatchObject({ outcome: 'ok', url: `https://localhost:${port}` })
    for (const took of [report.resolveMs, report.connectMs, report.tlsMs]) expect(took).not.toBeNull()
  })

  it.each<[string, () => Promise<[TlsOptions, Partial<OutboundTls>]>]>([
    [
      'upstream_tls_untrusted',
      async () => [{ cert: good.chain, key: good.key }, { trustedCa: other.certificate }],
    ],
    ['upstream_tls_untrusted', async () => [{ cert: good.certificate, key: good.key }, {}]],
    [
      'upstream_tls_cert_expired',
      async () => {
        const { chain, key } = await root.issue({
          names: [`dns:${name}`],
          notBefore: new Date(0),
          notAfter: new Date(Date.now() - 1_000),
        })
        return [{ cert: chain, key }, {}]
      },
    ],
    [
      'upstream_tls_name_mismatch',
      async () => [{ cert: good.chain, key: good.key }, { serverName: 'elsewhere.example' }],
    ],
    [
      'upstream_tls_pin_mismatch',
      async () => [{ cert: good.chain, key: good.key }, { spkiHashes: [root.spkiHash] }],
    ],
  ])('fails with %s, and shows the chain all the same', async (code, make) => {
    const [options, tls] = await make()
    const report = await probed(`https://127.0.0.1:${await upstream(options)}`, tls)
    expect(report).toMatchObject({ outcome: 'failed', failedAt: 'tls', code, tls: { version: 'TLSv1.3' } })
    expect(report.chain.length).toBeGreaterThan(0)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'over %s hears that the upstream does not take our certificate',
    async (version) => {
      const port = await upstream({
        cert: good.chain,
        key: good.key,
        ca: other.certificate,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: version,
      })
      const { chain, key } = await issuing.issue({ usage: 'client' })
      const report = await probed(`https://127.0.0.1:${port}`, { certificate: { certificate: chain, key } })
      expect(report).toMatchObject({ outcome: 'failed', failedAt: 'tls' })
    },
  )

  it('says that any certificate is taken where none is looked at', async () => {
    const port = await upstream({ cert: good.chain, key: good.key })
    const report = await probed(`https://127.0.0.1:${port}`, {
      skipValidation: true,
      trustedCa: other.certificate,
    })
    expect(report).toMatchObject({ outcome: 'ok', tls: { verified: false } })
    expect(report.detail).toContain('any certificate is taken')
  })

  it('keeps to the addresses that requests may go to, by number and by name', async () => {
    const port = await upstream({ cert: good.chain, key: good.key })
    for (const url of [`https://127.0.0.1:${port}`, `https://localhost:${port}`, 'https://169.254.169.254'])
      expect(await probed(url, {}, false), url).toMatchObject({
        outcome: 'failed',
        code: 'upstream_forbidden_address',
        address: null,
        tls: null,
      })
  })

  it('says that nothing listens, that there is no TLS, and that an endpoint is plain', async () => {
    const closed = await upstream({ cert: good.chain, key: good.key })
    for (const close of closing.splice(0)) close()
    expect(await probed(`https://127.0.0.1:${closed}`, {})).toMatchObject({
      failedAt: 'connect',
      code: 'upstream_unreachable',
    })
    const plain = await listening(
      createTcpServer((socket) => {
        socket.on('error', () => undefined)
        socket.end('HTTP/1.1 400 Bad\r\n\r\n')
      }),
    )
    expect(await probed(`https://127.0.0.1:${plain}`, {})).toMatchObject({
      failedAt: 'tls',
      code: 'upstream_tls_handshake',
    })
    expect(await probed(`http://127.0.0.1:${plain}`)).toMatchObject({ outcome: 'ok', tls: null })
  })

  it('gives up on an upstream that says nothing', async () => {
    const silent = await listening(createTcpServer((socket) => socket.on('error', () => undefined)))
    expect(await probed(`https://127.0.0.1:${silent}`, {})).toMatchObject({
      outcome: 'failed',
      failedAt: 'tls',
      detail: 'It did not agree within 4 s.',
    })
  })
})

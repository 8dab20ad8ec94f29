import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, createAuthority } from '../testing/certificates.ts'
import { type OwnListener, probeOwnListener } from './own-listener-probe.ts'
import { startTlsGateway, type TlsGateway, tlsRoute, tlsSettings } from './tls/tls-fixture.ts'
import { ScriptedUpstream } from './wire-fixture.ts'

const good = 'orders.gate.example'
const lapsed = 'lapsed.gate.example'
let servers: Authority
let upstream: ScriptedUpstream
let gateway: TlsGateway
let behindProxy: TlsGateway

beforeAll(async () => {
  servers = await createAuthority('Servers')
  const own = await servers.issue({ subject: 'CN=orders', names: [`dns:${good}`] })
  const old = await servers.issue({
    names: [`dns:${lapsed}`],
    notBefore: new Date(0),
    notAfter: new Date(Date.now() - 1_000),
  })
  const clients = await createAuthority('Partners')
  upstream = await new ScriptedUpstream().start()
  const setup = { upstreamPort: upstream.port }
  gateway = await startTlsGateway({
    ...setup,
    routes: (pool) => [
      tlsRoute(pool, good, tlsSettings(own, { mode: 'STRICT', trustedCa: clients.certificate })),
      tlsRoute(pool, lapsed, tlsSettings(old)),
      tlsRoute(pool, 'other.gate.example', tlsSettings(own)),
    ],
  })
  behindProxy = await startTlsGateway({
    ...setup,
    listeners: [{ id: 'secure', protocol: 'https', proxyProtocol: true }],
    routes: (pool) => [tlsRoute(pool, good, tlsSettings(own))],
  })
})
afterAll(async () => {
  await gateway.stop()
  await behindProxy.stop()
  upstream.stop()
})

const at = (port: number, change: Partial<OwnListener> = {}): OwnListener => ({
  protocol: 'https',
  address: '127.0.0.1',
  port,
  proxyProtocol: false,
  ...change,
})

describe('a probe of an own listener', () => {
  it('says what the host is served with, also where clients need a certificate or a PROXY header', async () => {
    for (const listener of [
      at(gateway.port),
      at(gateway.port, { address: '0.0.0.0' }),
      at(behindProxy.port, { proxyProtocol: true }),
    ])
      expect(await probeOwnListener(listener, good)).toMatchObject({
        outcome: 'ok',
        tls: { version: 'TLSv1.3', alpn: 'h2', serverName: good, verified: null },
        chain: [{ subject: 'CN=orders', issuer: 'CN=Servers', names: [good] }],
      })
    expect(upstream.seen).toBe('')
  })

  it.each([
    [lapsed, 'CERT_HAS_EXPIRED'],
    ['other.gate.example', 'name_mismatch'],
    ['nobody.example', 'unrecognized_name'],
  ])('%s: %s', async (host, code) => {
    expect(await probeOwnListener(at(gateway.port), host)).toMatchObject({
      outcome: 'failed',
      failedAt: 'tls',
      code,
    })
  })

  it('says that a port without TLS accepts, and that a closed one does not', async () => {
    expect(await probeOwnListener(at(upstream.port, { protocol: 'http' }), undefined)).toMatchObject({
      outcome: 'ok',
      tls: null,
    })
    const gone = await new ScriptedUpstream().start()
    const { port } = gone
    gone.stop()
    expect(await probeOwnListener(at(port), good)).toMatchObject({ failedAt: 'connect' })
  })
})

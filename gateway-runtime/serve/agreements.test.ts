import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OutboundTls } from '#policies/settings.ts'
import { plainParameters } from '#tls/testing/settings.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from '../testing/certificates.ts'
import { noFigures } from '../data-plane.ts'
import { upstreamsOf } from '../plan-figures.ts'
import { SeenInInterval } from '../seen.ts'
import { agreementFactsIn } from './agreements.ts'
import { RouteCounters } from './metrics.ts'
import { buildPlan } from './plan.ts'
import {
  askOver,
  clientOptions,
  get,
  policyOf,
  startTlsGateway,
  tlsRoute,
  tlsSettings,
} from './tls/tls-fixture.ts'
import { eventually, head, OK, poolTo, ScriptedUpstream, startGateway, talk } from './wire-fixture.ts'

const host = 'api.example'
let root: Authority
let own: KeyAndCertificate
let client: KeyAndCertificate
let upstream: ScriptedUpstream

beforeAll(async () => {
  root = await createAuthority()
  own = await root.issue({ names: [`dns:${host}`, 'dns:up.example'], usage: 'server' })
  client = await root.issue({ subject: 'CN=shop', usage: 'client' })
  upstream = await new ScriptedUpstream().start()
})
afterAll(() => upstream.stop())

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const read = (agreed: ReadonlyMap<string, number>) =>
  [...agreed].map(([key, count]) => [...agreementFactsIn(key), count])

describe('requests of clients', () => {
  const gatewayWith = async (mode: 'STRICT' | 'PERMISSIVE', clientId?: string) => {
    const policies =
      clientId === undefined
        ? []
        : [
            policyOf({
              onRequest(exchange) {
                exchange.client = { id: clientId, name: 'Shop' }
                return undefined
              },
            }),
          ]
    const settings = tlsSettings(own, { mode, trustedCa: root.certificate })
    const gateway = await startTlsGateway({
      upstreamPort: upstream.port,
      routes: (pool) => [tlsRoute(pool, host, settings, { id: 'api:orders', policies })],
    })
    closing.push(() => gateway.stop())
    const ask = (by: KeyAndCertificate | undefined, version: 'TLSv1.2' | 'TLSv1.3') =>
      askOver(
        clientOptions(gateway.port, root, host, by, { minVersion: version, maxVersion: version }),
        get(host),
      )
    const counted = async (requests: number) => {
      const route = () => gateway.server.figures().routes.get('api:orders')
      await eventually(() => route()?.requests === requests)
      return route()
    }
    return { ask, counted, gateway }
  }

  it('count by version, suite and whether the client showed a certificate', async () => {
    const { ask, counted } = await gatewayWith('PERMISSIVE')
    await ask(client, 'TLSv1.3')
    await ask(client, 'TLSv1.3')
    await ask(undefined, 'TLSv1.2')
    const route = await counted(3)
    expect(read(route?.agreed ?? new Map())).toEqual(
      expect.arrayContaining([
        ['1.3', expect.stringMatching(/^TLS_(?:AES|CHACHA20)_/), true, 2],
        ['1.2', expect.stringMatching(/^TLS_ECDHE_/), false, 1],
      ]),
    )
    expect(route?.callers).toEqual(new Map([['', 1]]))
  })

  it('that are refused for their certificate count as nothing', async () => {
    const { ask, gateway } = await gatewayWith('STRICT')
    expect((await ask(undefined, 'TLSv1.3')).text).toContain('client_cert_missing')
    await eventually(() => gateway.entries.length === 1)
    expect(gateway.server.figures().routes.get('api:orders')?.agreed.size ?? 0).toBe(0)
  })

  it('say which client came with which certificate', async () => {
    const { ask, counted, gateway } = await gatewayWith('STRICT', 'client-1')
    await ask(client, 'TLSv1.3')
    const route = await counted(1)
    expect(route?.callers).toEqual(new Map([['client-1', 1]]))
    const traffic = gateway.server.figures()
    expect(new SeenInInterval().between(noFigures, { ...noFigures, traffic })).toMatchObject({
      peers: [
        { apiId: 'orders', side: 'inbound', subject: 'CN=shop', sha256: client.sha256, clientId: 'client-1' },
      ],
      callers: [{ apiId: 'orders', clientId: 'client-1' }],
      agreements: [{ apiId: 'orders', side: 'inbound', version: '1.3', isMutual: true }],
    })
  })

  it('without TLS are said to be so', async () => {
    const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    closing.push(
      () => gateway.stop(),
      () => pool.dispose(),
    )
    await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a', 'Connection: close')])
    const agreed = () => [...gateway.server.figures().routes.values()].flatMap((route) => read(route.agreed))
    await eventually(() => agreed().length > 0)
    expect(agreed()).toEqual([[null, null, false, 1]])
  })
})

describe('requests to an upstream', () => {
  const outbound = (certificate: OutboundTls['certificate']): OutboundTls => ({
    ...plainParameters,
    certificate,
    trustedCa: root.certificate,
    crl: '',
    skipValidation: false,
    serverName: 'up.example',
    subjectAltNames: [],
    spkiHashes: [],
  })
  const identity = () => ({ certificate: client.chain, key: client.key })

  const agreedWith = async (options: TlsOptions, certificate: OutboundTls['certificate']) => {
    const server = createServer(
      { cert: own.chain, key: own.key, ca: root.certificate, ...options },
      (socket) => {
        socket.on('error', () => undefined)
        socket.on('data', () => socket.write(OK))
        closing.push(() => socket.destroy())
      },
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    closing.push(() => server.close())
    const port = (server.address() as AddressInfo).port
    const pool = poolTo(`https://127.0.0.1:${port}`, {
      name: 'upstream:orders',
      settings: { tls: outbound(certificate) },
    })
    return askedThrough(pool)
  }

  const askedThrough = async (pool: ReturnType<typeof poolTo>) => {
    const gateway = await startTlsGateway({
      upstreamPort: upstream.port,
      routes: () => [tlsRoute(pool, host, tlsSettings(own))],
    })
    closing.push(
      () => gateway.stop(),
      () => pool.dispose(),
    )
    for (let times = 0; times < 2; times++)
      expect((await askOver(clientOptions(gateway.port, root, host), get(host))).text).toContain(
        'HTTP/1.1 200',
      )
    const figures = await upstreamsOf(buildPlan([tlsRoute(pool, host, undefined)], []))
    return read([...figures.values()][0]?.agreed ?? new Map())
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'by %s are mutual where it asked for our certificate',
    async (version) => {
      const options = { minVersion: version, maxVersion: version }
      const asking = { ...options, requestCert: true, rejectUnauthorized: true }
      const said = version.slice(4)
      expect(await agreedWith(asking, identity())).toEqual([[said, expect.any(String), true, 2]])
      expect(await agreedWith(options, identity())).toEqual([[said, expect.any(String), false, 2]])
      expect(
        await agreedWith({ ...options, requestCert: true, rejectUnauthorized: false }, undefined),
      ).toEqual([[said, expect.any(String), false, 2]])
    },
  )

  it('over HTTP/2 and without TLS count as well', async () => {
    const server = createSecureServer({ cert: own.chain, key: own.key }, (_, answer) =>
      answer.writeHead(200, { 'content-length': 2 }).end('ok'),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    closing.push(() => server.close())
    const port = (server.address() as AddressInfo).port
    const http2 = poolTo(`https://127.0.0.1:${port}`, {
      protocol: 'http2',
      settings: { tls: outbound(undefined) },
    })
    expect(await askedThrough(http2)).toEqual([['1.3', expect.any(String), false, 2]])
    const plain = poolTo(`http://127.0.0.1:${upstream.port}`)
    expect(await askedThrough(plain)).toEqual([[null, null, false, 2]])
  })
})

it('what does not fit into one report waits for the next', () => {
  const peers = new Map(
    Array.from({ length: 250 }, (_, number) => [
      JSON.stringify([`CN=${number}`, 'CN=ca', [], null, 'aa', null]),
      1,
    ]),
  )
  const route = { ...new RouteCounters().figures, peers }
  const figures = { ...noFigures, traffic: { ...noFigures.traffic, routes: new Map([['api:a', route]]) } }
  const seen = new SeenInInterval()
  expect(seen.between(noFigures, figures).peers).toHaveLength(200)
  expect(seen.between(figures, figures).peers?.map(({ subject }) => subject)).toEqual(
    Array.from({ length: 50 }, (_, number) => `CN=${number + 200}`),
  )
})

import { type AddressInfo, connect as connectPlain, createServer as createRelay, type Socket } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TlsSession } from '#policies/exchange.ts'
import type { InboundTls } from '#policies/settings.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from '../../testing/certificates.ts'
import { buildPlan, type LiveRoute } from '../plan.ts'
import type { Pool } from '../upstream/pool.ts'
import { codeOf, eventually, OK, poolTo, ScriptedUpstream, statusOf, talk } from '../wire-fixture.ts'
import {
  askOver,
  clientOptions,
  get,
  openTls,
  policyOf,
  secureListener,
  startTlsGateway,
  type TlsGateway,
  tlsRoute,
  tlsSettings,
} from './tls-fixture.ts'

let root: Authority
let partners: Authority
let certificates: Record<'a' | 'b' | 'wild' | 'any', KeyAndCertificate>
let client: KeyAndCertificate
let upstream: ScriptedUpstream
let gateway: TlsGateway
let seen: (TlsSession | undefined)[] = []

const noting = () => ({
  policies: [policyOf({ onRequest: ({ tls }) => void seen.push(tls) })],
})

function hosts(pool: Pool): LiveRoute[] {
  return [
    tlsRoute(pool, 'a.example', tlsSettings(certificates.a), noting()),
    tlsRoute(pool, 'b.example', strict(certificates.b), noting()),
    tlsRoute(pool, '*.wild.example', tlsSettings(certificates.wild)),
  ]
}

function strict(own: KeyAndCertificate, change: Partial<InboundTls> = {}): InboundTls {
  return tlsSettings(own, { mode: 'STRICT', trustedCa: partners.certificate, ...change })
}

beforeAll(async () => {
  root = await createAuthority('Servers')
  partners = await createAuthority('Partners')
  certificates = {
    a: await root.issue({ names: ['dns:a.example'] }),
    b: await root.issue({ names: ['dns:b.example'] }),
    wild: await root.issue({ names: ['dns:*.wild.example'] }),
    any: await root.issue({ names: ['dns:any.example', 'dns:other.example'] }),
  }
  client = await partners.issue({
    subject: 'CN=shop,O=Partner\\, Inc.,C=DE',
    names: ['uri:spiffe://td/shop', 'dns:shop.partner.example'],
  })
  upstream = await new ScriptedUpstream().start()
  gateway = await startTlsGateway({ upstreamPort: upstream.port, routes: hosts })
})

afterAll(async () => {
  await gateway.stop()
  upstream.stop()
})

beforeEach(() => {
  seen = []
  gateway.serve(hosts)
})

function lockedKey(): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' },
  }).privateKey
}

/** An upstream that is shown bytes as they come. */
function createBig(take: (bytes: Buffer, socket: Socket) => void) {
  const server = createRelay((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => take(bytes, socket))
  })
  return {
    async start() {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    },
    stop: () => server.close(),
  }
}

/** Passes bytes on one in each turn of the event loop. */
function bytewise(from: Socket, to: Socket): void {
  const waiting: Buffer[] = []
  const next = () => {
    const bytes = waiting[0]
    if (bytes === undefined || to.destroyed) return
    to.write(bytes.subarray(0, 1))
    if (bytes.length > 1) waiting[0] = bytes.subarray(1)
    else waiting.shift()
    setImmediate(next)
  }
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
  from.on('data', (bytes: Buffer) => {
    if (waiting.push(bytes) === 1) next()
  })
}

function ask(host: string, options = clientOptions(gateway.port, root, host), name = host) {
  return askOver(options, get(name))
}

describe('the certificate that a client gets', () => {
  it('is that of the host that it names, in any case', async () => {
    expect(statusOf((await ask('a.example')).text)).toBe(200)
    expect(statusOf((await ask('A.eXample', clientOptions(gateway.port, root, 'A.eXample'))).text)).toBe(200)
    expect(seen[0]).toMatchObject({ version: 'TLSv1.3', serverName: 'a.example', peer: undefined })
    expect(seen[0]?.cipher).toMatch(/^TLS_/)
  })

  it('is that of a wildcard over the host', async () => {
    expect(statusOf((await ask('x.wild.example')).text)).toBe(200)
  })

  it('is none where no host and no default is known', async () => {
    const before = gateway.count('unrecognized_name')
    expect((await ask('c.example')).error).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    const { error } = await askOver(
      { ...clientOptions(gateway.port, root, ''), servername: '' },
      get('a.example'),
    )
    expect(error).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    expect(gateway.count('unrecognized_name')).toBe(before + 2)
  })

  it('is the default where an API is for any host', async () => {
    gateway.serve((pool) => [...hosts(pool), tlsRoute(pool, '*', tlsSettings(certificates.any))])
    expect(statusOf((await ask('any.example')).text)).toBe(200)
    expect(statusOf((await ask('a.example')).text)).toBe(200)
    expect(
      statusOf((await ask('other.example', clientOptions(gateway.port, root, 'any.example'))).text),
    ).toBe(200)
  })

  it('is the only one where there is one, with and without a name', async () => {
    gateway.serve((pool) => [tlsRoute(pool, 'a.example', tlsSettings(certificates.a))])
    const options = clientOptions(gateway.port, undefined, '')
    expect(statusOf((await askOver(options, get('a.example'))).text)).toBe(200)
  })
})

describe('a host of other TLS settings', () => {
  it('is misdirected, and the connection ends', async () => {
    const { text } = await ask('a.example', undefined, 'b.example')
    expect(statusOf(text)).toBe(421)
    expect(codeOf(text)).toBe('misdirected_request')
    expect(text).toContain('Connection: close')
    expect(upstream.seen).not.toContain('b.example')
    expect(gateway.entries.at(-1)).toMatchObject({ status: 421, code: 'misdirected_request' })
  })

  it('is not reached on a connection that was good for another one before', async () => {
    const { ask: over } = await openTls(clientOptions(gateway.port, root, 'a.example'))
    expect(statusOf(await over(get('a.example')))).toBe(200)
    expect(statusOf(await over(get('b.example')))).toBe(421)
  })

  it('is misdirected where nobody knows it', async () => {
    expect(statusOf((await ask('a.example', undefined, 'nobody.example')).text)).toBe(421)
  })

  it('is served where it shares the settings', async () => {
    const both = tlsSettings(certificates.any)
    gateway.serve((pool) => [
      tlsRoute(pool, 'any.example', both),
      tlsRoute(pool, 'other.example', { ...both }),
    ])
    const options = clientOptions(gateway.port, root, 'any.example')
    expect(statusOf((await ask('other.example', options)).text)).toBe(200)
  })

  it('does not lend its paths to a host below it', async () => {
    gateway.serve((pool) => [
      tlsRoute(pool, 'x.wild.example', tlsSettings(certificates.wild, { minVersion: 'TLSv1.3' }), {
        basePath: '/x',
      }),
      tlsRoute(pool, '*.wild.example', strict(certificates.wild), { basePath: '/secret' }),
    ])
    const options = clientOptions(gateway.port, root, 'x.wild.example')
    expect(statusOf((await askOver(options, get('x.wild.example', '/x'))).text)).toBe(200)
    expect(statusOf((await askOver(options, get('x.wild.example', '/secret'))).text)).toBe(404)
  })
})

describe('the identity of a client', () => {
  it('is known to policies', async () => {
    const { text } = await ask('b.example', clientOptions(gateway.port, root, 'b.example', client))
    expect(statusOf(text)).toBe(200)
    expect(seen[0]?.peer).toMatchObject({
      subject: 'C=DE,O=Partner\\, Inc.,CN=shop',
      issuer: 'CN=Partners',
      serialNumber: client.serialNumber,
      sha256: client.sha256,
      subjectAltNames: [
        { type: 'uri', value: 'spiffe://td/shop' },
        { type: 'dns', value: 'shop.partner.example' },
      ],
    })
    expect(seen[0]?.peer?.pem).toBe(client.certificate)
  })

  it('is not asked for by an API that wants none, beside one that does', async () => {
    const options = clientOptions(gateway.port, root, 'a.example', client)
    expect(statusOf((await ask('a.example', options)).text)).toBe(200)
    expect(seen[0]?.peer).toBeUndefined()
  })

  it('is verified in every handshake: no session is resumed', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = clientOptions(gateway.port, root, 'b.example', client, { maxVersion: version })
      let session: Buffer | undefined
      const first = connect(options)
      first.on('session', (ticket: Buffer) => {
        session = ticket
      })
      await once(first, 'secureConnect')
      first.write(get('b.example'))
      await once(first, 'data')
      session ??= first.getSession()
      first.destroy()
      const second = connect({ ...options, ...(session === undefined ? {} : { session }) })
      await once(second, 'secureConnect')
      expect(second.isSessionReused(), version).toBe(false)
      second.destroy()
    }
  })
})

describe('a swap', () => {
  it('cuts no connection, and new handshakes get the new certificate at once', async () => {
    const { ask: over, socket } = await openTls(clientOptions(gateway.port, root, 'a.example'))
    expect(statusOf(await over(get('a.example')))).toBe(200)
    const renewed = await root.issue({ names: ['dns:a.example'] })
    gateway.serve((pool) => [
      tlsRoute(pool, 'a.example', tlsSettings(renewed)),
      tlsRoute(pool, 'b.example', strict(certificates.b)),
    ])
    expect(statusOf(await over(get('a.example')))).toBe(200)
    expect(socket.getPeerX509Certificate()?.serialNumber.toLowerCase()).toBe(certificates.a.serialNumber)
    const fresh = await openTls(clientOptions(gateway.port, root, 'a.example'))
    expect(fresh.socket.getPeerX509Certificate()?.serialNumber.toLowerCase()).toBe(renewed.serialNumber)
    socket.destroy()
    fresh.socket.destroy()
  })

  it('of CAs and revocation lists bears on new handshakes', async () => {
    const options = clientOptions(gateway.port, root, 'b.example', client)
    expect(statusOf((await ask('b.example', options)).text)).toBe(200)
    const crl = await partners.crl([client])
    gateway.serve((pool) => [tlsRoute(pool, 'b.example', strict(certificates.b, { crl }))])
    expect(codeOf((await ask('b.example', options)).text)).toBe('client_cert_revoked')
    gateway.serve((pool) => [
      tlsRoute(pool, 'b.example', strict(certificates.b, { trustedCa: root.certificate })),
    ])
    expect(codeOf((await ask('b.example', options)).text)).toBe('client_cert_untrusted_issuer')
  })

  it('that asks for more than an open connection has shown ends it', async () => {
    const { ask: over } = await openTls(clientOptions(gateway.port, root, 'a.example'))
    expect(statusOf(await over(get('a.example')))).toBe(200)
    gateway.serve((pool) => [tlsRoute(pool, 'a.example', strict(certificates.a))])
    expect(codeOf(await over(get('a.example')))).toBe('client_cert_missing')
  })

  it('that narrows the names looks at those of open connections again', async () => {
    const { ask: over } = await openTls(clientOptions(gateway.port, root, 'b.example', client))
    expect(statusOf(await over(get('b.example')))).toBe(200)
    gateway.serve((pool) => [
      tlsRoute(pool, 'b.example', strict(certificates.b, { subjectAltNames: ['spiffe://td/other'] })),
    ])
    expect(codeOf(await over(get('b.example')))).toBe('client_cert_san_not_allowed')
  })

  it('from http to https on one port lets no plain connection go on', async () => {
    const plain = { ...secureListener, protocol: 'http' as const }
    gateway.serve((pool) => [tlsRoute(pool, 'a.example', undefined)], [plain])
    const socket = connectPlain(gateway.port, '127.0.0.1')
    let text = ''
    socket.on('data', (bytes) => (text += bytes.toString('latin1')))
    socket.write(get('a.example'))
    await eventually(() => text.endsWith('ok'))
    gateway.serve(hosts)
    text = ''
    socket.write(get('a.example'))
    await once(socket, 'close')
    expect(statusOf(text)).toBe(421)
    expect(statusOf((await ask('a.example')).text)).toBe(200)
  })
})

describe('versions, suites and protocols', () => {
  it('belong to one host each', async () => {
    gateway.serve((pool) => [
      tlsRoute(pool, 'a.example', tlsSettings(certificates.a, { minVersion: 'TLSv1.3' })),
      tlsRoute(
        pool,
        'b.example',
        tlsSettings(certificates.b, {
          maxVersion: 'TLSv1.2',
          ciphers: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
          alpn: ['http/1.1'],
        }),
      ),
    ])
    const old = clientOptions(gateway.port, root, 'a.example', undefined, { maxVersion: 'TLSv1.2' })
    expect((await ask('a.example', old)).error).toMatch(/PROTOCOL_VERSION/)
    await eventually(() => gateway.count('unsupported_version') > 0)
    const { socket } = await openTls(clientOptions(gateway.port, root, 'b.example'))
    expect(socket.getProtocol()).toBe('TLSv1.2')
    expect(socket.getCipher().standardName).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
    socket.destroy()
    const others = clientOptions(gateway.port, root, 'b.example', undefined, {
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
      maxVersion: 'TLSv1.2',
    })
    expect((await ask('b.example', others)).error).toMatch(/HANDSHAKE_FAILURE/)
    await eventually(() => gateway.count('no_shared_cipher') > 0)
    const h2 = clientOptions(gateway.port, root, 'b.example', undefined, { ALPNProtocols: ['h2'] })
    expect((await ask('b.example', h2)).error).toMatch(/NO_APPLICATION_PROTOCOL/)
    await eventually(() => gateway.count('no_shared_protocol') > 0)
  })

  it('lead to HTTP/2 where the client speaks it, else to HTTP/1.1', async () => {
    const offer = (...protocols: string[]) =>
      openTls(clientOptions(gateway.port, root, 'a.example', undefined, { ALPNProtocols: protocols }))
    const both = await offer('http/1.1', 'h2')
    expect(both.socket.alpnProtocol).toBe('h2')
    const one = await offer('http/1.1')
    expect(one.socket.alpnProtocol).toBe('http/1.1')
    expect(statusOf(await one.ask(get('a.example')))).toBe(200)
    both.socket.destroy()
    one.socket.destroy()
  })
})

describe('HTTP/2', () => {
  it('is refused in the same words, and its connection ends', async () => {
    const session = connectHttp2(`https://b.example:${gateway.port}`, {
      host: '127.0.0.1',
      servername: 'b.example',
      ca: root.certificate,
    })
    const closed = once(session, 'close')
    const stream = session.request({ ':path': '/', ':authority': 'b.example' })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(headers[':status']).toBe(401)
    const parts: Buffer[] = await stream.toArray()
    expect(codeOf(Buffer.concat(parts).toString())).toBe('client_cert_missing')
    await closed
  })

  it('shows the identity, and gives other hosts 421 without ending', async () => {
    const session = connectHttp2(`https://b.example:${gateway.port}`, {
      host: '127.0.0.1',
      servername: 'b.example',
      ca: root.certificate,
      cert: client.chain,
      key: client.key,
    })
    const statusFor = async (authority: string) => {
      const stream = session.request({ ':path': '/', ':authority': authority })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      stream.resume()
      return headers[':status']
    }
    expect(await statusFor('b.example')).toBe(200)
    expect(seen[0]?.peer?.sha256).toBe(client.sha256)
    expect(await statusFor('a.example')).toBe(421)
    expect(await statusFor('b.example')).toBe(200)
    session.close()
  })
})

describe('a session', () => {
  it('may be resumed where no certificate is asked for, and only for its host', async () => {
    gateway.serve((pool) => [
      tlsRoute(pool, 'a.example', tlsSettings(certificates.a)),
      tlsRoute(pool, 'any.example', tlsSettings(certificates.any)),
    ])
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = clientOptions(gateway.port, root, 'a.example', undefined, { maxVersion: version })
      let session: Buffer | undefined
      const first = connect(options)
      first.on('session', (ticket: Buffer) => {
        session = ticket
      })
      await once(first, 'secureConnect')
      first.write(get('a.example'))
      await once(first, 'data')
      session ??= first.getSession()
      first.destroy()
      const again = { ...options, ...(session === undefined ? {} : { session }) }
      const second = await openTls(again)
      expect(second.socket.isSessionReused(), version).toBe(true)
      expect(statusOf(await second.ask(get('a.example')))).toBe(200)
      second.socket.destroy()
      const other = await openTls({ ...again, servername: 'any.example' })
      expect(other.socket.isSessionReused(), version).toBe(false)
      other.socket.destroy()
    }
  })
})

describe('a connection with TLS', () => {
  it('passes nothing on of what a client says of its own certificate', async () => {
    const forged = get('a.example', '/', 'X-Forwarded-Client-Cert: Hash=1', 'X-Forwarded-Tls-Client-Cert: x')
    upstream.seen = ''
    const { text } = await askOver(clientOptions(gateway.port, root, 'a.example'), forged)
    expect(statusOf(text)).toBe(200)
    expect(upstream.seen).toContain('X-Forwarded-Proto: https')
    expect(upstream.seen).not.toMatch(/client-cert/i)
  })

  it('ends in a way that no client takes for the end of a body, where there is more', async () => {
    upstream.script = (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', () =>
        setImmediate(() => socket.resetAndDestroy()),
      )
    }
    const socket = connect(clientOptions(gateway.port, root, 'a.example'))
    const failed = once(socket, 'error')
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    await once(socket, 'secureConnect')
    socket.write('GET / HTTP/1.0\r\nHost: a.example\r\n\r\n')
    const [error] = (await failed) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(text).toMatch(/abc$/)
    upstream.script = (_request, from) => void from.write(OK)
  })

  it('carries bodies of some megabytes both ways', async () => {
    const size = 8 * 1024 * 1024
    let received = 0
    const big = createBig((bytes, socket) => {
      received += bytes.length
      const head = bytes.indexOf('\r\n\r\n')
      if (head >= 0 && received === bytes.length) received -= head + 4
      if (received < size) return
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size, 'x'))
    })
    const port = await big.start()
    const far = await startTlsGateway({ upstreamPort: port, routes: hosts })
    const socket = connect(clientOptions(far.port, root, 'a.example'))
    await once(socket, 'secureConnect')
    let came = 0
    socket.on('data', (bytes: Buffer) => (came += bytes.length))
    socket.write(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`)
    socket.write(Buffer.alloc(size, 'y'))
    await once(socket, 'close')
    expect(received).toBe(size)
    expect(came).toBeGreaterThan(size)
    await far.stop()
    big.stop()
  })

  it('ends with a drain, idle or in its handshake', async () => {
    const short = await startTlsGateway({ upstreamPort: upstream.port, routes: hosts })
    const idle = await openTls(clientOptions(short.port, root, 'a.example'))
    expect(statusOf(await idle.ask(get('a.example')))).toBe(200)
    const silent = connectPlain(short.port, '127.0.0.1')
    silent.on('error', () => undefined)
    await once(silent, 'connect')
    const ends = [once(idle.socket, 'close'), once(silent, 'close')]
    idle.socket.resume()
    await short.server.drain(5_000)
    await Promise.all(ends)
    expect(short.server.figures().connections).toBe(0)
    short.pool.dispose()
  })
})

describe('what is no good handshake', () => {
  it('plain HTTP is told in words', async () => {
    const { text } = await talk(gateway.port, [get('a.example')])
    expect(statusOf(text)).toBe(400)
    expect(codeOf(text)).toBe('https_required')
    expect(gateway.count('http_request')).toBeGreaterThan(0)
    expect(gateway.events).toContainEqual({
      level: 'info',
      code: 'handshake_http_request',
      detail: 'from 127.0.0.1',
    })
  })

  it('anything else gets an alert', async () => {
    const { text } = await talk(gateway.port, [Buffer.from([0x16, 3, 1, 0, 4, 9, 9, 9, 9])])
    expect([...Buffer.from(text, 'latin1')]).toEqual([21, 3, 3, 0, 2, 2, 50])
    await talk(gateway.port, ['\0\0\0\0'])
    await eventually(() => gateway.count('not_tls') > 0 && gateway.count('bad_hello') > 0)
  })

  it('a hello that comes byte by byte is as good as a whole one', async () => {
    const relay = createRelay((client) => {
      const inner = connectPlain({ port: gateway.port, host: '127.0.0.1', noDelay: true })
      inner.on('error', () => client.destroy())
      inner.pipe(client)
      bytewise(client, inner)
    }).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const { port } = relay.address() as AddressInfo
    expect(statusOf((await ask('a.example', clientOptions(port, root, 'a.example'))).text)).toBe(200)
    relay.close()
  })

  it('whatever is changed or cut on the way, the next client is served', async () => {
    let random = 4_711
    const next = (below: number) => (random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 1) % below
    const relay = createRelay((from) => {
      const to = connectPlain({ port: gateway.port, host: '127.0.0.1' })
      to.on('error', () => from.destroy())
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      to.pipe(from)
      const spoilAt = next(1_500)
      const cuts = next(3) === 0
      let seenBytes = 0
      from.on('data', (bytes: Buffer) => {
        const at = spoilAt - seenBytes
        seenBytes += bytes.length
        if (at < 0 || at >= bytes.length) return void to.write(bytes)
        if (cuts) return void to.end(bytes.subarray(0, at))
        bytes[at] = (bytes[at] ?? 0) ^ (1 + next(255))
        return void to.write(bytes)
      })
    }).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const { port } = relay.address() as AddressInfo
    const ended = await Promise.all(
      Array.from({ length: 300 }, (_, i) => {
        const options = clientOptions(port, undefined, i % 2 === 0 ? 'a.example' : 'b.example', client)
        return askOver({ ...options, timeout: 2_000 }, get('a.example'))
      }),
    )
    expect(ended.filter(({ error }) => error !== undefined).length).toBeGreaterThan(50)
    expect(statusOf((await ask('a.example')).text)).toBe(200)
    relay.close()
  })

  it('silence ends after a while', async () => {
    const impatient = await startTlsGateway({
      upstreamPort: upstream.port,
      routes: hosts,
      server: { limits: { handshakeTimeoutMs: 50 } },
    })
    const socket = connectPlain(impatient.port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'close')
    expect(impatient.count('timeout')).toBe(1)
    const slow = connectPlain(impatient.port, '127.0.0.1')
    slow.on('error', () => undefined)
    slow.write(Buffer.from([0x16, 3, 1]))
    await once(slow, 'close')
    expect(impatient.count('timeout')).toBe(2)
    await impatient.stop()
  })

  it('whoever leaves in the middle of one makes room at once', async () => {
    const small = await startTlsGateway({
      upstreamPort: upstream.port,
      routes: hosts,
      server: { limits: { handshakesMax: 2 } },
    })
    for (let clients = 1; clients <= 6; clients++) {
      const socket = connect({
        port: small.port,
        host: '127.0.0.1',
        servername: 'a.example',
        ca: root.certificate,
      })
      await once(socket, 'secureConnect')
      // Before the last message of its handshake has left.
      socket.destroy()
      await eventually(() => small.count('reset') + small.count('ok') === clients)
    }
    expect(small.count('too_many')).toBe(0)
    await small.stop()
  })

  it('more at once than are allowed are turned away', async () => {
    const small = await startTlsGateway({
      upstreamPort: upstream.port,
      routes: hosts,
      server: { limits: { handshakesMax: 2 } },
    })
    const silent = [1, 2].map(() => connectPlain(small.port, '127.0.0.1'))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    await eventually(() => true)
    const third = connectPlain(small.port, '127.0.0.1')
    third.on('error', () => undefined)
    await once(third, 'close')
    expect(small.count('too_many')).toBe(1)
    expect(small.events).toMatchObject([{ code: 'handshake_too_many', detail: 'from 127.0.0.1' }])
    for (const socket of silent) socket.destroy()
    await small.stop()
  })
})

describe('a plan is refused where', () => {
  const build = (routes: (pool: Pool) => LiveRoute[], listeners = [secureListener]) => {
    const pool = poolTo('http://127.0.0.1:1')
    return () => buildPlan(routes(pool), listeners)
  }
  const settingsFault = (change: Partial<InboundTls>) =>
    build((pool) => [tlsRoute(pool, 'a.example', tlsSettings(certificates.a, change))])

  it('the settings cannot be used, with the reason', async () => {
    const pair = (change: object) => ({
      certificate: { certificate: certificates.a.chain, key: certificates.a.key, ...change },
    })
    const small = await root.issue({ key: 'rsa-1024' })
    const weak = { certificate: { certificate: small.certificate, key: small.key } }
    const cases: [Partial<InboundTls>, RegExp][] = [
      [pair({ key: certificates.b.key }), /key does not belong to certificate/],
      [pair({ key: '' }), /key is missing/],
      [pair({ key: 'x' }), /key cannot be read/],
      [pair({ key: lockedKey() }), /key is encrypted/],
      [weak, /TLS cannot be set up: .*key too small/],
      [pair({ certificate: 'x' }), /holds no certificate/],
      [
        pair({ certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
        /certificate 1 of certificate.crt cannot be read/,
      ],
      [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, /above maxversion/],
      [{ ciphers: ['TLS_NULL'] }, /TLS_NULL is not known/],
      [{ alpn: ['spdy/3'] }, /spdy\/3 is not spoken/],
      [{ mode: 'STRICT' }, /trustedCA holds no certificate/],
      [{ mode: 'PERMISSIVE', trustedCa: 'rubbish' }, /trustedCA holds no certificate/],
      [{ mode: 'STRICT', trustedCa: root.certificate, crl: 'x' }, /crl holds no list/],
      [
        {
          mode: 'STRICT',
          trustedCa: root.certificate,
          crl: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----',
        },
        /CRL/i,
      ],
      [{ subjectAltNames: ['a.*.b'] }, /subjectAltNames: a\.\*\.b is no/],
      [{ spkiHashes: ['abc'] }, /spkiHashes/],
    ]
    for (const [change, expected] of cases) expect(settingsFault(change)).toThrow(expected)
  })

  it('two APIs ask for different TLS at one host', () => {
    expect(
      build((pool) => [
        tlsRoute(pool, 'a.example', tlsSettings(certificates.a), { id: '1', basePath: '/1' }),
        tlsRoute(pool, 'a.example', strict(certificates.a), { id: '2', basePath: '/2' }),
      ]),
    ).toThrow(/a\.example \(2\) and a\.example \(1\) ask for different TLS at a\.example/)
  })

  it('an API has TLS and no listener for it, or names one that cannot serve it', () => {
    const plain = { id: 'plain', protocol: 'http', proxyProtocol: false } as const
    const secure = (change: Partial<LiveRoute>) => (pool: Pool) => [
      tlsRoute(pool, 'a.example', tlsSettings(certificates.a), change),
    ]
    expect(build(secure({}), [plain])).toThrow(/there is no listener for https/)
    expect(build(secure({ listeners: ['plain'] }), [plain, secureListener])).toThrow(/which speaks http/)
    expect(build(secure({ listeners: ['gone'] }), [plain])).toThrow(/there is no such listener/)
    expect(build((pool) => [tlsRoute(pool, 'a.example', undefined)])).toThrow(/no tls policy gives/)
    expect(
      build(
        (pool) => [tlsRoute(pool, 'a.example', undefined, { listeners: ['secure'] })],
        [plain, secureListener],
      ),
    ).toThrow(/no tls policy gives a certificate for a\.example on the listener secure/)
  })

  it('but not where each API finds its listener', () => {
    const plain = { id: 'plain', protocol: 'http', proxyProtocol: false } as const
    const plan = build(
      (pool) => [
        tlsRoute(pool, 'a.example', tlsSettings(certificates.a)),
        tlsRoute(pool, 'p.example', undefined, { basePath: '/p' }),
      ],
      [plain, secureListener],
    )()
    expect(plan.listeners.get('plain')?.router.routesOf('a.example')).toHaveLength(0)
    expect(plan.listeners.get('plain')?.router.routesOf('p.example')).toHaveLength(1)
  })
})

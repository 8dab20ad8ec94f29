import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect, createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import * as grpc from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OutboundTls } from '#policies/settings.ts'
import { missing } from '#scripts/debian.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from '../testing/certificates.ts'
import { askHttp2 } from './client/http2-fixture.ts'
import { END_HEADERS, END_STREAM, fields, FRAME, frame, GET, PREFACE } from './client/http2-raw-fixture.ts'
import { startTlsGateway, type TlsGateway, tlsRoute, tlsSettings } from './tls/tls-fixture.ts'
import type { Pool, PoolOptions } from './upstream/pool.ts'
import { eventually, OK, poolTo, ScriptedUpstream } from './wire-fixture.ts'

const HOST = 'api.example'
let root: Authority
let own: KeyAndCertificate
let upstreamRoot: Authority
let upstreamOwn: KeyAndCertificate

beforeAll(async () => {
  root = await createAuthority()
  own = await root.issue({ names: [`dns:${HOST}`], usage: 'server' })
  upstreamRoot = await createAuthority()
  upstreamOwn = await upstreamRoot.issue({ names: ['dns:up.example'], usage: 'server' })
})

function outbound(change: Partial<OutboundTls> = {}): OutboundTls {
  return {
    certificate: undefined,
    trustedCa: upstreamRoot.certificate,
    crl: '',
    skipValidation: false,
    serverName: 'up.example',
    subjectAltNames: [],
    spkiHashes: [],
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [],
    alpn: [],
    ...change,
  }
}

function poolToTls(port: number, tls = outbound(), change: Partial<PoolOptions> = {}): Pool {
  return poolTo(`https://127.0.0.1:${port}`, { protocol: 'http2', settings: { tls }, ...change })
}

function gatewayTo(pool: Pool): Promise<TlsGateway> {
  return startTlsGateway({
    upstreamPort: 1,
    routes: () => [tlsRoute(pool, HOST, tlsSettings(own))],
  })
}

describe('gRPC through the gateway, with TLS and HTTP/2 on both sides', () => {
  let server: grpc.Server
  let gateway: TlsGateway
  let pool: Pool
  let client: grpc.Client
  const seen: grpc.Metadata[] = []
  const cancelled: string[] = []

  const text = {
    serialize: (value: string) => Buffer.from(value),
    deserialize: (bytes: Buffer) => bytes.toString(),
  }
  const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  })
  const methods = {
    unary: method('Unary', false, false),
    server: method('Server', false, true),
    client: method('Client', true, false),
    both: method('Both', true, true),
  }

  beforeAll(async () => {
    server = new grpc.Server()
    server.addService(methods, {
      unary(call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) {
        seen.push(call.metadata)
        call.on('cancelled', () => cancelled.push(call.request))
        if (call.request === 'never') return
        if (call.request === 'fail') {
          const trailers = new grpc.Metadata()
          trailers.set('x-why', 'so')
          return done({ code: grpc.status.NOT_FOUND, details: 'not here', metadata: trailers })
        }
        done(null, `echo ${call.request}`)
      },
      server(call: grpc.ServerWritableStream<string, string>) {
        for (let i = 0; i < 100; i++) call.write(`${call.request} ${i}`)
        const trailers = new grpc.Metadata()
        trailers.set('x-count', '100')
        call.end(trailers)
      },
      client(call: grpc.ServerReadableStream<string, string>, done: grpc.sendUnaryData<string>) {
        let bytes = 0
        call.on('data', (part: string) => (bytes += part.length))
        call.on('end', () => done(null, String(bytes)))
      },
      both(call: grpc.ServerDuplexStream<string, string>) {
        call.on('data', (part: string) => call.write(part.toUpperCase()))
        call.on('end', () => call.end())
      },
    })
    const credentials = grpc.ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(upstreamOwn.key), cert_chain: Buffer.from(upstreamOwn.chain) },
    ])
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    pool = poolToTls(port)
    gateway = await gatewayTo(pool)
    client = new grpc.Client(
      `127.0.0.1:${gateway.port}`,
      grpc.credentials.createSsl(Buffer.from(root.certificate)),
      { 'grpc.ssl_target_name_override': HOST, 'grpc.default_authority': HOST },
    )
  })

  afterAll(async () => {
    client.close()
    await gateway.stop()
    pool.dispose()
    server.forceShutdown()
  })

  const unary = (request: string, options: grpc.CallOptions = {}) =>
    new Promise<{ error: grpc.ServiceError | null; answer: string | undefined; status: grpc.StatusObject }>(
      (resolve) => {
        let error: grpc.ServiceError | null = null
        let answer: string | undefined
        const { path, requestSerialize, responseDeserialize } = methods.unary
        const metadata = new grpc.Metadata()
        metadata.set('x-mine', '1')
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          options,
          (failure: grpc.ServiceError | null, value?: string) => {
            error = failure
            answer = value
          },
        )
        call.on('status', (status: grpc.StatusObject) =>
          setImmediate(() => resolve({ error, answer, status })),
        )
      },
    )

  it('a unary call is answered, with its metadata', async () => {
    const { answer, status } = await unary('hello')
    expect(answer).toBe('echo hello')
    expect(status.code).toBe(grpc.status.OK)
    expect(seen.at(-1)?.get('x-mine')).toEqual(['1'])
    expect(seen.at(-1)?.get('x-forwarded-proto')).toEqual(['https'])
    expect(seen.at(-1)?.get('x-request-id')).toHaveLength(1)
  })

  it('a failure keeps its status, its details and its trailers', async () => {
    const { error } = await unary('fail')
    expect(error).toMatchObject({ code: grpc.status.NOT_FOUND, details: 'not here' })
    expect(error?.metadata.get('x-why')).toEqual(['so'])
  })

  it('a deadline of the client reaches the server', async () => {
    const { error } = await unary('never', { deadline: Date.now() + 200 })
    expect(error?.code).toBe(grpc.status.DEADLINE_EXCEEDED)
    await eventually(() => cancelled.includes('never'))
  })

  it('a server streams, with trailers behind it', async () => {
    const { path, requestSerialize, responseDeserialize } = methods.server
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, 'n')
    const parts: string[] = []
    call.on('data', (part: string) => parts.push(part))
    const [status] = (await once(call, 'status')) as [grpc.StatusObject]
    expect(parts).toEqual(Array.from({ length: 100 }, (_, i) => `n ${i}`))
    expect(status.metadata.get('x-count')).toEqual(['100'])
  })

  it('a client streams a large body', async () => {
    const { path, requestSerialize, responseDeserialize } = methods.client
    const answer = await new Promise<string | undefined>((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        (error: grpc.ServiceError | null, value?: string) => (error ? reject(error) : resolve(value)),
      )
      for (let i = 0; i < 64; i++) call.write('x'.repeat(64 * 1024))
      call.end()
    })
    expect(answer).toBe(String(64 * 64 * 1024))
  })

  it('both talk at the same time, message by message', async () => {
    const { path, requestSerialize, responseDeserialize } = methods.both
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    for (const word of ['one', 'two', 'three']) {
      call.write(word)
      expect(await once(call, 'data')).toEqual([word.toUpperCase()])
    }
    call.end()
    const [status] = (await once(call, 'status')) as [grpc.StatusObject]
    expect(status.code).toBe(grpc.status.OK)
  })

  it('many calls share one connection to the upstream', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => unary(String(i))))
    expect(answers.every(({ answer }, i) => answer === `echo ${i}`)).toBe(true)
    expect(pool.figures().connections).toBeLessThanOrEqual(3)
  })
})

describe('HTTP/2 over TLS', () => {
  let upstream: ScriptedUpstream
  let gateway: TlsGateway
  let pool: Pool

  beforeAll(async () => {
    upstream = await new ScriptedUpstream().start()
    pool = poolTo(`http://127.0.0.1:${upstream.port}`)
    gateway = await gatewayTo(pool)
  })
  afterAll(async () => {
    await gateway.stop()
    pool.dispose()
    upstream.stop()
  })

  const session = (servername = HOST) =>
    connect(`https://${HOST}:${gateway.port}`, {
      ca: root.certificate,
      createConnection: () =>
        connectTls({
          host: '127.0.0.1',
          port: gateway.port,
          servername,
          ca: root.certificate,
          ALPNProtocols: ['h2'],
        }),
    })

  it('is chosen by ALPN, and the upstream learns that it was TLS', async () => {
    const opened = session()
    const answer = await askHttp2(opened, { ':authority': HOST })
    opened.close()
    expect(answer.status).toBe(200)
    expect(upstream.seen).toContain('X-Forwarded-Proto: https\r\n')
  })

  it('ends when the client ends its side, even inside a request', async () => {
    upstream.script = () => undefined
    const socket = connectTls({
      host: '127.0.0.1',
      port: gateway.port,
      servername: HOST,
      ca: root.certificate,
      ALPNProtocols: ['h2'],
    })
    await once(socket, 'secureConnect')
    socket.write(Buffer.concat([PREFACE, frame(FRAME.headers, END_HEADERS | END_STREAM, 1, fields(...GET))]))
    await eventually(() => upstream.sockets.size > 0)
    await eventually(() => gateway.server.figures().connections === 1)
    socket.end()
    await eventually(() => gateway.server.figures().connections === 0)
    await once(socket.resume(), 'close')
    upstream.script = (_request, upstreamSocket) => void upstreamSocket.write(OK)
  })

  it('refuses a host that is not served on that connection, and lives on', async () => {
    const opened = session()
    const other = await askHttp2(opened, { ':authority': 'other.example' })
    expect([404, 421]).toContain(other.status)
    expect((await askHttp2(opened, { ':authority': HOST })).status).toBe(200)
    opened.close()
  })

  it('serves curl', async (context) => {
    const run = promisify(execFile)
    const { stdout: version } = await run('curl', ['--version']).catch(() => ({ stdout: '' }))
    context.skip(!version.includes('HTTP2'), 'there is no curl with HTTP/2')
    const { stdout } = await run('curl', [
      '--silent',
      '--http2',
      '--insecure',
      '--connect-to',
      `${HOST}:443:127.0.0.1:${gateway.port}`,
      '--data',
      'hello',
      '--write-out',
      ' %{http_version} %{http_code}',
      `https://${HOST}/curl`,
    ])
    expect(stdout).toBe('ok 2 200')
    expect(upstream.seen).toMatch(/POST \/curl HTTP\/1\.1\r\n[^]*content-length: 5\r\n[^]*hello$/)
  })

  it.each([
    ['HTTP/2', ['--max-concurrent-streams=50']],
    ['HTTP/1.1', ['--h1']],
  ])('serves h2load by %s', async (_version, options) => {
    const absent = missing(['nghttp2-client'])
    expect(absent).toBeNull()
    const { stdout } = await promisify(execFile)('h2load', [
      ...options,
      '--requests=2000',
      '--clients=4',
      `--connect-to=127.0.0.1:${gateway.port}`,
      `https://${HOST}/`,
    ])
    expect(stdout).toContain('2000 succeeded, 0 failed, 0 errored, 0 timeout')
    expect(stdout).toContain('status codes: 2000 2xx')
  })
})

describe('an upstream over HTTP/2 and TLS', () => {
  let upstream: Http2SecureServer
  let port = 0
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    upstream = createSecureServer(
      { key: upstreamOwn.key, cert: upstreamOwn.chain, allowHTTP1: true },
      (_, answer) => answer.end('ok'),
    )
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    // A listening TCP server has an address of this form.
    port = (upstream.address() as AddressInfo).port
  })
  afterAll(async () => {
    for (const stop of stops) await stop()
    upstream.close()
  })

  async function ask(pool: Pool) {
    const gateway = await gatewayTo(pool)
    stops.push(async () => {
      await gateway.stop()
      pool.dispose()
    })
    const session = connect(`https://${HOST}:${gateway.port}`, {
      createConnection: () =>
        connectTls({
          host: '127.0.0.1',
          port: gateway.port,
          servername: HOST,
          ca: root.certificate,
          ALPNProtocols: ['h2'],
        }),
    })
    const answer = await askHttp2(session, { ':authority': HOST })
    session.close()
    return answer
  }

  it('is spoken to when its certificate is right', async () => {
    const pool = poolToTls(port)
    expect((await ask(pool)).status).toBe(200)
    expect(pool.figures()).toMatchObject({ connections: 1, idle: 1, tls: { established: 1 } })
  })

  it('is 502 with the reason when its certificate is not', async () => {
    const wrongName = await ask(poolToTls(port, outbound({ serverName: 'else.example' })))
    expect([wrongName.status, wrongName.body.toString()]).toEqual([
      502,
      expect.stringContaining('upstream_tls_name_mismatch'),
    ])
    const untrusted = await ask(poolToTls(port, outbound({ trustedCa: root.certificate })))
    expect(untrusted.body.toString()).toContain('upstream_tls_untrusted')
  })

  it('that speaks only HTTP/1.1 is 502, with what ALPN said in the figures', async () => {
    const { createServer } = await import('node:https')
    const old = createServer({ key: upstreamOwn.key, cert: upstreamOwn.chain }, (_, answer) =>
      answer.end('ok'),
    )
    old.listen(0, '127.0.0.1')
    await once(old, 'listening')
    // A listening TCP server has an address of this form.
    const pool = poolToTls((old.address() as AddressInfo).port)
    const answer = await ask(pool)
    old.close()
    expect(answer.body.toString()).toContain('upstream_tls_handshake')
    expect(pool.figures().tls?.lastFault).toMatch(/ALPN|no application protocol/i)
  })
})

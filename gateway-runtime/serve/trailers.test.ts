import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mayTrail } from './http1/trailers.ts'
import {
  eventually,
  type Gateway,
  head,
  policy,
  route,
  ScriptedUpstream,
  startGateway,
  talk,
} from './wire-fixture.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeEach(async () => {
  upstream = await new ScriptedUpstream().start()
  gateway = await startGateway({
    upstreamPort: upstream.port,
    routes: (pool) => [
      route(pool, {
        policies: [
          policy({
            onRequest(exchange) {
              if (exchange.path === '/user') exchange.setHeader('x-user', 'me')
              return undefined
            },
          }),
        ],
      }),
    ],
  })
})
afterEach(async () => {
  await gateway.stop()
  upstream.stop()
})

const ask = (request: string) =>
  talk(gateway.port, [request], { until: (text) => /\r\n0\r\n[^]*\r\n\r\n$|ok$/.test(text) })

describe('trailers of requests over HTTP/1.1', () => {
  const post = (path: string, trailers: string, ...fields: string[]) =>
    head(`POST ${path} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked', ...fields).concat(
      `5\r\nhello\r\n0\r\n${trailers}\r\n`,
    )

  it('go on behind the last chunk, with names in lower case', async () => {
    await ask(post('/', 'X-Sum: 7\r\nX-Other:  a b \r\n'))
    expect(upstream.seen).toMatch(/5\r\nhello\r\n0\r\nx-sum: 7\r\nx-other: a b\r\n\r\n$/)
  })

  it('are without fields of framing, routing, identity and content (RFC 9110 §6.5.1)', async () => {
    await ask(
      post(
        '/',
        'Authorization: x\r\nCookie: a=b\r\nContent-Type: a/b\r\nX-Forwarded-For: 1.1.1.1\r\nX_A: 1\r\n',
      ),
    )
    expect(upstream.seen).toMatch(/5\r\nhello\r\n0\r\n\r\n$/)
  })

  it('do not say again what the head has said, or what a policy has put there', async () => {
    await ask(post('/user', 'X-User: you\r\nX-Mine: 2\r\nX-Sum: 7\r\n', 'X-Mine: 1'))
    expect(upstream.seen).toContain('x-user: me\r\n')
    expect(upstream.seen).toMatch(/0\r\nx-sum: 7\r\n\r\n$/)
  })
})

describe('trailers of answers over HTTP/1.1', () => {
  const answer = (trailers: string, body = '2\r\nhi\r\n') =>
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').concat(`${body}0\r\n${trailers}\r\n`)

  it('go on to a client that takes them', async () => {
    upstream.script = (_request, socket) => void socket.write(answer('X-Sum: 7\r\nSet-Cookie: a=b\r\n'))
    const { text } = await ask(head('GET / HTTP/1.1', 'Host: a', 'TE: trailers', 'Connection: TE'))
    expect(text).toMatch(/\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n$/)
    expect(upstream.seen.toLowerCase()).not.toContain('te: trailers')
  })

  it('go on when they come long after the head', async () => {
    upstream.script = (_request, socket) => {
      const [first = '', rest = ''] = answer('X-Sum: 7\r\n').split(/(?=2\r\nhi)/)
      socket.write(first)
      void eventually(() => socket.writableLength === 0).then(() => socket.write(rest))
    }
    const { text } = await ask(head('GET / HTTP/1.1', 'Host: a', 'TE: gzip, trailers'))
    expect(text).toMatch(/0\r\nx-sum: 7\r\n\r\n$/)
  })

  it('go on behind a body that is too large for one write', async () => {
    const body = 'x'.repeat(20_000)
    upstream.script = (_request, socket) =>
      void socket.write(answer('X-Sum: 7\r\n', `${body.length.toString(16)}\r\n${body}\r\n`))
    const { text } = await ask(head('GET / HTTP/1.1', 'Host: a', 'TE: trailers'))
    expect(text).toMatch(/x\r\n0\r\nx-sum: 7\r\n\r\n$/)
  })

  it.each([
    ['has not said that it takes them', 'HTTP/1.1', []],
    ['takes something else', 'HTTP/1.1', ['TE: gzip;q=1']],
    ['speaks HTTP/1.0, which has no place for them', 'HTTP/1.0', ['TE: trailers']],
  ])('are dropped for a client that %s', async (_name, version, more) => {
    upstream.script = (_request, socket) => void socket.write(answer('X-Sum: 7\r\n'))
    const { text } = await talk(gateway.port, [
      head(`GET / ${version}`, 'Host: a', 'Connection: close', ...more),
    ])
    expect(text).toContain('hi')
    expect(text).not.toContain('x-sum')
  })

  it('of one answer do not come behind the next one', async () => {
    let sum = 'X-Sum: 7\r\n'
    upstream.script = (_request, socket) => {
      socket.write(answer(sum))
      sum = ''
    }
    const request = head('GET / HTTP/1.1', 'Host: a', 'TE: trailers')
    const { text } = await talk(gateway.port, [request + request], {
      until: (all) => all.split('HTTP/1.1 200').length === 3 && all.endsWith('0\r\n\r\n'),
    })
    expect(text.match(/x-sum/g)).toHaveLength(1)
  })
})

it.each(['x-sum', 'grpc-status', 'grpc-message', 'digest', 'server-timing', 'etag'])(
  '%s may trail',
  (name) => {
    expect(mayTrail(name)).toBe(true)
  },
)

it.each([
  'transfer-encoding', 'content-length', 'host', 'te', 'trailer', 'connection', 'authorization', 'set-cookie',
  'content-encoding', 'if-match', 'x-forwarded-for', 'access-control-allow-origin', 'a_b', 'a b', '', ':status',
])('%j may not trail', (name) => {
  expect(mayTrail(name)).toBe(false)
}) // biome-ignore format: a list of words

import { execFileSync } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import type { ControlRequest } from '#policies/definition.ts'
import { closing } from './testing/world.ts'
import { type ControlRequestOptions, createControlRequest } from './control-request.ts'

const end = closing()
afterAll(() => end.closeAll())

function asker(options: Partial<ControlRequestOptions> = {}) {
  const requests = createControlRequest({ allowLoopback: true, ...options })
  end.add(() => requests.close())
  return (url: string, change: Partial<ControlRequest> = {}) =>
    requests.request({ url, timeoutMs: 5_000, maxBytes: 10_000, ...change })
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  end.add(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function origin(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  end.add(() => server.closeAllConnections())
  return `http://127.0.0.1:${await listening(server)}`
}

/** Key and certificate in one text, as `openssl req` prints them. */
function selfSigned(name: string): string {
  const request = [
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-days',
    '1',
  ]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  return execFileSync('openssl', [...request, ...names, '-keyout', '-'], { stdio: 'pipe' }).toString()
}

describe('control requests', () => {
  it('carry method, headers and body, and bring back status, headers and text', async () => {
    const url = await origin((request, response) => {
      request.setEncoding('utf8')
      let body = ''
      request.on('data', (part) => (body += part))
      request.on('end', () => {
        response.writeHead(418, { 'X-Kind': ['a', 'b'] })
        response.end(
          JSON.stringify({ body, method: request.method, url: request.url, x: request.headers['x'] }),
        )
      })
    })
    const answer = await asker()(`${url}/a?b=c`, { method: 'POST', headers: { x: 'y' }, body: 'grün' })
    expect(answer.status).toBe(418)
    expect(answer.headers['x-kind']).toBe('a, b')
    expect(JSON.parse(answer.body)).toEqual({ body: 'grün', method: 'POST', url: '/a?b=c', x: 'y' })
  })

  it('hand a redirect back and do not follow it', async () => {
    let asked = 0
    const url = await origin((_request, response) => {
      asked++
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect((await asker()(url)).status).toBe(302)
    expect(asked).toBe(1)
  })

  it('end when their time is over, wherever they are by then', async () => {
    const silent = await origin(() => undefined)
    const endless = await origin((_request, response) => void response.write('{'))
    const ask = asker()
    await expect(ask(silent, { timeoutMs: 50 })).rejects.toThrow(/did not answer within 50 ms\.$/)
    await expect(ask(endless, { timeoutMs: 50 })).rejects.toThrow(/did not answer within 50 ms\.$/)
  })

  it('refuse answers over the limit, with a length given or without', async () => {
    const long = await origin((_request, response) => void response.end('x'.repeat(10_001)))
    const endless = await origin((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1_000)));
      }
      response.on('drain', more)
      more()
    })
    const ask = asker()
    await expect(ask(long)).rejects.toThrow(/answered more than 10000 bytes/)
    await expect(ask(endless)).rejects.toThrow(/answered more than 10000 bytes/)
  })

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:169.254.169.254]/',
    'http://metadata.google.internal/',
    'http://0.0.0.0/',
    'http://2852039166/',
    'http://[fe80::1]/',
  ])('refuse %s before connecting', async (url) => {
    await expect(asker()(url)).rejects.toThrow(/must not connect to/)
  })

  it.each(['http://127.0.0.1:1/', 'http://localhost:1/', 'http://[::1]:1/', 'http://0x7f.1/'])(
    'refuse %s unless the node allows loopback',
    async (url) => {
      await expect(asker({ allowLoopback: false })(url)).rejects.toThrow(/must not connect to/)
    },
  )

  it.each(['file:///etc/passwd', 'ftp://a.example/', 'nothing'])('refuse %s', async (url) => {
    await expect(asker()(url)).rejects.toThrow('Only http and https URLs can be asked.')
  })

  it('refuse credentials in a URL, without repeating them', async () => {
    await expect(asker()('http://user:planted@a.example/')).rejects.toThrow(/^(?!.*planted)/)
  })

  it('say in a sentence when nobody listens or the name is unknown', async () => {
    const gone = createServer()
    const port = await listening(gone)
    await new Promise((resolve) => gone.close(resolve))
    await expect(asker()(`http://127.0.0.1:${port}/`)).rejects.toThrow(
      `127.0.0.1:${port} could not be asked (ECONNREFUSED).`,
    )
    await expect(asker()('http://nowhere.invalid/')).rejects.toThrow(
      'The name nowhere.invalid could not be resolved.',
    )
  })

  it('verify TLS', async () => {
    const pem = selfSigned('localhost')
    const server = createTlsServer({ cert: pem, key: pem }, (_request, response) => void response.end('hi'))
    const port = await listening(server)
    await expect(asker()(`https://localhost:${port}/`)).rejects.toThrow(/could not be asked \(.*SELF_SIGNED/)
  })

  it('reuse connections and hold to the number that may run and wait', async () => {
    const waiting: (() => void)[] = []
    const sockets = new Set<unknown>()
    const url = await origin((request, response) => {
      sockets.add(request.socket)
      waiting.push(() => response.end('ok'))
    })
    const ask = asker({ concurrencyMax: 2, waitingMax: 1 })
    const three = [ask(url), ask(url), ask(url)]
    await expect(ask(url)).rejects.toThrow(/Too many/)
    await expect.poll(() => waiting.length).toBe(2)
    for (const answer of waiting.splice(0)) answer()
    await expect.poll(() => waiting.length).toBe(1)
    for (const answer of waiting) answer()
    for (const answer of await Promise.all(three)) expect(answer.body).toBe('ok')
    expect(sockets.size).toBe(2)
  })

  it('to an origin that hangs do not keep others from being asked', async () => {
    const hanging = await origin(() => undefined)
    const other = await origin((_request, response) => void response.end('ok'))
    const ask = asker({ concurrencyMax: 1, waitingMax: 1 })
    const stuck = [ask(hanging, { timeoutMs: 200 }), ask(hanging, { timeoutMs: 200 })]
    await expect(ask(hanging)).rejects.toThrow(/Too many/)
    expect((await ask(other)).body).toBe('ok')
    for (const one of stuck) await expect(one).rejects.toThrow(/within 200 ms/)
  })

  it('give up waiting for a turn when their time is over, and leave the turn to others', async () => {
    const waiting: (() => void)[] = []
    const url = await origin((_request, response) => void waiting.push(() => response.end('ok')))
    const ask = asker({ concurrencyMax: 1 })
    const first = ask(url)
    await expect(ask(url, { timeoutMs: 30 })).rejects.toThrow(/within 30 ms/)
    expect(waiting.length).toBe(1)
    waiting[0]?.()
    await first
    const next = ask(url)
    await expect.poll(() => waiting.length).toBe(2)
    waiting[1]?.()
    expect((await next).body).toBe('ok')
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LiveRoute } from '../plan.ts'
import { poolTo, route, ScriptedUpstream } from '../wire-fixture.ts'
import { askHttp2, connectHttp2, type Http2Gateway, startHttp2Gateway } from './http2-fixture.ts'

let upstream: ScriptedUpstream
const gateways: Http2Gateway[] = []

beforeEach(async () => {
  upstream = await new ScriptedUpstream().start()
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop()
  upstream.stop()
})

async function start(change: Partial<LiveRoute> = {}, options: Parameters<typeof startHttp2Gateway>[1] = {}) {
  const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
  const gateway = await startHttp2Gateway([route(pool, change)], options)
  gateways.push(gateway)
  return { gateway, session: connectHttp2(gateway.port) }
}

describe('a request over HTTP/2', () => {
  it('reaches an HTTP/1.1 upstream as one plain request', async () => {
    const { session } = await start()
    const answer = await askHttp2(session, { ':path': '/a?b=c', accept: 'x' })
    session.close()
    expect(answer).toMatchObject({ status: 200, rstCode: 0 })
    expect(answer.body.toString()).toBe('ok')
    expect(upstream.seen).toMatch(
      /^GET \/a\?b=c HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\naccept: x\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/,
    )
  })

  it('brings a body of unknown length in chunks', async () => {
    const { session } = await start()
    const answer = await askHttp2(session, { ':method': 'POST' }, 'hello')
    session.close()
    expect(answer.status).toBe(200)
    expect(upstream.seen).toContain('Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
  })
})

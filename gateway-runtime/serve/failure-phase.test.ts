import { afterEach, describe, expect, it } from 'vitest'
import type { Prepared } from '#policies/definition.ts'
import type { Refusal } from '#policies/exchange.ts'
import { askHttp2, connectHttp2, startHttp2Gateway } from './client/http2-fixture.ts'
import {
  codeOf,
  poolTo,
  policy,
  route,
  ScriptedUpstream,
  startGateway,
  statusOf,
  talk,
} from './wire-fixture.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const stored: Refusal = {
  status: 200,
  code: 'test.stored',
  detail: 'From before',
  headers: { 'x-from': 'before' },
  body: new TextEncoder().encode('good'),
}

/** A port that nobody listens on any more. */
async function deadPort() {
  const upstream = await new ScriptedUpstream().start()
  upstream.stop()
  return upstream.port
}

function through(prepared: readonly Prepared[]) {
  return { policies: prepared.map((one, index) => policy(one, `p${index}`)) }
}

async function askHttp1(...prepared: Prepared[]) {
  const gateway = await startGateway({
    upstreamPort: await deadPort(),
    routes: (pool) => [route(pool, through(prepared))],
  })
  stops.push(() => gateway.stop())
  const { text } = await talk(gateway.port, ['GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'])
  return text
}

describe('an upstream that cannot be reached', () => {
  it('is answered for by a policy that has something better, over HTTP/1.1', async () => {
    const seen: number[] = []
    const text = await askHttp1(
      { onResponse: (exchange) => void seen.push(exchange.status) },
      { onUpstreamFailure: (_exchange, due) => (seen.push(due.status), stored) },
    )
    expect(statusOf(text)).toBe(200)
    expect(text).toContain('x-from: before\r\n')
    expect(text.endsWith('\r\n\r\ngood')).toBe(true)
    expect(seen).toEqual([502, 200])
  })

  it('is answered for over HTTP/2 too', async () => {
    const pool = poolTo(`http://127.0.0.1:${await deadPort()}`)
    const gateway = await startHttp2Gateway([route(pool, through([{ onUpstreamFailure: () => stored }]))])
    stops.push(() => gateway.stop())
    const session = connectHttp2(gateway.port)
    const answer = await askHttp2(session, { ':path': '/a' })
    session.close()
    expect([answer.status, answer.headers['x-from'], answer.body.toString()]).toEqual([200, 'before', 'good'])
  })

  it('stays a refusal where no policy has anything, or the one that is asked fails', async () => {
    const text = await askHttp1(
      { onUpstreamFailure: () => undefined },
      {
        onUpstreamFailure: () => {
          throw new Error('a bug')
        },
      },
    )
    expect(statusOf(text)).toBe(502)
    expect(codeOf(text)).toBe('upstream_unreachable')
  })
})

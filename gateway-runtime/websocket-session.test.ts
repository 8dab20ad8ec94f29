import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { canonicalJson } from '#contract/manifest.ts'
import { testIssuer } from '#policies/jwt-validation/tokens-in-tests.ts'
import { Planner } from './plan.ts'
import { sha256 } from './ports.ts'
import { createServer as createDataPlane, type Server } from './serve/server.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { closing, until } from './testing/world.ts'

const end = closing()
const issuer = await testIssuer('ES256', 'k1')
const received: string[] = []
let server: Server
let port = 0

beforeAll(async () => {
  const upstream = createServer()
  new WebSocketServer({ server: upstream }).on('connection', (socket) => {
    // ws gives messages as buffers unless it is told otherwise.
    socket.on('message', (message) => received.push((message as Buffer).toString()))
    socket.on('error', () => undefined)
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  end.add(() => upstream.close())
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const chain = [
    policy('jwt-validation', {
      jwtKeyOrigin: 'text',
      textKey: issuer.pem,
      signingMethod: 'es',
      issuers: ['https://login.example'],
      skipClientIdValidation: true,
    }),
    { ...policy('websocket-session', { maxSessions: 1 }), order: 2 },
  ]
  const items = oneApi(url, { policies: chain })
  const built = await new Planner({ allowLoopback: true }).build(
    new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }])),
  )
  if (!built.ok) throw new Error(JSON.stringify(built.reasons))
  server = createDataPlane({ limits: { lingerMs: 50 } })
  server.swap(built.draft.plan)
  built.draft.commit()
  const where = { address: '127.0.0.1', port: 0, listener: 'listener:http' }
  port = (await server.listen(where)).port
  end.add(() => server.drain(0))
})
afterAll(() => end.closeAll())

function tokenFor(sub: string, seconds: number): Promise<string> {
  const exp = Date.now() / 1_000 + seconds
  return issuer.sign({ alg: 'ES256', kid: 'k1' }, { iss: 'https://login.example', sub, exp })
}

async function open(token: string | undefined) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const client = new WebSocket(`ws://127.0.0.1:${port}/orders/live`, { headers: authorization })
  const answers: unknown[] = []
  let status = 101
  let closed: { code: number; atMs: number } | undefined
  client.on('error', () => undefined)
  client.on('message', (message) => answers.push(JSON.parse((message as Buffer).toString())))
  client.on('close', (code) => (closed = { code, atMs: Date.now() }))
  await new Promise<void>((resolve) => {
    client.on('open', resolve)
    client.on('unexpected-response', (_request, response) => {
      status = response.statusCode ?? 0
      client.terminate()
      resolve()
    })
  })
  return { client, answers, status: () => status, closed: () => closed }
}

it('authenticates an upgrade like a call', async () => {
  expect((await open(undefined)).status()).toBe(401)
  expect((await open(await tokenFor('jane', -3_600))).status()).toBe(401)
})

it('lives as long as its token, and longer by another one of the same caller', async () => {
  const startMs = Date.now()
  const { client, answers, closed, status } = await open(await tokenFor('jane', 1))
  expect(status()).toBe(101)
  expect((await open(await tokenFor('jane', 60))).status()).toBe(429)
  client.send('to the upstream')
  client.send(JSON.stringify({ type: 'renew', token: await tokenFor('joe', 60) }))
  await until('an answer', () => answers.length === 1)
  client.send(JSON.stringify({ type: 'renew', token: `${await tokenFor('jane', 60)}x` }))
  await until('two answers', () => answers.length === 2)
  expect(answers).toMatchObject([
    { status: 'refused', reason: 'other_subject' },
    { status: 'refused', reason: 'invalid_token' },
  ])
  client.send(JSON.stringify({ type: 'renew', token: await tokenFor('jane', 2) }))
  await until('a third answer', () => answers.length === 3)
  expect(answers[2]).toMatchObject({ type: 'renew', status: 'renewed' })
  expect(server.figures().routes.get('api:orders')).toMatchObject({ webSockets: 1 })
  expect(server.openSessions(2)).toMatchObject([{ subject: 'jane', renewals: 1 }])
  await until('the end', () => closed() !== undefined)
  expect(closed()?.code).toBe(4401)
  expect((closed()?.atMs ?? 0) - startMs).toBeGreaterThan(1_900)
  expect(received).toEqual(['to the upstream'])
  const again = await open(await tokenFor('jane', 60))
  expect(again.status()).toBe(101)
  again.client.terminate()
})

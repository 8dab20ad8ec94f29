import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request, type RequestOptions } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import { closing } from '#gateway-runtime/testing/world.ts'
import { createTrust, startTrustingUpstream, type Trust } from '#gateway-runtime/testing/zero-trust.ts'
import { fakeTimeLibrary } from '#scripts/debian.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { apiDocument, authoritySecret, FolderNode, keyPairSecret } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'
import { needs } from './needs.ts'

vi.setConfig({ testTimeout: 120_000 })

const minuteMs = 60_000
const dayMs = 86_400_000
const headTimeoutMs = 2_000
const secret = 'a secret of this test, long enough for HS256'
const end = closing()
let clockFile: string
let trust: Trust
let echo: EchoUpstream
let node: FolderNode | undefined

beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hexgate-clock-'))
  end.add(() => rm(folder, { recursive: true, force: true }))
  clockFile = path.join(folder, 'clock')
  echo = await startEcho()
  end.add(() => echo.close())
  trust = await createTrust()
})
afterAll(async () => {
  await node?.stop()
  await end.closeAll()
})

/** Moves the clock of the node away from that of the machine, which libfaketime reads each time anew. */
const moveClock = (by: string) => writeFile(clockFile, `${by}\n`)

async function startNode(): Promise<FolderNode> {
  await moveClock('+0')
  const strict = {
    certificate: { secretName: 'server' },
    clientValidation: { mode: 'STRICT', trustedCA: { secretName: 'callers' } },
  }
  const outbound = { certificate: { secretName: 'gateway' }, trustedCA: { secretName: 'providers' } }
  const upstream = await startTrustingUpstream(trust, end)
  const other = await startTrustingUpstream(trust, end)
  const toUpstream = (address: string) => ({ services: { upstream: { address, tls: outbound } } })
  const once = (kind: string, config: object) => ({ policies: [[kind, config]] as const })
  const limit = { rateLimits: [{ maximumRequests: 5, timePeriodInMilliseconds: 60 * minuteMs }] }
  const tokens = {
    jwtKeyOrigin: 'text',
    textKey: secret,
    signingMethod: 'hmac',
    skipClientIdValidation: true,
    leeway: 60,
  }
  return FolderNode.start({
    documents: [
      apiDocument(echo.url, { name: 'plain', basePath: '/plain' }),
      apiDocument(echo.url, { name: 'limited', basePath: '/limited', ...once('rate-limiting', limit) }),
      apiDocument(echo.url, { name: 'tokens', basePath: '/tokens', ...once('jwt-validation', tokens) }),
      apiDocument(upstream, { name: 'fresh', basePath: '/fresh', ...toUpstream(other) }),
      apiDocument(upstream, {
        name: 'strict',
        address: 'https://127.0.0.1:1',
        tls: strict,
        ...toUpstream(upstream),
      }),
      keyPairSecret('server', trust.server),
      keyPairSecret('gateway', trust.upstreamClient),
      authoritySecret('callers', trust.clientCa),
      authoritySecret('providers', trust.upstreamCa),
    ],
    args: ['--https-port', '0', '--limit', `head-timeout-ms=${headTimeoutMs}`],
    env: {
      LD_PRELOAD: fakeTimeLibrary() ?? '',
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      HEXGATE_ACCESS_LOG: 'on',
    },
  })
}

/** Asks over TLS; 0 where there is no answer. */
function ask(options: RequestOptions): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: node?.ports[1],
        servername: 'localhost',
        ca: trust.serverCa.certificate,
        ...options,
      },
      (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)),
    )
    asked.on('error', () => resolve(0)).end()
  })
}

const shown = ({ chain, key }: KeyAndCertificate): RequestOptions => ({ cert: chain, key })
const get = (where: string, headers: Record<string, string> = {}) =>
  fetch(`${node?.origin}${where}`, { headers })
const statusOf = async (where: string, headers: Record<string, string> = {}) =>
  (await get(where, headers)).status

const tokenFor = (claims: { exp?: number; nbf?: number }) =>
  new SignJWT({ sub: 'anna', exp: Date.now() / 1_000 + 7_200, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

/** What the node says of a token: the status, and the code where it is refused. */
async function judged(token: string): Promise<string> {
  const response = await get('/tokens', { authorization: `Bearer ${token}` })
  if (response.status === 200) return '200'
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
  return `${response.status} ${((await response.json()) as { code: string }).code}`
}

/** A connection with the beginning of a head on it, and when it was told that this took too long. */
async function beginHead(port: number): Promise<{ socket: Socket; endedAfterMs: () => number | undefined }> {
  const socket = connect(port, '127.0.0.1')
  const beganMs = performance.now()
  let text = ''
  let endedAfterMs: number | undefined
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    text += bytes.toString()
    if (text.startsWith('HTTP/1.1 408 ')) endedAfterMs ??= performance.now() - beganMs
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write('GET / HTTP/1.1\r\nHo')
  return { socket, endedAfterMs: () => endedAfterMs }
}

it('a clock that jumps ends nothing and holds nothing up; tokens and certificates are judged by it', async (context) => {
  needs(context, 'faketime')
  node = await startNode()
  const { port } = node
  const second = Date.now() / 1_000
  const load = await Load.start({ origin: node.origin, path: '/plain/', connections: 2 })
  const phone = await trust.clientCa.issue({ usage: 'client' })
  const justMade = await trust.clientCa.issue({
    usage: 'client',
    notBefore: new Date(Date.now() - 5 * minuteMs),
  })
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const onKept = () => ask({ ...shown(phone), agent: kept })
  const tokens = {
    lasting: await tokenFor({}),
    short: await tokenFor({ exp: second + 120 }),
    // Over by half a minute at +10 minutes.
    within: await tokenFor({ exp: second + 570 }),
    begun: await tokenFor({ nbf: second - 5 }),
  }

  // As it is.
  expect(await onKept()).toBe(200)
  expect(await ask({ ...shown(justMade), agent: false })).toBe(200)
  for (const token of Object.values(tokens)) expect(await judged(token)).toBe('200')
  for (let count = 0; count < 5; count += 1) expect(await statusOf('/limited')).toBe(200)
  expect(await statusOf('/limited')).toBe(429)

  const jump = async (by: string, offsetMs: number) => {
    const head = await beginHead(port)
    const before = load.answered
    await moveClock(by)
    await until('the node has the time', async () => {
      const date = Date.parse((await get('/nowhere')).headers.get('date') ?? '')
      return Math.abs(date - Date.now() - offsetMs) < 10_000
    })
    expect(await onKept()).toBe(200)
    expect((await get('/limited')).status).toBe(429)
    await until('the head took too long', () => Promise.resolve(head.endedAfterMs() !== undefined))
    expect(head.endedAfterMs()).toBeGreaterThanOrEqual(headTimeoutMs - 50)
    head.socket.destroy()
    await until('the load goes on', () => Promise.resolve(load.answered > before + 100))
  }

  await jump('-10m', -10 * minuteMs)
  expect(await judged(tokens.lasting)).toBe('200')
  expect(await judged(tokens.begun)).toBe('401 jwt-validation.not_yet_valid')
  expect(await ask({ ...shown(phone), agent: false })).toBe(200)
  expect(await ask({ ...shown(justMade), agent: false })).not.toBe(200)
  await until('why', () => Promise.resolve(node?.output.includes('client_cert_not_yet_valid') === true))

  await jump('+10m', 10 * minuteMs)
  expect(await judged(tokens.begun)).toBe('200')
  expect(await judged(tokens.within)).toBe('200')
  expect(await judged(tokens.short)).toBe('401 jwt-validation.expired')
  expect(await ask({ ...shown(justMade), agent: false })).toBe(200)

  await jump('+1y', 365 * dayMs)
  for (const token of Object.values(tokens)) expect(await judged(token)).toBe('401 jwt-validation.expired')
  expect(await ask({ ...shown(phone), agent: false })).not.toBe(200)
  await until('why', () => Promise.resolve(node?.output.includes('client_cert_expired') === true))
  const fresh = await get('/fresh/')
  expect(fresh.status).toBe(502)
  expect(await fresh.json()).toMatchObject({ code: 'upstream_tls_cert_expired' })

  await jump('+0', 0)
  expect(await judged(tokens.begun)).toBe('200')
  expect(await ask({ ...shown(phone), agent: false })).toBe(200)
  expect(await statusOf('/fresh/')).toBe(200)
  const { failures } = await load.stop()
  expect(failures.slice(0, 5)).toEqual([])
  kept.destroy()
})

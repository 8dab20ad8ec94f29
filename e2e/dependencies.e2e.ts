import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { startRedis } from '#gateway-runtime/testing/redis.ts'
import { closing, temporaryFolder } from '#gateway-runtime/testing/world.ts'
import { testIssuer } from '#policies/jwt-validation/tokens-in-tests.ts'
import { DnsServer, type DnsState } from './dns-server.ts'
import { startEcho } from './echo-upstream.ts'
import { apiDocument, FolderNode, type FolderNodeOptions } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'
import { needs, skipFor } from './needs.ts'

vi.setConfig({ testTimeout: 120_000 })

const end = closing()
afterEach(() => end.closeAll())

async function started(options: FolderNodeOptions): Promise<FolderNode> {
  const node = await FolderNode.start(options)
  end.add(async () => expect(await node.stop()).toBe(0))
  return node
}

async function echo(): Promise<string> {
  const upstream = await startEcho()
  end.add(() => upstream.close())
  return upstream.url
}

async function listening(server: Server, address: string, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const answeredMore = (load: Load, count: number) => {
  const before = load.answered
  return until(`${count} more answers`, () => Promise.resolve(load.answered >= before + count), 60_000)
}

it('an issuer that never answers is asked once for keys that nobody knows; tokens with known keys pass', async () => {
  const issuer = await testIssuer('ES256', 'known')
  let asked = 0
  let isThere = true
  const keys = createServer((_request, response) => {
    asked += 1
    if (isThere) response.end(JSON.stringify({ keys: [issuer.jwk] }))
  })
  const jwksUrl = `http://127.0.0.1:${await listening(keys, '127.0.0.1')}/keys`
  const config = {
    jwksUrl,
    signingMethod: 'es',
    skipClientIdValidation: true,
    jwksServiceConnectionTimeout: 2_000,
  }
  const node = await started({
    documents: [
      apiDocument(await echo(), {
        name: 'tokens',
        basePath: '/tokens',
        policies: [['jwt-validation', config]],
      }),
      apiDocument(await echo(), { name: 'plain', basePath: '/plain' }),
    ],
  })
  const claims = { sub: 'anna', exp: Math.floor(Date.now() / 1_000) + 3_600 }
  const bearer = async (kid: string, more: object = {}) => ({
    authorization: `Bearer ${await issuer.sign({ alg: 'ES256', kid }, { ...claims, ...more })}`,
  })
  const { origin } = node
  const known = await Load.start({ origin, path: '/tokens/', connections: 2, headers: await bearer('known') })
  const plain = await Load.start({ origin, path: '/plain/', connections: 2 })
  await answeredMore(known, 50)
  expect(asked).toBe(1)
  isThere = false
  const strangers = await Promise.all(
    Array.from({ length: 40 }, async (_, place) =>
      fetch(`${origin}/tokens/`, { headers: await bearer(`stranger-${place}`) }),
    ),
  )
  for (const response of strangers) {
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'jwt-validation.unknown_key' })
  }
  // Of somebody who was never seen before, by a key that was.
  expect((await fetch(`${origin}/tokens/`, { headers: await bearer('known', { sub: 'joe' }) })).status).toBe(
    200,
  )
  await answeredMore(known, 50)
  await answeredMore(plain, 50)
  expect((await known.stop()).failures).toEqual([])
  expect((await plain.stop()).failures).toEqual([])
  expect(asked).toBe(2)
})

it('a shared store that stands still, is killed and comes back fails no request of a limit that counts in it', async (context) => {
  needs(context, 'redis-server')
  const redis = await startRedis(end)
  const limit = {
    clusterizable: true,
    rateLimits: [{ maximumRequests: 1_000_000, timePeriodInMilliseconds: 3_600_000 }],
  }
  const node = await started({
    documents: [apiDocument(await echo(), { policies: [['rate-limiting', limit]] })],
    args: ['--shared-store', redis.url],
  })
  const load = await Load.start({ origin: node.origin, path: '/', connections: 4 })
  await answeredMore(load, 200)
  const alone = load.lap(0.99)
  redis.pause()
  await answeredMore(load, 300)
  const still = load.lap(0.99)
  redis.resume()
  await answeredMore(load, 100)
  await redis.stop()
  await answeredMore(load, 300)
  await redis.start()
  await answeredMore(load, 300)
  expect((await load.stop()).failures).toEqual([])
  console.log(`99 % within ${alone.toFixed(1)} ms, with a store that stands still ${still.toFixed(1)} ms`)
  // It kept nothing, and counts again.
  const keys = () => Number(spawnSync('redis-cli', ['-u', redis.url, 'dbsize'], { encoding: 'utf8' }).stdout)
  await until('the store counts', async () => (await fetch(node.origin)).ok && keys() > 0)
})

/** How to run a command that asks another DNS server, or why that cannot be done here. */
async function withDns(address: string): Promise<{ within: string[]; reason: string | null }> {
  const folder = await temporaryFolder(end)
  const file = path.join(folder, 'resolv.conf')
  await writeFile(file, `nameserver ${address}\noptions timeout:1 attempts:1\n`)
  const within = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount --bind ${file} /etc/resolv.conf && exec "$@"`,
    'sh',
  ]
  const [program, ...args] = [...within, 'true'] as const
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  const reason = status === 0 ? null : `DNS cannot be changed for one process here: ${stderr.trim()}`
  return { within, reason }
}

it('a name that DNS finds no more keeps its addresses, takes new ones, and never leads to one that is forbidden', async (context) => {
  const address = `127.${1 + (process.pid % 250)}.53.53`
  const { within, reason } = await withDns(address)
  skipFor(context, reason)
  const dns = await DnsServer.start(address)
  end.add(() => dns.stop())
  // Every request of theirs takes a connection, which asks for the address again.
  const upstreams = ['127.0.0.1', '127.0.0.2'].map((name) =>
    createServer((_request, response) => response.setHeader('connection', 'close').end(name)),
  )
  const [first, second] = upstreams as [Server, Server]
  const port = await listening(first, '127.0.0.1')
  await listening(second, '127.0.0.2', port)
  dns.state = ['127.0.0.1']
  const node = await started({ documents: [apiDocument(`http://orders.hexgate.test:${port}`)], within })
  const load = await Load.start({ origin: node.origin, path: '/', connections: 2 })
  await answeredMore(load, 100)
  const states: DnsState[] = ['server failure', 'nothing', 'no such name']
  for (const state of states) {
    dns.state = state
    const before = dns.asked
    // It has been asked again, and what it said then did not matter.
    await until('it is asked', () => Promise.resolve(dns.asked > before), 30_000)
    await answeredMore(load, 100)
  }
  dns.state = ['127.0.0.2']
  await until('the new address', async () => (await (await fetch(node.origin)).text()) === '127.0.0.2')
  expect((await load.stop()).failures).toEqual([])
  dns.state = ['169.254.169.254']
  await until('it is refused', async () => (await fetch(node.origin)).status === 502)
  expect(await (await fetch(node.origin)).json()).toMatchObject({ code: 'upstream_forbidden_address' })
})

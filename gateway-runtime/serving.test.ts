import { Agent, request } from 'node:https'
import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { type Contents, Planner } from './plan.ts'
import { sha256 } from './ports.ts'
import { createServer, type Server } from './serve/server.ts'
import { type ListenerOverride, Serving } from './serving.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from './testing/certificates.ts'
import { type Closing, closing, startUpstream } from './testing/world.ts'

type ListenerItem = Extract<Item, { kind: 'listener' }>

let root: Authority
let clients: Authority
let own: KeyAndCertificate
let client: KeyAndCertificate
let upstream: string
const end = closing()
let each: Closing
let server: Server
let serving: Serving

function start(override: ListenerOverride = {}): void {
  server = createServer()
  serving = new Serving(server, new Planner({ allowLoopback: true }), { address: '127.0.0.1', ...override })
  const started = server
  each.add(() => started.drain(0))
}

beforeAll(async () => {
  root = await createAuthority('Servers')
  clients = await createAuthority('Clients')
  own = await root.issue({ names: ['dns:a.example'] })
  client = await clients.issue({ names: ['uri:spiffe://td/shop'] })
  upstream = await startUpstream('up', end)
})

afterAll(() => end.closeAll())

beforeEach(() => {
  each = closing()
  start()
  return () => each.closeAll()
})

function contents(...items: Item[]): Contents {
  return new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }]))
}

function listener(id: string, protocol: 'http' | 'https', port = 0): ListenerItem {
  return { kind: 'listener', id, protocol, address: '0.0.0.0', port }
}

function up(): Item {
  return {
    kind: 'upstream',
    id: 'up',
    endpoints: [{ url: upstream }],
    connectTimeoutMs: 1_000,
    responseTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
    maxConnections: 10,
    maxPending: 10,
  }
}

function api(id: string, change: Partial<Extract<Item, { kind: 'api' }>> = {}): Item {
  return {
    kind: 'api',
    id,
    name: id,
    version: '1',
    host: '*',
    basePath: `/${id}`,
    stripBasePath: false,
    upstream: 'up',
    policies: [],
    ...change,
  }
}

function attached(kind: string, config: Record<string, unknown>) {
  return { id: `policy-${kind}`, kind, policyVersion: '1.0.0', label: '', order: 1, config }
}

function tlsPolicy(change: Record<string, unknown> = {}, certificate = own) {
  return attached('tls', { certificate: { crt: certificate.chain, key: certificate.key }, ...change })
}

const secured = (id: string, change = {}) =>
  api(id, { host: 'a.example', policies: [tlsPolicy()], ...change })

async function serve(...items: Item[]): Promise<string[]> {
  const served = await serving.serve(contents(up(), ...items))
  return served.ok ? [] : served.reasons.map(({ pointer, reason }) => `${pointer} ${reason}`)
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly socket: Socket
}

function ask(port: number, path: string, agent: PlainAgent | Agent): Promise<Answer> {
  const isSecure = agent instanceof Agent
  return new Promise((resolve, reject) => {
    const common = { host: '127.0.0.1', port, path, agent, headers: { host: 'a.example' } }
    const sent = isSecure
      ? request({ ...common, servername: 'a.example', ca: root.certificate })
      : plainRequest(common)
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { socket } = response
      let body = ''
      response.on('data', (bytes: Buffer) => (body += bytes.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, socket }))
    })
    sent.end()
  })
}

const plain = () => new PlainAgent({ keepAlive: true })
const secure = (options = {}) => new Agent({ keepAlive: true, ...options })

describe('several listeners', () => {
  it('serve each what is on it', async () => {
    const faults = await serve(
      listener('one', 'http'),
      listener('two', 'http'),
      api('both'),
      api('first', { listeners: ['one'] }),
      api('second', { listeners: ['two'] }),
    )
    expect(faults).toEqual([])
    const [one = 0, two = 0] = serving.ports
    expect(one).not.toBe(two)
    const statuses = async (port: number) =>
      Promise.all(['/both', '/first', '/second'].map(async (path) => (await ask(port, path, plain())).status))
    expect(await statuses(one)).toEqual([200, 200, 404])
    expect(await statuses(two)).toEqual([200, 404, 200])
  })

  it('may have the same address on each, and not twice on one', async () => {
    const [one, two] = [listener('one', 'http'), listener('two', 'http')]
    const twins = (listeners: string[]) => [
      api('left', { basePath: '/x', listeners: ['one'] }),
      api('right', { basePath: '/x', listeners }),
    ]
    expect(await serve(one, two, ...twins(['two']))).toEqual([])
    expect(await serve(one, two, ...twins(['one', 'two']))).toEqual([
      '/items/right/basePath right 1 and left 1 both answer at /x on the listener one',
    ])
  })

  it('speak HTTP and HTTPS side by side, each with its APIs', async () => {
    expect(
      await serve(listener('web', 'http'), listener('tls', 'https'), api('open'), secured('closed')),
    ).toEqual([])
    const [web = 0, tls = 0] = serving.ports
    expect(serving.listeners).toMatchObject([
      { id: 'web', protocol: 'http', port: web },
      { id: 'tls', protocol: 'https', port: tls },
    ])
    expect((await ask(web, '/open', plain())).status).toBe(200)
    expect((await ask(web, '/closed', plain())).status).toBe(404)
    expect((await ask(tls, '/closed', secure())).status).toBe(200)
  })

  it('that want one port are refused with both names', async () => {
    expect(await serve(listener('one', 'http', 8443), listener('two', 'https', 8443), api('x'))).toEqual([
      '/items/two/port the listeners two and one both want port 8443 at 0.0.0.0',
    ])
  })

  it('an API names one that is not there', async () => {
    expect(await serve(listener('one', 'http'), api('x', { listeners: ['gone'] }))).toEqual([
      '/items/x/listeners/0 x 1 is to be served on the listener gone, and there is no such listener',
    ])
  })
})

describe('ports that this machine says', () => {
  it('stand for the listener of each protocol', async () => {
    start({ port: 0, httpsPort: 0 })
    expect(
      await serve(listener('web', 'http', 1), listener('tls', 'https', 2), api('x'), secured('y')),
    ).toEqual([])
    const [web = 0, tls = 0] = serving.ports
    expect((await ask(web, '/x', plain())).status).toBe(200)
    expect((await ask(tls, '/y', secure())).status).toBe(200)
  })
})

describe('TLS settings', () => {
  it('are refused with a pointer to their policy', async () => {
    const other = await root.issue()
    const wrong = tlsPolicy({ certificate: { crt: own.chain, key: other.key } })
    expect(await serve(listener('tls', 'https'), api('x', { host: 'a.example', policies: [wrong] }))).toEqual(
      ['/items/x/policies/0/config/certificate/key certificate.key does not belong to certificate.crt'],
    )
  })

  it('give policies the identity of the client, and the upstream hears of it only from the gateway', async () => {
    const policies = [
      tlsPolicy({ mode: 'STRICT', trustedCA: clients.certificate }),
      { ...attached('mtls-client-identity', { forwardHeader: 'sanitize' }), order: 2 },
    ]
    expect(await serve(listener('tls', 'https'), api('x', { host: 'a.example', policies }))).toEqual([])
    const [port = 0] = serving.ports
    const agent = secure({ cert: client.chain, key: client.key })
    const { status, body } = await ask(port, '/x', agent)
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      headers: {
        'x-forwarded-client-cert': `Hash=${client.sha256};Subject="CN=client";URI=spiffe://td/shop`,
      },
    })
    expect((await ask(port, '/x', secure())).status).toBe(401)
  })
})

describe('a change', () => {
  it('of the protocol of a port reopens nothing, and cuts no connection of other ports', async () => {
    start()
    const free = await freePort()
    const steady = plain()
    const before = [listener('steady', 'http'), listener('turns', 'http', free), api('open')]
    expect(await serve(...before)).toEqual([])
    const [port = 0] = serving.ports
    const first = await ask(port, '/open', steady)
    expect((await ask(free, '/open', plain())).status).toBe(200)

    const closed = secured('closed', { listeners: ['turned'] })
    expect(
      await serve(listener('steady', 'http'), listener('turned', 'https', free), api('open'), closed),
    ).toEqual([])
    expect(serving.ports).toContain(free)
    expect((await ask(free, '/closed', secure())).status).toBe(200)
    const again = await ask(port, '/open', steady)
    expect(again.status).toBe(200)
    expect(again.socket).toBe(first.socket)

    expect(await serve(...before)).toEqual([])
    expect((await ask(free, '/open', plain())).status).toBe(200)
    expect((await ask(port, '/open', steady)).socket).toBe(first.socket)
    steady.destroy()
  })

  it('of certificates under load cuts nothing and refuses nothing', async () => {
    const listening = listener('tls', 'https')
    const policy = async () => tlsPolicy({}, await root.issue({ names: ['dns:a.example'] }))
    expect(await serve(listening, secured('x'))).toEqual([])
    const [port = 0] = serving.ports
    let isOver = false
    const keeper = secure({ maxSockets: 4 })
    const kept = new Set<Socket>()
    const load = async (agentOf: () => Agent) => {
      let count = 0
      while (!isOver) {
        const { status, socket } = await ask(port, '/x', agentOf())
        expect(status).toBe(200)
        if (agentOf() === keeper) kept.add(socket)
        count++
      }
      return count
    }
    const running = [
      ...Array.from({ length: 4 }, () => load(() => keeper)),
      load(() => new Agent({ keepAlive: false, maxCachedSessions: 0 })),
    ]
    for (let swaps = 0; swaps < 20; swaps++)
      expect(await serve(listening, secured('x', { policies: [await policy()] }))).toEqual([])
    isOver = true
    const counts = await Promise.all(running)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(kept.size).toBeLessThanOrEqual(4)
    keeper.destroy()
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  const { port } = await probe.listen({ address: '127.0.0.1', port: 0 })
  await probe.drain(0)
  return port
}

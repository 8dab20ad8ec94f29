import { once } from 'node:events'
import { createServer as createHttpServer, Agent, get as httpGet } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { canonicalJson } from '#contract/manifest.ts'
import type { Item } from '#contract/items.ts'
import type { DataPlaneOptions, Hearing } from '../data-plane.ts'
import type { Contents } from '../plan.ts'
import { sha256 } from '../ports.ts'
import { listenFault } from '../serving.ts'
import { oneApi, policy } from '../testing/publisher.ts'
import { closing, startUpstream, until } from '../testing/world.ts'
import { Fleet, type FleetMeans } from './fleet.ts'
import { roomBytesMin } from './spare.ts'

const end = closing()
let upstream: string
beforeEach(async () => {
  upstream = await startUpstream('orders', end)
})
afterEach(() => end.closeAll())

const options: DataPlaneOptions = { trustedHops: 0, allowLoopback: true, accessLog: false, override: {} }

const noRoom = () => 0

async function open(count: number, more: Partial<DataPlaneOptions> = {}, means: FleetMeans = {}) {
  const events: string[] = []
  const hearing: Hearing = {
    event: ({ code, detail }) => events.push(`${code}: ${detail}`),
    log: () => undefined,
  }
  const fleet = await Fleet.open(count, { ...options, ...more }, hearing, 1_000, {
    roomBytes: noRoom,
    ...means,
  })
  end.add(() => fleet.drain(0))
  return { fleet, events }
}

function contentsOf(items: readonly Item[]): Contents {
  return new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }]))
}

/** One request on a connection of its own: the status, or 0 where there was no answer. */
function ask(port: number | undefined, path = '/orders'): Promise<number> {
  return new Promise((resolve) => {
    const request = httpGet({ host: '127.0.0.1', port, path, agent: new Agent() }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', () => resolve(0))
  })
}

async function workersOf(fleet: Fleet) {
  return (await fleet.figures()).workers
}

describe('the workers of a node', { timeout: 60_000 }, () => {
  it('share a port, and the kernel spreads connections evenly over them', async () => {
    const { fleet } = await open(2)
    expect(await fleet.serve(contentsOf(oneApi(upstream)))).toEqual({ ok: true })
    expect(fleet.ports).toHaveLength(1)
    expect(fleet.listeners).toEqual([
      { id: 'listener:http', protocol: 'http', address: '127.0.0.1', port: fleet.ports[0] },
    ])
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(fleet.ports[0])))
    expect(answers).toEqual(Array(100).fill(200))
    const { workers, traffic } = await fleet.figures()
    expect(traffic.requests).toBe(100)
    expect(traffic.routes.get('api:orders')?.requests).toBe(100)
    expect(workers.map(({ requests }) => requests).reduce((a, b) => a + b)).toBe(100)
    for (const { requests } of workers) {
      expect(requests).toBeGreaterThanOrEqual(20)
      expect(requests).toBeLessThanOrEqual(80)
    }
  })

  it('come back at once with what the others serve when one is killed, and keep what it counted', async () => {
    const { fleet, events } = await open(2)
    await fleet.serve(contentsOf(oneApi(upstream)))
    await fleet.serve(contentsOf(oneApi(upstream, { basePath: '/v2' })))
    await Promise.all(Array.from({ length: 40 }, () => ask(fleet.ports[0], '/v2')))
    const before = (await fleet.figures()).traffic.requests
    const [victim] = fleet.pids
    const killedAtMs = performance.now()
    process.kill(victim ?? 0, 'SIGKILL')
    await until('one worker down', () => fleet.problems.length > 0)
    expect(fleet.isServing).toBe(true)
    await until('both serve again', () => fleet.problems.length === 0)
    // Half a second on a machine that does nothing else.
    expect(performance.now() - killedAtMs).toBeLessThan(3_000)
    expect(fleet.pids).not.toContain(victim)
    expect(events.join()).toContain('worker.crashed: worker 1 ended (SIGKILL); it is started again')
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(fleet.ports[0], '/v2')))
    expect(answers).toEqual(Array(40).fill(200))
    const { traffic, workers } = await fleet.figures()
    expect(traffic.requests).toBe(before + 40)
    expect(workers.map(({ crashes }) => crashes)).toEqual([1, 0])
    expect(workers.every(({ requests }) => requests > 0)).toBe(true)
  })

  it('have a spare that takes the place of one that is killed, and then another spare', async () => {
    const { fleet, events } = await open(2, {}, { roomBytes: () => roomBytesMin, afterMs: 0 })
    expect(fleet.sparePid).toBeUndefined()
    await fleet.serve(contentsOf(oneApi(upstream)))
    await until('a spare', () => fleet.sparePid !== undefined)
    // It was made before this came.
    await fleet.serve(contentsOf(oneApi(upstream, { basePath: '/v2' })))
    const { sparePid } = fleet
    const [victim, other] = fleet.pids
    process.kill(victim ?? 0, 'SIGKILL')
    await until('the spare stands there', () => fleet.pids.includes(sparePid ?? 0))
    await until('both serve again', () => fleet.problems.length === 0)
    expect(fleet.pids).toEqual([sparePid, other])
    expect(events).toEqual(['worker.crashed: worker 1 ended (SIGKILL); it is started again'])
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(fleet.ports[0], '/v2')))
    expect(answers).toEqual(Array(40).fill(200))
    expect((await workersOf(fleet)).every(({ requests }) => requests > 0)).toBe(true)
    await until('the next spare', () => fleet.sparePid !== undefined)
    expect(fleet.sparePid).not.toBe(sparePid)
    expect((await fleet.figures()).spareBytes).toBeGreaterThan(0)
  })

  it('say that a spare has ended, and have another one', async () => {
    const { fleet, events } = await open(1, {}, { roomBytes: () => roomBytesMin, afterMs: 0 })
    await fleet.serve(contentsOf(oneApi(upstream)))
    await until('a spare', () => fleet.sparePid !== undefined)
    const { sparePid } = fleet
    process.kill(sparePid ?? 0, 'SIGKILL')
    await until('another spare', () => fleet.sparePid !== undefined && fleet.sparePid !== sparePid)
    expect(events).toEqual(['worker.spare-ended: the spare worker ended (SIGKILL); it is started again'])
    expect((await workersOf(fleet)).map(({ crashes }) => crashes)).toEqual([0])
  })

  it('let the spare go where memory becomes short, and need none to come back', async () => {
    let roomBytes = roomBytesMin
    const { fleet, events } = await open(1, {}, { roomBytes: () => roomBytes, afterMs: 0 })
    await fleet.serve(contentsOf(oneApi(upstream)))
    await until('a spare', () => fleet.sparePid !== undefined)
    roomBytes = roomBytesMin / 2 - 1
    await until('no spare', () => fleet.sparePid === undefined)
    const [victim] = fleet.pids
    process.kill(victim ?? 0, 'SIGKILL')
    await until('another process', () => fleet.pids.length === 1 && fleet.pids[0] !== victim)
    await until('it serves', () => fleet.isServing)
    expect(await ask(fleet.ports[0])).toBe(200)
    expect(events).toEqual(['worker.crashed: worker 1 ended (SIGKILL); it is started again'])
  })

  it('lose only the requests of the one that is killed', async () => {
    const release: (() => void)[] = []
    const slow = createHttpServer((_, response) => release.push(() => response.end('late')))
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    end.add(() => slow.close())
    const { fleet } = await open(2)
    await fleet.serve(contentsOf(oneApi(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`)))
    const answers = Array.from({ length: 40 }, () => ask(fleet.ports[0]))
    await until('all requests at the upstream', () => release.length === 40)
    const [first] = await workersOf(fleet)
    process.kill(fleet.pids[0] ?? 0, 'SIGKILL')
    await until('the kill was noticed', () => fleet.problems.length > 0)
    for (const answer of release) answer()
    const statuses = await Promise.all(answers)
    expect(statuses.filter((status) => status === 0)).toHaveLength(first?.connections ?? -1)
    expect(statuses.filter((status) => status === 200)).toHaveLength(40 - (first?.connections ?? 0))
  })

  it('that end again and again are started ever later, which is said', async () => {
    const { fleet, events } = await open(1)
    await fleet.serve(contentsOf(oneApi(upstream)))
    for (let crash = 1; crash <= 6; crash++) {
      await until(`served before crash ${crash}`, () => fleet.isServing)
      process.kill(fleet.pids[0] ?? 0, 'SIGKILL')
      await until(`crash ${crash}`, () => !fleet.isServing)
    }
    await until('said', () => events.at(-1)?.startsWith('worker.crash-loop'))
    expect(events.at(-1)).toContain('it keeps ending, the next start is in 1 s')
    expect(fleet.problems).toEqual(['worker 1 ended 6 times within a minute'])
    expect(await workersOf(fleet)).toMatchObject([{ crashes: 6, isCrashLooping: true }])
    expect(await ask(fleet.ports[0])).toBe(0)
    await until('it is back after the pause', () => fleet.isServing)
    expect(await ask(fleet.ports[0])).toBe(200)
    expect(fleet.problems).toEqual(['worker 1 ended 6 times within a minute'])
  })

  it('that hang are cut off and started again', async () => {
    const events: string[] = []
    const hearing: Hearing = { event: ({ code }) => events.push(code), log: () => undefined }
    const fleet = await Fleet.open(1, options, hearing, 1_000, { silentBeatsMax: 3, roomBytes: noRoom })
    end.add(() => fleet.drain(0))
    await fleet.serve(contentsOf(oneApi(upstream)))
    process.kill(fleet.pids[0] ?? 0, 'SIGSTOP')
    await until('it was cut off', () => events.includes('worker.crashed'))
    expect(events).toEqual(['worker.hangs', 'worker.crashed'])
    await until('it serves again', () => fleet.isServing)
    expect(await ask(fleet.ports[0])).toBe(200)
  })

  it('all stay with what they serve when a configuration cannot be built, and say why', async () => {
    const { fleet } = await open(2)
    await fleet.serve(contentsOf(oneApi(upstream)))
    const wrong = oneApi(upstream, { basePath: '/v2', policies: [policy('from-the-future')] })
    const served = await fleet.serve(contentsOf(wrong))
    expect(served).toMatchObject({ ok: false, reasons: [{ pointer: '/items/api:orders/policies/0/kind' }] })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(fleet.ports[0])))
    expect(answers).toEqual(Array(20).fill(200))
    expect(await fleet.serve(contentsOf(oneApi(upstream, { basePath: '/v3' })))).toEqual({ ok: true })
    const moved = await Promise.all(Array.from({ length: 20 }, () => ask(fleet.ports[0], '/v3')))
    expect(moved).toEqual(Array(20).fill(200))
    const gone = await Promise.all(Array.from({ length: 20 }, () => ask(fleet.ports[0])))
    expect(gone).toEqual(Array(20).fill(404))
  })

  it.each([1, 2])('%i of them: a port that somebody else has is refused in words', async (count) => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    end.add(() => other.close())
    const { port } = other.address() as AddressInfo
    const { fleet } = await open(count)
    await fleet.serve(contentsOf(oneApi(upstream)))
    const served = await fleet.serve(contentsOf(oneApi(upstream, { port })))
    const fault = listenFault(
      { address: '127.0.0.1', port },
      Object.assign(new Error(), { code: 'EADDRINUSE' }),
    )
    expect(served).toEqual({ ok: false, reasons: [{ pointer: '/items/listener:http/port', reason: fault }] })
    expect(await ask(fleet.ports[0])).toBe(200)
  })

  it('do not share a port with the workers of another node', async () => {
    const first = await open(2)
    await first.fleet.serve(contentsOf(oneApi(upstream)))
    const port = first.fleet.ports[0] ?? 0
    const second = await open(2)
    const served = await second.fleet.serve(contentsOf(oneApi(upstream, { port })))
    expect(served).toMatchObject({ ok: false, reasons: [{ pointer: '/items/listener:http/port' }] })
  })

  it.each([
    ['rate-limiting', { rateLimits: [{ maximumRequests: 10, timePeriodInMilliseconds: 600_000 }] }],
    [
      'rate-limiting',
      {
        rateLimits: [{ maximumRequests: 10, timePeriodInMilliseconds: 600_000 }],
        algorithm: 'sliding-window',
      },
    ],
    ['spike-control', { maximumRequests: 10, timePeriodInMilliseconds: 600_000, delayAttempts: 0 }],
  ])(
    'count together: of 60 requests %s lets exactly 10 through, also when one worker is new',
    async (kind, config) => {
      const { fleet } = await open(2)
      await fleet.serve(contentsOf(oneApi(upstream, { policies: [policy(kind, config)] })))
      const some = await Promise.all(Array.from({ length: 8 }, () => ask(fleet.ports[0])))
      expect(some).toEqual(Array(8).fill(200))
      process.kill(fleet.pids[0] ?? 0, 'SIGKILL')
      await until('one worker down', () => fleet.problems.length > 0)
      await until('both serve again', () => fleet.problems.length === 0)
      await fleet.serve(contentsOf(oneApi(upstream, { basePath: '/v2', policies: [policy(kind, config)] })))
      const answers = await Promise.all(Array.from({ length: 52 }, () => ask(fleet.ports[0], '/v2')))
      expect(answers.filter((status) => status === 200)).toHaveLength(2)
      expect(answers.filter((status) => status === 429)).toHaveLength(50)
    },
  )

  it('end when the requests that run have been answered', async () => {
    let release = () => {}
    const slow = createHttpServer((_, response) => {
      release = () => response.end('late')
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    end.add(() => slow.close())
    let arrived = false
    slow.on('request', () => {
      arrived = true
    })
    const { fleet } = await open(2)
    await fleet.serve(contentsOf(oneApi(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`)))
    const answer = ask(fleet.ports[0])
    await until('the request at the upstream', () => arrived)
    const drained = fleet.drain(20_000)
    await until('closed ports', async () => (await ask(fleet.ports[0])) === 0)
    release()
    expect(await answer).toBe(200)
    await drained
    expect(fleet.pids).toEqual([])
    expect(fleet.isServing).toBe(false)
  })

  it('end a WebSocket that an operator names, whichever of them holds it', async () => {
    const sockets = createHttpServer()
    new WebSocketServer({ server: sockets })
    await once(sockets.listen(0, '127.0.0.1'), 'listening')
    end.add(() => sockets.close())
    const { fleet } = await open(2)
    await fleet.serve(contentsOf(oneApi(`http://127.0.0.1:${(sockets.address() as AddressInfo).port}`)))
    const clients = Array.from({ length: 6 }, () => new WebSocket(`ws://127.0.0.1:${fleet.ports[0]}/orders`))
    end.add(() => clients.map((client) => client.terminate()))
    const closes = clients.map(
      (client) => new Promise<number>((resolve) => client.once('close', (code) => resolve(code))),
    )
    await Promise.all(clients.map((client) => once(client, 'open')))
    const { sessions } = await fleet.figures()
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(6)
    expect(await fleet.evict('00000000-0000-4000-8000-000000000000')).toBe(false)
    expect(await Promise.all(sessions.map(({ id }) => fleet.evict(id)))).toEqual(Array(6).fill(true))
    expect(await Promise.all(closes)).toEqual(Array(6).fill(4401))
    expect((await fleet.figures()).sessions).toEqual([])
  })

  it('answer on a connection that is open while others of them come and go', async () => {
    const { fleet } = await open(2)
    await fleet.serve(contentsOf(oneApi(upstream)))
    const socket = connect(fleet.ports[0] ?? 0, '127.0.0.1')
    end.add(() => socket.destroy())
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
    socket.write('GET /orders HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the first answer', () => text.includes('200 OK'))
    const [first] = await workersOf(fleet)
    const other = first?.connections === 1 ? 1 : 0
    process.kill(fleet.pids[other] ?? 0, 'SIGKILL')
    await until('the kill was noticed', () => fleet.problems.length > 0)
    text = ''
    socket.write('GET /orders HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the second answer', () => text.includes('200 OK'))
  })
})

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { bounds, defaultLimits, writtenName, type LimitName } from './limits.ts'
import { Overload, shareFor } from './overload.ts'
import {
  codeOf,
  eventually,
  type Gateway,
  head,
  ScriptedUpstream,
  startGateway,
  talk,
} from './wire-fixture.ts'

const limits = { loopDelayMsMax: 100, heapPercentMax: 85 }
const busy = { lateMs: 0, latestMs: 0, requests: 1_000, heapShare: 0 }

describe('the share of requests that is refused', () => {
  it('is none as long as the process is hardly late, and else what does not fit into the delay that is allowed', () => {
    const share = (latestMs: number, lateMs = 101) => shareFor({ ...busy, lateMs, latestMs }, limits).share
    expect(share(5_000, 100)).toBe(0)
    expect(share(200)).toBe(0.5)
    expect(share(1_000)).toBe(0.9)
    // It was late, and is not any more.
    expect(share(90)).toBe(0)
  })

  it('is none where so few came that they cannot be why it is late', () => {
    expect(shareFor({ ...busy, lateMs: 900, latestMs: 900, requests: 31 }, limits).share).toBe(0)
  })

  it('grows with what lives in the heap, and goes by the worse of the two', () => {
    const found = (latestMs: number, heapShare: number) =>
      shareFor({ ...busy, lateMs: latestMs, latestMs, heapShare }, limits)
    expect(found(0, 0.85).share).toBe(0)
    expect(found(0, 0.91)).toMatchObject({ share: expect.closeTo(0.475), shortage: 'memory' })
    expect(found(0, 1).share).toBe(0.95)
    expect(found(190, 0.86)).toMatchObject({ shortage: 'time' })
  })

  it('is none where both limits are off', () => {
    const off = { loopDelayMsMax: 0, heapPercentMax: 100 }
    expect(shareFor({ ...busy, lateMs: 10_000, latestMs: 10_000, heapShare: 1 }, off).share).toBe(0)
  })
})

describe('a process that is late', () => {
  const begun: Overload[] = []
  afterEach(() => {
    for (const overload of begun.splice(0)) overload.stop()
  })

  function watching(): { overload: Overload; changes: boolean[] } {
    const changes: boolean[] = []
    const overload = new Overload(limits, ({ share }) => changes.push(share > 0))
    begun.push(overload)
    overload.start()
    return { overload, changes }
  }

  /** A turn of the event loop in which so many requests come, one after the other; how many are refused. */
  async function turn(overload: Overload, ms: number, requests: number): Promise<number> {
    let refused = 0
    const beganMs = performance.now()
    for (let request = 1; request <= requests; request++) {
      while (performance.now() < beganMs + (ms * request) / requests);
      if (overload.refuses(performance.now())) refused++
    }
    await new Promise((resolve) => setImmediate(resolve))
    return refused
  }

  it('refuses once it was so for a while, and stops when it keeps up again', async () => {
    const { overload, changes } = watching()
    expect(await turn(overload, 250, 500)).toBe(0)
    await eventually(() => overload.lateMs < 20)
    expect(changes).toEqual([])
    let refused = 0
    for (let count = 0; count < 8; count++) refused += await turn(overload, 300, 500)
    expect(refused).toBeGreaterThan(500)
    await eventually(() => changes.length >= 2)
    await eventually(() => overload.share === 0)
    expect(changes.at(-1)).toBe(false)
    expect(await turn(overload, 0, 100)).toBe(0)
  })

  it('refuses within a turn that does not end', async () => {
    const { overload } = watching()
    const refused = await turn(overload, 1_000, 10_000)
    expect(refused).toBeGreaterThan(1_000)
    expect(refused).toBeLessThan(9_000)
  })

  it('for another reason than its requests refuses none', async () => {
    const { overload, changes } = watching()
    for (let count = 0; count < 6; count++) expect(await turn(overload, 300, 10)).toBe(0)
    expect(changes).toEqual([])
  })
})

describe('requests that are refused for an overload', () => {
  const opened: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of opened.splice(0)) await close()
  })

  async function overloaded(): Promise<{ gateway: Gateway; upstream: ScriptedUpstream }> {
    const upstream = await new ScriptedUpstream().start()
    const gateway = await startGateway({ upstreamPort: upstream.port, server: { limits: { lingerMs: 50 } } })
    opened.push(
      () => gateway.stop(),
      () => upstream.stop(),
    )
    gateway.server.overload.share = 1
    return { gateway, upstream }
  }

  it.each(['GET', 'HEAD'])(
    'get 503 and when to come again, with the end of their connection: %s',
    async (method) => {
      const { gateway, upstream } = await overloaded()
      const request = head(`${method} / HTTP/1.1`, 'Host: a')
      const { text, ended } = await talk(gateway.port, [request.repeat(3)])
      expect(text.match(/HTTP\/1\.1 503 /g)).toHaveLength(1)
      expect(text).toMatch(/\r\nretry-after: 1\r\n[^]*\r\nConnection: close\r\n/)
      expect(text.endsWith('\r\n\r\n')).toBe(method === 'HEAD')
      if (method === 'GET') expect(codeOf(text)).toBe('overloaded')
      expect(ended).toBe(true)
      expect(upstream.seen).toBe('')
      expect(gateway.server.figures().codes.get('overloaded')).toBe(1)
      gateway.server.overload.share = 0
      const last = head('GET / HTTP/1.1', 'Host: a', 'Connection: close')
      expect((await talk(gateway.port, [last])).text).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  it('come by no new connections where memory is short', async () => {
    const { gateway } = await overloaded()
    gateway.server.overload.shortage = 'memory'
    const { text, ended } = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a')])
    expect(codeOf(text)).toBe('overloaded')
    expect(text).toMatch(/^Connection: close\r$/m)
    expect(ended).toBe(true)
    expect(gateway.server.figures()).toMatchObject({ connectionsRefused: 1, requests: 0 })
  })
})

it('docs/limits.md has every limit with what it is unless something else is said', async () => {
  const text = await readFile(path.join(import.meta.dirname, '../../docs/limits.md'), 'utf8')
  for (const name of Object.keys(bounds) as LimitName[])
    expect(text).toContain(`| \`${writtenName(name)}\` | ${defaultLimits[name].toLocaleString('en')} |`)
})

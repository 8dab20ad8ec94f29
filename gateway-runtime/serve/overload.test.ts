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

describe('the share of requests that is refused', () => {
  it('is none as long as the process is hardly late, and grows with its delay', () => {
    const share = (lateMs: number) => shareFor({ lateMs, heapShare: 0 }, limits).share
    expect([0, 60, 100].map(share)).toEqual([0, 0, 0])
    expect(share(150)).toBeCloseTo(0.475)
    expect([200, 10_000].map(share)).toEqual([0.95, 0.95])
  })

  it('grows with what lives in the heap, and goes by the worse of the two', () => {
    const found = (lateMs: number, heapShare: number) => shareFor({ lateMs, heapShare }, limits)
    expect(found(0, 0.85).share).toBe(0)
    expect(found(0, 0.91)).toMatchObject({ share: expect.closeTo(0.475), shortage: 'memory' })
    expect(found(190, 0.86)).toMatchObject({ shortage: 'time' })
  })

  it('is none where both limits are off', () => {
    const off = { loopDelayMsMax: 0, heapPercentMax: 100 }
    expect(shareFor({ lateMs: 10_000, heapShare: 1 }, off).share).toBe(0)
  })
})

describe('a process that is late', () => {
  const begun: Overload[] = []
  afterEach(() => {
    for (const overload of begun.splice(0)) overload.stop()
  })

  function watching(): { overload: Overload; changes: boolean[] } {
    const changes: boolean[] = []
    const overload = new Overload({ ...limits, loopDelayMsMax: 20 }, ({ share }) => changes.push(share > 0))
    begun.push(overload)
    overload.start()
    return { overload, changes }
  }

  function busyFor(ms: number): Promise<void> {
    const endMs = performance.now() + ms
    while (performance.now() < endMs);
    return new Promise((resolve) => setImmediate(resolve))
  }

  it('refuses after several long turns in a row, not after one, and stops when it keeps up again', async () => {
    const { overload, changes } = watching()
    await busyFor(400)
    await eventually(() => overload.lateMs === 0)
    expect(changes).toEqual([])
    for (let turn = 0; turn < 8; turn++) await busyFor(150)
    await eventually(() => changes.length === 1)
    expect(changes).toEqual([true])
    await eventually(() => changes.length === 2)
    expect(overload.share).toBe(0)
    expect(overload.refuses()).toBe(false)
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

  const GET = head('GET / HTTP/1.1', 'Host: a')
  const LAST = head('GET / HTTP/1.1', 'Host: a', 'Connection: close')

  it('get 503 and when to come again, on a connection that lives on, and never reach the upstream', async () => {
    const { gateway, upstream } = await overloaded()
    const { text } = await talk(gateway.port, [GET.repeat(3) + head('HEAD / HTTP/1.1', 'Host: a') + LAST])
    expect(text.match(/HTTP\/1\.1 503 /g)).toHaveLength(5)
    expect(text.match(/^retry-after: 1\r$/gm)).toHaveLength(5)
    expect(text.match(/"code":"overloaded"/g)).toHaveLength(4)
    expect(upstream.seen).toBe('')
    expect(gateway.server.figures().codes.get('overloaded')).toBe(5)
    gateway.server.overload.share = 0
    expect((await talk(gateway.port, [LAST])).text).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('come by no new connections where memory is short', async () => {
    const { gateway } = await overloaded()
    gateway.server.overload.shortage = 'memory'
    const { text, ended } = await talk(gateway.port, [GET])
    expect(codeOf(text)).toBe('overloaded')
    expect(text).toMatch(/^Connection: close\r$/m)
    expect(ended).toBe(true)
    expect(gateway.server.figures()).toMatchObject({ connectionsRefused: 1, requests: 0 })
  })

  it('are closed where their bodies were still to come', async () => {
    const { gateway } = await overloaded()
    const post = head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5')
    const { text, ended } = await talk(gateway.port, [`${post}ab`])
    expect(codeOf(text)).toBe('overloaded')
    expect(text).toMatch(/^connection: close\r$/im)
    expect(ended).toBe(true)
  })
})

it('docs/limits.md has every limit with what it is unless something else is said', async () => {
  const text = await readFile(path.join(import.meta.dirname, '../../docs/limits.md'), 'utf8')
  for (const name of Object.keys(bounds) as LimitName[])
    expect(text).toContain(`| \`${writtenName(name)}\` | ${defaultLimits[name].toLocaleString('en')} |`)
})

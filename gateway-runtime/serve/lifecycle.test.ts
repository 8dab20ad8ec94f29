import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { buildPlan } from './plan.ts'
import { eventually, OK, policy, poolTo, route, talk } from './wire-fixture.ts'
import { aroundEach, GET, LAST, answered, upstream, gatewayWith, open } from './lifecycle-fixture.ts'

aroundEach()

describe('plans', () => {
  it('are swapped under running exchanges, which finish on theirs; what nobody holds is disposed of', async () => {
    let disposed = 0
    const old = policy({
      onResponse: (exchange) => exchange.setResponseHeader('x-plan', 'old'),
      dispose: () => void disposed++,
    })
    const gateway = await gatewayWith({ routes: (pool) => [route(pool, { policies: [old] })] })
    const sockets: Socket[] = []
    upstream.script = (_request, socket) => void sockets.push(socket)
    const running = talk(gateway.port, [LAST])
    await eventually(() => sockets.length === 1)
    const replaced = gateway.server.swap(buildPlan([route(gateway.pool)]))
    expect(replaced).toBe(gateway.plan)
    expect(disposed).toBe(0)
    sockets[0]?.write(OK)
    expect((await running).text).toContain('x-plan: old')
    expect(disposed).toBe(1)
    expect(gateway.pool.figures().idle).toBe(1)
  })

  it('keep pools that the next plan takes over, and end the connections of those it does not', async () => {
    const gateway = await gatewayWith()
    await talk(gateway.port, [GET], { until: answered })
    gateway.server.swap(buildPlan([route(gateway.pool)]))
    expect(gateway.pool.figures().idle).toBe(1)
    const next = poolTo(`http://127.0.0.1:${upstream.port}`)
    gateway.server.swap(buildPlan([route(next)]))
    expect(gateway.pool.figures().connections).toBe(0)
  })

  it('change under a connection that stays open, without a failed request', async () => {
    const gateway = await gatewayWith()
    const { socket, text } = await open(gateway.port)
    for (let i = 1; i <= 50; i++) {
      gateway.server.swap(buildPlan([route(gateway.pool, { id: `r${i}` })]))
      socket.write(GET)
      await eventually(() => text().split('HTTP/1.1 200').length === i + 1)
    }
    socket.destroy()
  })

  it('refuse two APIs at one address and a base path that is not normal', () => {
    const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
    expect(() =>
      buildPlan([route(pool, { basePath: '/a' }), route(pool, { id: 's', basePath: '/a' })]),
    ).toThrow(/api \(s\) and api \(r\) both answer at \/a/)
    expect(() => buildPlan([route(pool, { basePath: '/a/../b' })])).toThrow(/not a normal base path/)
    expect(() => buildPlan([route(pool, { basePath: '/a/' })])).toThrow(/not a normal base path/)
  })
})

describe('drain', () => {
  it('closes the port and idle connections, lets running exchanges finish, then resolves', async () => {
    const gateway = await gatewayWith()
    const idle = await open(gateway.port)
    idle.socket.write(GET)
    await eventually(() => answered(idle.text()))
    const sockets: Socket[] = []
    upstream.script = (_request, socket) => void sockets.push(socket)
    const running = talk(gateway.port, [GET])
    await eventually(() => sockets.length === 1)
    const drained = gateway.server.drain(5_000)
    await once(idle.socket, 'end')
    idle.socket.end()
    expect(
      (await talk(gateway.port, [GET]).catch((error: NodeJS.ErrnoException) => error.code)) ===
        'ECONNREFUSED',
    ).toBe(true)
    sockets[0]?.write(OK)
    const { text, ended } = await running
    expect(text).toMatch(/Connection: close\r\n\r\nok$/)
    expect(ended).toBe(true)
    await drained
    expect(gateway.server.figures().connections).toBe(0)
  })

  it('serves on while there is grace, on connections that are kept and new, and ends each with its answer', async () => {
    const gateway = await gatewayWith()
    const [kept, resting] = [await open(gateway.port), await open(gateway.port)]
    for (const { socket, text } of [kept, resting]) {
      socket.write(GET)
      await eventually(() => answered(text()))
    }
    const drained = gateway.server.drain(5_000, 300)
    const ended = once(kept.socket, 'end')
    kept.socket.write(GET)
    await ended
    kept.socket.end()
    expect(kept.text()).toMatch(/ok[^]*Connection: close\r\n\r\nok$/)
    expect((await talk(gateway.port, [GET])).text).toMatch(/Connection: close\r\n\r\nok$/)
    expect(resting.socket.readableEnded).toBe(false)
    await once(resting.socket, 'end')
    resting.socket.end()
    await drained
    await expect(talk(gateway.port, [GET])).rejects.toThrow('ECONNREFUSED')
  })

  it('takes no grace where nobody has come', async () => {
    const gateway = await gatewayWith()
    const beganMs = performance.now()
    await gateway.server.drain(20_000, 10_000)
    expect(performance.now() - beganMs).toBeLessThan(5_000)
  })

  it('cuts what is left at the deadline', async () => {
    const gateway = await gatewayWith()
    upstream.script = () => undefined
    const running = talk(gateway.port, [GET])
    await eventually(() => gateway.pool.figures().connections === 1)
    await gateway.server.drain(100)
    expect((await running).text).toBe('')
  })
})

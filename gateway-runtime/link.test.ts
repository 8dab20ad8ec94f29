import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Report } from '#contract/events.ts'
import { Secret } from '#domain/secret.ts'
import { type RunningNode, startNode } from './node.ts'
import { readOptions } from './options.ts'
import { TestPortal } from './testing/portal.ts'
import { oneApi, Publisher, policy } from './testing/publisher.ts'
import { closing, memoryLog, startUpstream, temporaryFolder, until } from './testing/world.ts'

const end = closing()
const timing = { backoffBaseMs: 20, backoffMaxMs: 200, refusedMs: 300, reportMs: 50, answerMs: 2_000 }
let portal: TestPortal
let upstream: string
let data: string

async function start(key = 'hgk_test') {
  const { log, lines } = memoryLog()
  const args = ['--portal', portal.url, '--key', key, '--data', data, '--admin-port', '0']
  const options = readOptions(
    [...args, '--allow-loopback-upstreams', '--no-access-log', '--drain-ms', '100'],
    {},
  )
  if (options === undefined) throw new Error('no options')
  const node = await startNode(options, log, timing)
  end.add(() => node.stop())
  return { node, lines }
}

function get(node: RunningNode, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${node.ports()[0]}${path}`)
}

async function applied(revision: number): Promise<void> {
  await until(`revision ${revision} applied`, () =>
    portal.acknowledgements.some((one) => one.status === 'applied' && one.revision === revision),
  )
}

function lastReport(): Report | undefined {
  return portal.reports.at(-1)
}

beforeEach(async () => {
  portal = new TestPortal(new Publisher())
  await portal.start()
  end.add(() => portal.stop())
  upstream = await startUpstream('orders', end)
  data = await temporaryFolder(end)
})
afterEach(() => end.closeAll())

describe('Link', () => {
  it('registers, says hello, serves what is pushed and acknowledges it', async () => {
    portal.publish(1, oneApi(upstream))
    const { node } = await start()
    await applied(1)
    expect(portal.registrations[0]?.capabilities).toContain('policy/rate-limiting@1.0.0')
    expect(portal.hellos[0]).toMatchObject({ appliedRevision: null, appliedHash: null })
    expect((await get(node, '/orders/1')).status).toBe(200)
    portal.publish(2, oneApi(upstream, { basePath: '/v2' }))
    await applied(2)
    expect((await get(node, '/v2')).status).toBe(200)
  })

  it('asks for the items that a push leaves out, and only for those that it lacks', async () => {
    portal.sendsItems = false
    portal.publish(1, oneApi(upstream))
    await start()
    await applied(1)
    expect(portal.asked[0]).toHaveLength(3)
    portal.publish(2, oneApi(upstream, { basePath: '/v2' }))
    await applied(2)
    expect(portal.asked[1]).toHaveLength(1)
  })

  it('takes what differs from what it serves, and asks for the items of it', async () => {
    portal.sendsDeltas = true
    portal.publish(1, oneApi(upstream))
    const { node } = await start()
    await applied(1)
    expect(portal.hellos[0]?.capabilities).toContain('config/delta')
    const { manifest } = portal.publish(2, oneApi(upstream, { basePath: '/v2' }))
    await until('an answer', () => portal.deltaAnswers.length === 1)
    expect(portal.deltaAnswers[0]).toMatchObject({ status: 'applied', revision: 2, hash: manifest.hash })
    expect(portal.asked).toEqual([[manifest.items['api:orders']]])
    expect((await get(node, '/v2')).status).toBe(200)
    expect((await get(node, '/orders')).status).toBe(404)
  })

  it('acknowledges what it refuses with pointers, reports why it is degraded, and is well again afterwards', async () => {
    portal.publish(1, oneApi(upstream))
    const { node } = await start()
    await applied(1)
    portal.publish(2, oneApi(upstream, { policies: [policy('from-the-future')] }))
    await until('a refusal', () => portal.acknowledgements.some((one) => one.status === 'refused'))
    expect(portal.acknowledgements.at(-1)).toMatchObject({
      revision: 2,
      servingRevision: 1,
      reasons: [{ pointer: '/items/api:orders/policies/0/kind' }],
    })
    await until('a report that says so', () => lastReport()?.problems[0]?.includes('revision 2 was refused'))
    expect(lastReport()?.status).toBe('degraded')
    expect((await get(node, '/orders')).status).toBe(200)
    portal.publish(3, oneApi(upstream))
    await applied(3)
    await until('a healthy report', () => lastReport()?.status === 'healthy')
  })

  it('reports what happened since the last report, by API', async () => {
    const limited = policy('rate-limiting', {
      rateLimits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }],
    })
    portal.publish(1, oneApi(upstream, { policies: [limited] }))
    const { node } = await start()
    await applied(1)
    for (let i = 0; i < 3; i++) await (await get(node, '/orders')).text()
    const sum = (pick: (report: Report) => number) =>
      portal.reports.reduce((total, one) => total + pick(one), 0)
    await until('three requests reported', () => sum((one) => one.requests) === 3)
    expect(sum((one) => one.refused)).toBe(1)
    expect(sum((one) => one.apis['orders']?.requests ?? 0)).toBe(3)
    expect(portal.reports.find((one) => one.requests > 0)?.latencyMs?.p99).toBeGreaterThan(0)
    expect(lastReport()).toMatchObject({ appliedRevision: 1, status: 'healthy' })
  })

  it('ends a WebSocket when the portal says so, and knows no other command', async () => {
    const sockets = createServer()
    new WebSocketServer({ server: sockets })
    await once(sockets.listen(0, '127.0.0.1'), 'listening')
    end.add(() => sockets.close())
    const { port } = sockets.address() as AddressInfo
    portal.publish(1, oneApi(`http://127.0.0.1:${port}`))
    const { node } = await start()
    await applied(1)
    expect(portal.registrations[0]?.capabilities).toContain('command/evict')
    const client = new WebSocket(`ws://127.0.0.1:${node.ports()[0]}/orders`)
    end.add(() => client.terminate())
    const closed = new Promise((resolve) => client.once('close', resolve))
    await once(client, 'open')
    await until('a report with the session', () => lastReport()?.sessions?.length === 1)
    const command = { kind: 'evict', sessionId: lastReport()?.sessions?.[0]?.id }
    expect(await portal.command(command)).toEqual([{ status: 'done' }])
    expect(await closed).toBe(4401)
    expect(await portal.command(command)).toEqual([{ status: 'not-found' }])
    expect(await portal.command({ kind: 'self-destruct' })).toEqual([{ status: 'unknown' }])
    await until('a report without it', () => lastReport()?.sessions?.length === 0)
  })

  it('connects to its upstream and to its own port when it is told to, and says what it finds', async () => {
    portal.publish(1, oneApi(upstream))
    await start()
    await applied(1)
    expect(portal.registrations[0]?.capabilities).toContain('command/probe')
    const asked = (target: object) => portal.command({ kind: 'probe', target })
    const found = { status: 'probed', report: { outcome: 'ok', url: upstream } }
    expect(await asked({ kind: 'upstream', instanceId: 'orders', upstream: 'main' })).toMatchObject([found])
    expect(await asked({ kind: 'listener', listenerId: 'http' })).toMatchObject([
      { status: 'probed', report: { outcome: 'ok', tls: null } },
    ])
    for (const target of [
      { kind: 'upstream', instanceId: 'nobody', upstream: 'main' },
      { kind: 'upstream', instanceId: 'orders', upstream: 'main', url: 'http://169.254.169.254' },
      { kind: 'listener', listenerId: 'none' },
    ])
      expect(await asked(target)).toEqual([{ status: 'not-found' }])
  })

  it('serves on without the portal and takes what was published meanwhile within seconds of its return', async () => {
    portal.publish(1, oneApi(upstream))
    const { node } = await start()
    await applied(1)
    await portal.stop()
    for (let i = 0; i < 20; i++) expect((await get(node, '/orders')).status).toBe(200)
    portal.publish(2, oneApi(upstream, { basePath: '/v2' }))
    await portal.start()
    await applied(2)
    expect(portal.hellos.at(-1)).toMatchObject({ appliedRevision: 1 })
    expect((await get(node, '/v2')).status).toBe(200)
  })

  it('comes again when the portal cuts the connection while it checks the node', async () => {
    portal.cuts = 2
    portal.publish(1, oneApi(upstream))
    await start()
    await applied(1)
    expect(portal.attempts).toBe(3)
    expect(portal.registrations).toHaveLength(1)
  })

  it('says in words why it cannot reach the portal', async () => {
    await portal.stop()
    const { lines } = await start()
    const said = () => lines.find((line) => line['code'] === 'link.not-connected')
    await until('the reason in the log', said)
    expect(said()?.['msg']).toContain('ECONNREFUSED')
  })

  it('gets no configuration when it serves the desired one already', async () => {
    portal.publish(1, oneApi(upstream))
    await start()
    await applied(1)
    await portal.stop()
    await portal.start()
    await until('a second hello', () => portal.hellos.length === 2)
    const reports = portal.reports.length
    await until('a report after it', () => portal.reports.length > reports)
    expect(portal.acknowledgements).toHaveLength(1)
  })

  it('serves on with a refused key, says so once an attempt, and tries seldom', async () => {
    portal.publish(1, oneApi(upstream))
    const { node, lines } = await start()
    await applied(1)
    portal.acceptedKey = 'hgk_other'
    await portal.stop()
    await portal.start()
    await until('a refused key in the log', () => lines.some((line) => line['code'] === 'link.key-refused'))
    const before = portal.registrations.length
    expect((await get(node, '/orders')).status).toBe(200)
    portal.acceptedKey = 'hgk_test'
    await until('a connection again', () => portal.hellos.length === 2)
    expect(portal.registrations.length - before).toBeLessThanOrEqual(2)
  })

  it('never writes the key to its log', async () => {
    const { lines } = await start('hgk_planted_canary')
    await until('a refused key in the log', () => lines.some((line) => line['code'] === 'link.key-refused'))
    expect(JSON.stringify(lines)).not.toContain('planted_canary')
    expect(JSON.stringify({ key: new Secret('hgk_planted_canary') })).not.toContain('planted_canary')
  })

  it('pins the first signing keys: a portal with other keys cannot take a node over', async () => {
    portal.publish(1, oneApi(upstream))
    const { node, lines } = await start()
    await applied(1)
    const { url } = portal
    await portal.stop()
    const usurper = new TestPortal(new Publisher())
    await usurper.start(Number(new URL(url).port))
    end.add(() => usurper.stop())
    usurper.publish(2, oneApi(upstream, { basePath: '/taken-over' }))
    await until('a refusal', () => usurper.acknowledgements.length > 0)
    expect(usurper.acknowledgements[0]).toMatchObject({ status: 'refused', servingRevision: 1 })
    expect((await get(node, '/orders')).status).toBe(200)
    expect((await get(node, '/taken-over')).status).toBe(404)
    expect(lines.some((line) => line['code'] === 'revision.refused')).toBe(true)
  })

  it('serves from its store after a restart with the portal away, and heals when it returns', async () => {
    portal.publish(1, oneApi(upstream))
    const first = await start()
    await applied(1)
    await portal.stop()
    await first.node.stop()
    const { node } = await start()
    expect((await get(node, '/orders')).status).toBe(200)
    await portal.start()
    await until('a hello', () => portal.hellos.length === 2)
    expect(portal.hellos[1]).toMatchObject({ appliedRevision: 1 })
  })

  it('opens no port and is not ready until its first configuration', async () => {
    const { node } = await start()
    await until('a hello', () => portal.hellos.length === 1)
    expect(node.ports()).toEqual([])
    const ready = () => fetch(`http://127.0.0.1:${node.adminPort}/ready`)
    expect((await ready()).status).toBe(503)
    const { hash } = portal.publish(1, oneApi(upstream)).manifest
    await applied(1)
    expect((await ready()).status).toBe(200)
    const config = await (await fetch(`http://127.0.0.1:${node.adminPort}/config`)).json()
    expect(config).toMatchObject({ revision: 1, hash, node: 'node-1', gateway: 'Test', refused: null })
    const metrics = await (await fetch(`http://127.0.0.1:${node.adminPort}/metrics`)).text()
    for (const line of [
      'hexgate_config_revision 1',
      'hexgate_config_persisted 1',
      'hexgate_portal_connected 1',
    ])
      expect(metrics.split('\n')).toContain(line)
  })
})

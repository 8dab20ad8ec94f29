import { connect } from 'node:net'
import type { Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deltaCapability, liveSocketPath } from '#contract/events.ts'
import { changed as changedBy } from '#contract/manifest-delta.ts'
import type { Actor } from '../actor.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { revokeKey } from '../gateways/keys.ts'
import { readHealth } from '../health.ts'
import { hashOf } from '../publish/compile.ts'
import { manifestIn } from '../publish/manifests.ts'
import { readRevision } from '../publish/read.ts'
import { draftApi, draftLimit } from '../publish/testing/draft.ts'
import { publish, rollBack } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport } from '../testing/reporting-node.ts'
import {
  applied,
  closed,
  connected,
  liveSocket,
  signedIn,
  type TestHub,
  testBrowser,
  testHub,
  testNode,
  until,
} from './testing.ts'

let database: TestDatabase
let hub: TestHub
let org: TestOrganisation
let actor: Actor
const sockets: { disconnect(): unknown }[] = []

beforeAll(async () => {
  database = await testDatabase()
  hub = await testHub()
  await until(() => hub.hub.listening)
})
afterAll(async () => {
  await hub.close()
  await database.close()
})
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('admin')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect()
})

const gatewayId = () => org.gateway.id
const expose = (name: string) => draftApi(org.organisation.id, gatewayId(), name)
const limit = (instanceId: string, requests: number) => draftLimit(org.organisation.id, instanceId, requests)
const deploy = (expectedHeadRevision: number) =>
  publish(actor, gatewayId(), { expectedHeadRevision, note: '' })

async function node(answer?: Parameters<typeof testNode>[3], answerDelta?: Parameters<typeof testNode>[5]) {
  const made = await testNode(hub.origin, gatewayId(), actor, answer, undefined, answerDelta)
  sockets.push(made.socket)
  return made
}
async function browser(as = actor) {
  const made = await testBrowser(hub.origin, as)
  sockets.push(made.socket)
  return made
}
async function manifestOf(number: number) {
  const { id } = await db().revision.findFirstOrThrow({ where: { gatewayId: gatewayId(), number } })
  return manifestIn(db(), id)
}
// As somebody would who does not care which events there are.
const say = (socket: object, event: string, what: unknown) => (socket as Socket).emit(event, what)
const rowOf = (id: string) => db().node.findUniqueOrThrow({ where: { id } })
const servedBy = (id: string, revision: number) =>
  until(async () => (await rowOf(id)).appliedRevision === revision)

describe('a node', () => {
  it('gets the whole configuration first and then only the items that it lacks', async () => {
    const orders = await expose('orders')
    await expose('rates')
    await deploy(0)
    const { nodeId, received, hello } = await node()
    expect(await hello()).toEqual({ ok: true })
    await servedBy(nodeId, 1)
    expect(Object.keys(received[0]?.items ?? {})).toHaveLength(7)

    await limit(orders, 5)
    await deploy(1)
    await servedBy(nodeId, 2)
    expect(received).toHaveLength(2)
    const [[hash, item] = ['', undefined], ...others] = Object.entries(received[1]?.items ?? {})
    expect(others).toEqual([])
    expect(item).toMatchObject({ kind: 'api', id: `api:${orders}` })
    expect(hashOf(item ?? {})).toBe(hash)
    expect(received[1]?.signed.manifest.items[`api:${orders}`]).toBe(hash)
  })

  it('that takes differences gets what differs from what it serves, signed as a whole', async () => {
    const orders = await expose('orders')
    const rates = await expose('rates')
    await deploy(0)
    const { nodeId, received, deltas, hello } = await node()
    await hello(undefined, [deltaCapability])
    await servedBy(nodeId, 1)
    expect(received).toHaveLength(1)
    await limit(orders, 5)
    await db().apiInstance.delete({ where: { id: rates } })
    await deploy(1)
    await servedBy(nodeId, 2)
    expect(received).toHaveLength(1)
    const [delta] = deltas
    const whole = await manifestOf(2)
    const first = received[0]?.signed.manifest
    expect(delta?.signed.from).toBe(first?.hash)
    expect(delta?.signed.change.removed.toSorted()).toEqual(
      [`api:${rates}`, `contracts:${rates}`, `upstream:${rates}`].toSorted(),
    )
    expect(Object.keys(delta?.signed.change.set ?? {})).toEqual([`api:${orders}`])
    expect(Object.keys(delta?.items ?? {})).toEqual(Object.values(delta?.signed.change.set ?? {}))
    const { change, manifest } = delta?.signed ?? {}
    const items = changedBy(first?.items ?? {}, change ?? { set: {}, removed: [] })
    expect({ ...manifest, items }).toEqual(whole)
  })

  it('that serves something else than was thought gets the whole', async () => {
    const orders = await expose('orders')
    await deploy(0)
    const { nodeId, received, deltas, hello } = await node(undefined, () => ({ status: 'other-base' }))
    await hello(undefined, [deltaCapability])
    await servedBy(nodeId, 1)
    await limit(orders, 5)
    await deploy(1)
    await servedBy(nodeId, 2)
    expect(deltas).toHaveLength(1)
    expect(received.map(({ signed }) => signed.manifest.revision)).toEqual([1, 2])
    expect(received[1]?.signed.manifest).toEqual(await manifestOf(2))
    expect(Object.keys(received[1]?.items ?? {})).toHaveLength(4)
  })

  it('gets no byte of configuration when its hash is the right one', async () => {
    await expose('orders')
    await deploy(0)
    const { hash } = await db().revision.findFirstOrThrow({ where: { gatewayId: gatewayId() } })
    const { nodeId, received, hello } = await node()
    await hello({ revision: 1, hash })
    const seen = await browser()
    await expose('rates')
    await deploy(1)
    await servedBy(nodeId, 2)
    // The push of revision 2 came after the greeting: had anything been sent for 1, it would stand before it.
    expect(received.map(({ signed }) => signed.manifest.revision)).toEqual([2])
    expect(Object.keys(received[0]?.items ?? {})).toHaveLength(3)
    expect(seen.heard.length).toBeGreaterThan(0)
  })

  it('that was away gets what is meant now, not the history', async () => {
    const orders = await expose('orders')
    for (const head of [0, 1, 2]) {
      await deploy(head)
      await db().apiInstance.update({ where: { id: orders }, data: { host: `h${head}.example` } })
    }
    const { nodeId, received, hello } = await node()
    await hello()
    await servedBy(nodeId, 3)
    expect(received).toHaveLength(1)
  })

  it('that refuses is written down with pointers and what it still serves, and is not asked again', async () => {
    const orders = await expose('orders')
    await deploy(0)
    const reasons = [{ pointer: '/items/api:x/policies/0', reason: 'unknown to this version' }]
    const { nodeId, received, hello } = await node((config) =>
      config.signed.manifest.revision === 2
        ? { status: 'refused', revision: 2, reasons, servingRevision: 1 }
        : applied(config),
    )
    await hello()
    await servedBy(nodeId, 1)
    await limit(orders, 5)
    await deploy(1)
    const revision = await until(async () => {
      const detail = await readRevision(actor, gatewayId(), 2)
      return detail.refusedBy === 1 && detail
    })
    expect(revision.nodes).toMatchObject([{ state: 'refused', servesRevision: 1, reasons }])
    await rollBack(actor, gatewayId(), 1, { expectedHeadRevision: 2, note: '' })
    // It serves these items already: nothing travels, and it counts as applied.
    await until(async () => (await readRevision(actor, gatewayId(), 3)).state === 'applied')
    expect(received.map(({ signed }) => signed.manifest.revision)).toEqual([1, 2])
  })

  it('that does not answer is asked again', async () => {
    await expose('orders')
    await deploy(0)
    let asked = 0
    const { nodeId, hello, received } = await node((config) => {
      asked += 1
      // Not an acknowledgement: as good as none, without the ten seconds.
      return asked === 1 ? ({} as never) : applied(config)
    })
    await hello()
    await servedBy(nodeId, 1)
    expect(received).toHaveLength(2)
  })

  it('may ask for items that were offered to it, and for no others', async () => {
    const orders = await expose('orders')
    await deploy(0)
    const { socket, nodeId, received, hello } = await node()
    await hello()
    await servedBy(nodeId, 1)
    const offered = received[0]?.signed.manifest.items[`api:${orders}`] ?? ''
    const stranger = await testOrganisation()
    const theirs = await draftApi(stranger.organisation.id, stranger.gateway.id, 'secret')
    await publish(await stranger.actor('admin'), stranger.gateway.id, { expectedHeadRevision: 0, note: '' })
    const foreign = await db().item.findMany({ where: { organisationId: stranger.organisation.id } })
    const hashes = [offered, ...foreign.map(({ hash }) => hash).filter((hash) => hash !== offered)]
    const { items } = await socket.timeout(5_000).emitWithAck('items', { gatewayId: gatewayId(), hashes })
    expect(JSON.stringify(items)).not.toContain(theirs)
    const mine = Object.values(received[0]?.signed.manifest.items ?? {})
    expect(Object.keys(items).every((hash) => mine.includes(hash))).toBe(true)
    expect(items[offered]).toMatchObject({ id: `api:${orders}` })
  })

  it('is disconnected within a second when its key is revoked, and not let in again', async () => {
    const { socket, keyId, hello } = await node()
    await hello()
    const gone = closed(socket)
    const began = Date.now()
    await revokeKey(gatewayId(), keyId, actor)
    expect(await gone).toBe('io server disconnect')
    expect(Date.now() - began).toBeLessThan(1_000)
    socket.connect()
    await expect(connected(socket)).rejects.toThrow('gateway.key-invalid')
  })

  it('is marked as gone when it leaves, and as back when it returns', async () => {
    const { socket, nodeId, hello } = await node()
    await hello()
    expect(await rowOf(nodeId)).toMatchObject({
      disconnectedAt: null,
      capabilities: ['http/1.1', 'command/evict'],
    })
    socket.disconnect()
    await until(async () => (await rowOf(nodeId)).disconnectedAt)
    socket.connect()
    await connected(socket)
    await hello()
    expect((await rowOf(nodeId)).disconnectedAt).toBeNull()
  })

  it('has its report kept, and a flood of them written once', async () => {
    const { socket, nodeId, hello } = await node()
    await hello()
    for (let requests = 7; requests < 50; requests++) socket.emit('report', { ...quietReport, requests })
    const kept = () => db().nodeReport.findUnique({ where: { nodeId } })
    await until(kept)
    await hello()
    expect((await kept())?.pulse).toMatchObject({ requests: 7 })
  })
})

describe('a browser', () => {
  it('is told that something of its organisation changed, and never of another', async () => {
    const mine = await browser()
    const stranger = await testOrganisation()
    const theirs = await browser(await stranger.actor('viewer'))
    await expose('orders')
    await deploy(0)
    await until(() => mine.heard.find(({ topic }) => topic === 'revisions'))
    const other = stranger.organisation.id
    await transaction((tx) => announceChange(tx, other, { topic: 'apis', id: 'theirs' }))
    await until(() => theirs.heard.length > 0)
    expect(theirs.heard).toEqual([{ topic: 'apis', id: 'theirs' }])
    expect(mine.heard).not.toContainEqual({ topic: 'apis', id: 'theirs' })
  })

  it('is not let in without a session, nor from a page of another site', async () => {
    const { cookie } = await signedIn(actor)
    const anonymous = liveSocket(hub.origin, { origin: hub.origin })
    const foreign = liveSocket(hub.origin, { cookie, origin: 'https://evil.example' })
    const silent = liveSocket(hub.origin, { cookie })
    sockets.push(anonymous, foreign, silent)
    await expect(connected(anonymous)).rejects.toThrow('session.required')
    await expect(connected(foreign)).rejects.toThrow()
    await expect(connected(silent)).rejects.toThrow()
  })

  it('is disconnected within a second when its session is revoked', async () => {
    const { socket, sessionId } = await browser()
    const gone = closed(socket)
    const began = Date.now()
    await db().session.update({ where: { id: sessionId }, data: { revokedAt: new Date() } })
    expect(await gone).toBe('io server disconnect')
    expect(Date.now() - began).toBeLessThan(1_000)
  })

  it('is disconnected within a second when its membership ends', async () => {
    const { socket } = await browser()
    const gone = closed(socket)
    await db().membership.updateMany({ where: { userId: actor.id }, data: { revokedAt: new Date() } })
    expect(await gone).toBe('io server disconnect')
  })

  it('is cut off when it says anything, however large or odd', async () => {
    const events = ['join', '__proto__', 'hello'] as const
    for (const event of events) {
      const { socket } = await browser()
      const gone = closed(socket)
      say(socket, event, { room: 'organisation:other' })
      await gone
      socket.disconnect()
    }
    const { socket } = await browser()
    const gone = closed(socket)
    say(socket, 'x', 'x'.repeat(100_000))
    expect(await gone).toBe('transport close')
    socket.disconnect()
    expect((await readHealth()).status).toBe('ok')
  })
})

describe('the port', () => {
  const upgrade = (target: string) =>
    new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(hub.origin)
      const socket = connect(Number(port), hostname, () =>
        socket.write(
          `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
            'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        ),
      )
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:1/socket.io/live/',
    '/',
    '/_next/hmr',
    `${liveSocketPath}x/`,
    '//127.0.0.1:1/socket.io/live/',
  ])('upgrades nothing at %s', async (target) => {
    expect(await upgrade(target)).toMatch(/^HTTP\/1\.1 404 /)
  })
})

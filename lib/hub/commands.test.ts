import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { order, outcomeOf } from '../gateways/commands.ts'
import { readReports } from '../gateways/reports.ts'
import { endWebSocket } from '../gateways/websockets.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport } from '../testing/reporting-node.ts'
import { connected, type TestHub, testHub, testNode, until } from './testing.ts'

let database: TestDatabase
/** Two of the portal's replicas; nodes are connected to the first. */
let replicas: [TestHub, TestHub]
let org: TestOrganisation
let actor: Actor
const sockets: { disconnect(): unknown }[] = []

beforeAll(async () => {
  database = await testDatabase()
  replicas = [await testHub(), await testHub()]
  await until(() => replicas.every(({ hub }) => hub.listening))
})
afterAll(async () => {
  for (const replica of replicas) await replica.close()
  await database.close()
})
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('operator')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect()
})
const gatewayId = () => org.gateway.id

describe('a WebSocket that is open at a node', () => {
  const websocketId = randomUUID()
  const openedAt = '2026-11-20T12:00:00.000Z'
  const session = {
    id: websocketId,
    apiId: 'orders',
    client: null,
    subject: 'jane',
    openedAt,
    expiresAt: null,
  }

  /** A node that has said that it holds it. */
  async function holding(obey?: Parameters<typeof testNode>[4]) {
    const made = await testNode(replicas[0].origin, gatewayId(), actor, undefined, obey)
    sockets.push(made.socket)
    await made.hello()
    made.socket.emit('report', { ...quietReport, sessions: [{ ...session, agency: 'fire', renewals: 1 }] })
    await until(() => db().nodeReport.findUnique({ where: { nodeId: made.nodeId } }))
    return made
  }
  const end = (nodeId: string, id = websocketId, as = actor) =>
    endWebSocket({ gatewayId: gatewayId(), nodeId, websocketId: id }, as)
  const codeOf = (ended: Promise<void>) =>
    ended.then(
      () => 'ended',
      (error: unknown) => (error instanceof Problem ? error.code : String(error)),
    )
  const trail = () =>
    db().auditEntry.findMany({ where: { subjectId: websocketId, organisationId: org.organisation.id } })

  it('is ended once, through the replica that holds the node, and stands in the trail', async () => {
    const { nodeId, commands } = await holding()
    await end(nodeId)
    expect(commands).toEqual([{ kind: 'evict', sessionId: websocketId }])
    expect(await trail()).toMatchObject([
      {
        action: 'websocket.end',
        actorName: actor.name,
        before: { node: 'node-1', subject: 'jane', agency: 'fire', instanceId: 'orders', openedAt },
      },
    ])
  })

  it('is gone from what is shown as soon as the node says so, without waiting for the next interval', async () => {
    const { nodeId, socket } = await holding()
    await end(nodeId)
    socket.emit('report', { ...quietReport, sessions: [] })
    await until(async () => {
      const { nodes } = await readReports(gatewayId(), actor)
      return nodes[0]?.details?.sessions?.length === 0
    })
  })

  it.each([
    ['has ended already', { status: 'not-found' as const }, 'not-found'],
    ['is of a node that does not understand', { status: 'unknown' as const }, 'node.too-old'],
    ['is of a node that answers something else', {} as never, 'node.no-answer'],
  ])('that %s is not called ended', async (_, answer, code) => {
    const { nodeId } = await holding(() => answer)
    expect(await codeOf(end(nodeId))).toBe(code)
  })

  it('of a node that is away, of an earlier version or of another organisation is left alone', async () => {
    const { nodeId, socket, commands } = await holding()
    expect(await codeOf(end(nodeId, randomUUID()))).toBe('not-found')
    expect(await codeOf(end(nodeId, websocketId, await (await testOrganisation()).actor('admin')))).toBe(
      'not-found',
    )
    await db().node.update({ where: { id: nodeId }, data: { capabilities: ['http/1.1'] } })
    expect(await codeOf(end(nodeId))).toBe('node.too-old')
    socket.disconnect()
    await until(async () => (await db().node.findUniqueOrThrow({ where: { id: nodeId } })).disconnectedAt)
    expect(await codeOf(end(nodeId))).toBe('node.no-answer')
    expect(commands).toEqual([])
    expect(await trail()).toEqual([])
  })

  it('is not ended by an order that nobody took in time, and is by one that came while nobody listened', async () => {
    const { nodeId, socket, commands, hello } = await holding()
    socket.disconnect()
    await until(async () => (await db().node.findUniqueOrThrow({ where: { id: nodeId } })).disconnectedAt)
    const command = { kind: 'evict' as const, sessionId: websocketId }
    const { id: organisationId } = org.organisation
    const late = await transaction((tx) => order(tx, { organisationId, nodeId, command }))
    await db().nodeCommand.update({ where: { id: late }, data: { expiresAt: new Date() } })
    expect(await outcomeOf(late)).toBe('no-answer')
    const waiting = await transaction((tx) => order(tx, { organisationId, nodeId, command }))
    socket.connect()
    await connected(socket)
    await hello()
    expect(await outcomeOf(waiting)).toBe('done')
    expect(commands).toHaveLength(1)
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { capabilityOf, type CommandAnswer } from '#contract/events.ts'
import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { listProbes, runProbe } from '../proof/probe.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { type TestHub, testHub, testNode, until } from './testing.ts'

let database: TestDatabase
let replica: TestHub
let org: TestOrganisation
let actor: Actor
const sockets: { disconnect(): unknown }[] = []

beforeAll(async () => {
  database = await testDatabase()
  replica = await testHub()
  await until(() => replica.hub.listening)
})
afterAll(async () => {
  await replica.close()
  await database.close()
})
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('operator')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect()
})

const report: ProbeReport = {
  url: 'https://orders.internal',
  address: '192.0.2.7',
  outcome: 'failed',
  failedAt: 'tls',
  code: 'upstream_tls_untrusted',
  detail: 'The certificate of the provider is not trusted: unable to get local issuer certificate.',
  resolveMs: 1.2,
  connectMs: 0.4,
  tlsMs: 3,
  tls: {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    alpn: 'http/1.1',
    serverName: 'orders.internal',
    verified: false,
    ownSubject: null,
  },
  chain: [],
}

const listener: ProbeTarget = { kind: 'listener', listenerId: 'http' }

async function node(answer: CommandAnswer = { status: 'probed', report }) {
  const made = await testNode(replica.origin, org.gateway.id, actor, undefined, () => answer)
  sockets.push(made.socket)
  await made.hello()
  const capabilities = [capabilityOf('probe')]
  await db().node.update({ where: { id: made.nodeId }, data: { capabilities } })
  return made
}

const run = (nodeId: string, target: ProbeTarget = listener, as = actor) =>
  runProbe({ gatewayId: org.gateway.id, nodeId }, target, as)
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )

describe('a probe by a node', () => {
  it('answers with what the node found, keeps it, and stands in the trail', async () => {
    const { nodeId, commands } = await node()
    const instanceId = await draftApi(org.organisation.id, org.gateway.id, 'orders')
    const target: ProbeTarget = { kind: 'upstream', instanceId, upstream: 'main' }
    const view = await run(nodeId, target)
    expect(view).toMatchObject({ status: 'answered', report, hostname: 'node-1', startedBy: actor.name })
    expect(commands).toEqual([{ kind: 'probe', target }])
    expect(await listProbes(actor, org.gateway.id)).toEqual([view])
    const trail = await db().auditEntry.findMany({ where: { subjectId: view.id } })
    expect(trail).toMatchObject([
      { action: 'probe.run', actorName: actor.name, after: { node: 'node-1', target } },
    ])
  })

  it('says that the node does not serve it, and what else went wrong', async () => {
    const { nodeId } = await node({ status: 'not-found' })
    expect(await run(nodeId)).toMatchObject({ status: 'not-served', report: null })
    const silent = await node({} as never)
    expect(await codeOf(run(silent.nodeId))).toBe('node.no-answer')
    const unknowing = await node({ status: 'unknown' })
    expect(await codeOf(run(unknowing.nodeId))).toBe('node.too-old')
    expect((await listProbes(actor, org.gateway.id)).map(({ status }) => status)).toEqual([
      'no-answer',
      'no-answer',
      'not-served',
    ])
  })

  it('is not ordered of a node that is away, of an earlier version or of another organisation', async () => {
    const { nodeId, socket, commands } = await node()
    const stranger = await (await testOrganisation()).actor('admin')
    expect(await codeOf(run(nodeId, listener, stranger))).toBe('not-found')
    expect(await codeOf(listProbes(stranger, org.gateway.id))).toBe('not-found')
    expect(await codeOf(run(nodeId, listener, await org.actor('viewer')))).toBe('access.denied')
    const elsewhere: ProbeTarget = { kind: 'upstream', instanceId: randomUUID(), upstream: 'main' }
    expect(await codeOf(run(nodeId, elsewhere))).toBe('not-found')
    await db().node.update({ where: { id: nodeId }, data: { capabilities: [capabilityOf('evict')] } })
    expect(await codeOf(run(nodeId))).toBe('node.too-old')
    socket.disconnect()
    await until(async () => (await db().node.findUniqueOrThrow({ where: { id: nodeId } })).disconnectedAt)
    expect(await codeOf(run(nodeId))).toBe('node.no-answer')
    expect(commands).toEqual([])
    expect(await listProbes(actor, org.gateway.id)).toEqual([])
  })

  it('is refused where a node was told to look ten times within a minute', async () => {
    const { nodeId, commands } = await node()
    for (let i = 0; i < 10; i++) await run(nodeId)
    expect(await codeOf(run(nodeId))).toBe('probe.too-many')
    expect(commands).toHaveLength(10)
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '#contract/events.ts'
import { db, transaction } from '../db.ts'
import { KeptReport } from '../hub/kept-report.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport, reportingNode } from '../testing/reporting-node.ts'
import { readGateway } from './read.ts'
import { readReports } from './reports.ts'

let database: TestDatabase
let org: TestOrganisation
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  org = await testOrganisation()
})

const now = new Date('2026-11-20T12:00:00.000Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000)

const certificate = {
  use: 'listener' as const,
  apiId: 'a',
  subject: 'CN=orders',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2026-12-01T00:00:00.000Z',
  sha256: 'aa',
}
const upstream = {
  connections: 1,
  pending: 0,
  circuitsOpen: 1,
  retries: 0,
  endpoints: 1,
  unhealthyEndpoints: 1,
  ejectedEndpoints: 0,
}
const workers = [{ worker: 1, isServing: true, crashes: 0, connections: 3, rssBytes: 9 }]
const full: Partial<Report> = {
  requests: 5,
  apis: { a: { requests: 5, errors: 1, refused: 0 } },
  upstreams: { a: upstream },
  certificates: [certificate],
  sessions: [],
  workers,
  listeners: [
    { id: 'web', protocol: 'https', address: '::', port: 443, handshakes: { ok: { recent: 1, total: 9 } } },
  ],
  codes: { no_route: 1 },
}

function node(report: Partial<Report> = full, more: Partial<Parameters<typeof reportingNode>[0]> = {}) {
  const { organisation, gateway } = org
  return reportingNode({ organisationId: organisation.id, gatewayId: gateway.id, at: now, report, ...more })
}
const read = async (at = now) => readReports(org.gateway.id, await org.actor('viewer'), at)

describe('what nodes report', () => {
  it('is read whole, beside the names of the APIs that it is about', async () => {
    const instanceId = await draftApi(org.organisation.id, org.gateway.id, 'orders')
    const nodeId = await node(full, { node: { capabilities: ['command/evict'] } })
    const { apis, nodes, at } = await read(later(2))
    expect(at).toBe(later(2).toISOString())
    expect(apis).toMatchObject([{ instanceId, title: expect.any(String), basePath: '/orders' }])
    const { requests: _, ...details } = full
    expect(nodes).toMatchObject([
      {
        nodeId,
        hostname: 'node-1',
        receivedAt: now.toISOString(),
        isCurrent: true,
        canEndWebSockets: true,
        pulse: { requests: 5, intervalMs: 5_000 },
        details,
      },
    ])
  })

  it('is never current once it is older than three intervals, and says from when it is', async () => {
    await node()
    expect((await read(later(15))).nodes[0]).toMatchObject({ isCurrent: true })
    expect((await read(later(16))).nodes[0]).toMatchObject({
      isCurrent: false,
      receivedAt: now.toISOString(),
      details: { certificates: [certificate] },
    })
  })

  it('is of then when the node has come back and not reported yet', async () => {
    const nodeId = await node()
    const back = later(60)
    await db().node.update({ where: { id: nodeId }, data: { connectedAt: back, lastSeenAt: back } })
    expect((await read(back)).nodes[0]).toMatchObject({ isCurrent: false })
    const gateway = await readGateway(org.gateway.id, await org.actor('viewer'), back)
    expect(gateway.nodes[0]).toMatchObject({ status: 'healthy', traffic: null })
    expect(gateway.trouble).toEqual({
      certificatesExpired: 0,
      certificatesExpiring: 0,
      upstreamsUnhealthy: 0,
    })
  })

  it('leaves open what a node does not report, and is nothing for one that never did', async () => {
    await node({})
    const { organisation, gateway } = org
    const silent = { hostname: 'silent', runtimeVersion: '1', capabilities: [], installationId: randomUUID() }
    await db().node.create({
      data: { ...silent, organisationId: organisation.id, gatewayId: gateway.id },
    })
    const [first, second] = (await read()).nodes
    expect(first).toMatchObject({ canEndWebSockets: false, details: { apis: {} } })
    expect(Object.keys(first?.details ?? {})).toEqual(['apis'])
    expect(second).toMatchObject({ receivedAt: null, isCurrent: false, pulse: null, details: null })
  })

  it('is of its own organisation alone', async () => {
    await node()
    const stranger = await (await testOrganisation()).actor('admin')
    await expect(readReports(org.gateway.id, stranger)).rejects.toThrow('There is no such gateway.')
  })

  it('is counted with the gateway where it needs somebody, each thing once over all nodes', async () => {
    await node()
    await node()
    const gateway = await readGateway(org.gateway.id, await org.actor('viewer'), later(1))
    expect(gateway.trouble).toEqual({
      certificatesExpired: 0,
      certificatesExpiring: 1,
      upstreamsUnhealthy: 1,
    })
    const afterwards = new Date('2026-12-02T00:00:00.000Z')
    const silent = await readGateway(org.gateway.id, await org.actor('viewer'), afterwards)
    expect(silent.trouble.certificatesExpired).toBe(0)
  })
})

describe('the newest report of a node', () => {
  it('is one row, of which only the parts that have changed are written again', async () => {
    const nodeId = await node({})
    const kept = new KeptReport()
    const write = async (report: Partial<Report>, at: Date) => {
      const to = { nodeId, organisationId: org.organisation.id }
      const written = await transaction((tx) => kept.write(tx, to, { ...quietReport, ...report }, at))
      written()
    }
    await write(full, later(5))
    // What is written here stays only if nothing writes the part again.
    await db().nodeReport.update({
      where: { nodeId },
      data: { certificates: 'untouched', apis: 'untouched' },
    })
    await write({ ...full, apis: {} }, later(10))
    const rows = await db().nodeReport.findMany({ where: { nodeId } })
    expect(rows).toMatchObject([{ certificates: 'untouched', apis: {}, receivedAt: later(10) }])
    await write({}, later(15))
    expect(await db().nodeReport.findUnique({ where: { nodeId } })).toMatchObject({
      certificates: null,
      sessions: null,
      processes: {},
    })
  })

  it('is written anew when the transaction of the one before did not commit', async () => {
    const nodeId = await node({})
    const kept = new KeptReport()
    const to = { nodeId, organisationId: org.organisation.id }
    const report = { ...quietReport, ...full }
    const lost = transaction(async (tx) => {
      await kept.write(tx, to, report, later(5))
      throw new Error('lost')
    })
    await expect(lost).rejects.toThrow('lost')
    await transaction((tx) => kept.write(tx, to, report, later(10)))
    expect((await read(later(10))).nodes[0]?.details?.certificates).toEqual([certificate])
  })

  it('goes with the node', async () => {
    const nodeId = await node()
    await db().node.delete({ where: { id: nodeId } })
    expect(await db().nodeReport.findUnique({ where: { nodeId } })).toBeNull()
  })
})

describe('whose the open WebSockets are', () => {
  const session = {
    id: randomUUID(),
    apiId: 'a',
    client: 'shop',
    subject: 'jane@acme.test',
    agency: 'north',
    openedAt: now.toISOString(),
    expiresAt: null,
  }

  it.each(['operator', 'admin'] as const)('is told to an %s, who may end them', async (role) => {
    await node({ sessions: [session] })
    const { nodes } = await readReports(org.gateway.id, await org.actor(role), now)
    expect(nodes).toMatchObject([{ hidesSubjects: false, details: { sessions: [session] } }])
  })

  it.each(['viewer', 'owner', 'reviewer'] as const)('is told to no %s', async (role) => {
    await node({ sessions: [session] })
    const reports = await readReports(org.gateway.id, await org.actor(role), now)
    expect(reports.nodes).toMatchObject([
      {
        hidesSubjects: true,
        details: { sessions: [{ id: session.id, client: 'shop', subject: null, agency: null }] },
      },
    ])
    expect(JSON.stringify(reports)).not.toContain('jane')
  })
})

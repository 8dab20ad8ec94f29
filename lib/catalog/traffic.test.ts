import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { trafficReader } from './traffic.ts'

const now = new Date('2026-11-20T12:00:00Z')

function report(
  apis: Record<string, { requests: number; errors: number; refused: number }>,
  p95: number | null,
) {
  return {
    status: 'healthy',
    problems: [],
    uptimeSeconds: 1,
    appliedRevision: 1,
    appliedHash: null,
    intervalMs: 5_000,
    requests: 0,
    errors: 0,
    refused: 0,
    latencyMs: p95 === null ? null : { p50: 1, p95, p99: 9 },
    connections: 0,
    webSockets: 0,
    rssBytes: 1,
    apis,
  }
}

describe('the traffic of an API', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.close())

  it('adds up the nodes that report now, and tells silence from quiet', async () => {
    const { organisation, gateway } = await testOrganisation()
    const other = await testOrganisation()
    const [busy, idle] = [randomUUID(), randomUUID()]
    const node = (secondsAgo: number, requests: number, p95: number | null) =>
      db().node.create({
        data: {
          organisationId: organisation.id,
          gatewayId: gateway.id,
          installationId: randomUUID(),
          hostname: 'node',
          runtimeVersion: '1',
          capabilities: [],
          connectedAt: new Date(now.getTime() - 60_000),
          lastSeenAt: new Date(now.getTime() - secondsAgo * 1_000),
          report: report({ [busy]: { requests, errors: 1, refused: 2 } }, p95),
        },
      })
    await node(2, 50, 7)
    await node(4, 100, 12)
    // Long gone: its figures would pass for current ones.
    await node(300, 1_000_000, 900)
    const trafficOf = await trafficReader(organisation.id, [gateway.id, other.gateway.id], now)
    expect(trafficOf({ id: busy, gatewayId: gateway.id })).toEqual({
      reportingNodes: 2,
      requestsPerSecond: 30,
      errorsPerSecond: 0.4,
      refusedPerSecond: 0.8,
      p95Ms: 12,
    })
    expect(trafficOf({ id: idle, gatewayId: gateway.id })).toMatchObject({
      requestsPerSecond: 0,
      p95Ms: null,
    })
    expect(trafficOf({ id: idle, gatewayId: other.gateway.id })).toBeNull()
  })
})

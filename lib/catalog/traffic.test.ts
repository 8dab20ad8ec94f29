import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { reportingNode } from '../testing/reporting-node.ts'
import { trafficReader } from './traffic.ts'

const now = new Date('2026-11-20T12:00:00Z')

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
    const node = (secondsAgo: number, requests: number, p95: number | null) => {
      const latencyMs = p95 === null ? {} : { latencyMs: { p50: 1, p95, p99: 900 } }
      const apis = { [busy]: { requests, errors: 1, refused: 2, ...latencyMs } }
      return reportingNode({
        organisationId: organisation.id,
        gatewayId: gateway.id,
        at: new Date(now.getTime() - secondsAgo * 1_000),
        report: { apis },
      })
    }
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

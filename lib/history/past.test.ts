import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Moment } from '#domain/moment.ts'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { noteSeen } from '../hub/observed.ts'
import { changeNetwork, createNetwork } from '../networks/write-network.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport, reportingNode } from '../testing/reporting-node.ts'
import { cutPast } from './cut.ts'
import { listMoments } from './moments.ts'
import { changeReach, readReach } from './reach.ts'
import { compareMoments, readTopologyAt } from './read.ts'

let database: TestDatabase
let home: TestOrganisation
let admin: Actor
let apiId: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  admin = await home.actor('admin')
  apiId = await testInstance(home, { name: 'orders', title: 'Orders' })
})

const dayMs = 86_400_000
const revision = (number: number): Moment => ({ kind: 'revision', gateway: home.gateway.name, number })
const deploy = async () => {
  const { headRevision } = await db().gateway.findUniqueOrThrow({ where: { id: home.gateway.id } })
  await publish(admin, home.gateway.id, { expectedHeadRevision: headRevision, note: '' })
}
const who = () => ({ organisationId: home.organisation.id, gatewayId: home.gateway.id })
const shop = (change: { issuer?: string; sha256?: string } = {}) => ({
  apiId,
  side: 'inbound' as const,
  subject: 'CN=shop',
  issuer: 'CN=ca',
  names: [],
  sha256: 'a1',
  anchorSha256: null,
  ...change,
})
const seen = (at: Date, peer = shop()) =>
  transaction((tx) => noteSeen(tx, who(), { ...quietReport, peers: [peer] }, at))
const rowsOf = (kind: string) =>
  db().pastRow.findMany({
    where: { organisationId: home.organisation.id, kind },
    orderBy: { validFrom: 'asc' },
  })
const topologyAt = async (moment: Moment) => (await readTopologyAt(admin, moment)).topology

describe('whom and what nodes had seen', () => {
  it('is known of the past, whatever is forgotten since', async () => {
    await seen(new Date())
    await transaction((tx) =>
      noteSeen(
        tx,
        who(),
        {
          callers: [{ apiId, clientId: null }],
          agreements: [{ apiId, side: 'inbound', version: '1.2', cipher: 'TLS_X', isMutual: true }],
        },
        new Date(),
      ),
    )
    await deploy()
    const before = (await topologyAt(revision(1))).observed
    expect(before).toMatchObject({
      peers: [{ apiId, subject: 'CN=shop', issuer: 'CN=ca', partyId: null }],
      callers: [{ apiId, clientId: null }],
      agreements: [{ apiId, version: '1.2', isMutual: true }],
    })
    await db().observedPeer.deleteMany({ where: { instanceId: apiId } })
    await db().observedCaller.deleteMany({ where: { instanceId: apiId } })
    expect((await topologyAt(revision(1))).observed).toEqual(before)
    expect((await topologyAt({ kind: 'deployed' })).observed?.peers ?? []).toEqual([])
  })

  it('is one row for as long as it is seen day by day, and another after a gap or with another issuer', async () => {
    const start = Date.parse('2026-01-10T23:30:00Z')
    for (const day of [0, 0.01, 1, 2, 2.5, 3])
      await seen(new Date(start + day * dayMs), shop({ sha256: `renewed-${day}` }))
    expect((await rowsOf('ObservedPeer')).map(({ content }) => content)).toMatchObject([
      { until: '2026-01-13T00:00:00Z', sha256: 'renewed-3' },
    ])
    await seen(new Date(start + 9 * dayMs))
    await seen(new Date(start + 9.1 * dayMs), shop({ issuer: 'CN=other' }))
    const rows = await rowsOf('ObservedPeer')
    expect(rows).toHaveLength(3)
    expect(rows.filter(({ validTo }) => validTo === null)).toHaveLength(1)
  })

  it('fills no disk where it is another each time', async () => {
    for (let time = 0; time < 60; time++)
      await seen(new Date(), shop({ issuer: time % 2 === 0 ? 'CN=one' : 'CN=two' }))
    const rows = await rowsOf('ObservedPeer')
    expect(rows.length).toBeLessThanOrEqual(24)
    expect(rows.at(-1)).toMatchObject({ validTo: null, content: { issuer: 'CN=two' } })
  })

  it('is left out of a comparison with a moment at which it was not kept, which says so', async () => {
    await deploy()
    const early: Moment = { kind: 'date', at: new Date().toISOString() }
    const kept = await db().pastKind.findUniqueOrThrow({ where: { kind: 'ObservedPeer' } })
    await db().pastKind.update({ where: { kind: kept.kind }, data: { since: new Date() } })
    await seen(new Date())
    const { notCompared, findings } = await compareMoments(admin, early, { kind: 'draft' })
    await db().pastKind.update({ where: { kind: kept.kind }, data: { since: kept.since } })
    expect(notCompared).toEqual(['seen'])
    expect(findings.added.map(({ code }) => code)).not.toContain('flow.undeclared-peer')
    const both = await compareMoments(admin, early, { kind: 'draft' })
    expect(both.notCompared).toEqual([])
    expect(both.findings.added.map(({ code }) => code)).toContain('flow.undeclared-peer')
  })
})

describe('how nodes were', () => {
  it('is known of the past, and what differs is told', async () => {
    const nodeId = await reportingNode({ ...who(), at: new Date(), report: { status: 'degraded' } })
    await deploy()
    await db().node.update({ where: { id: nodeId }, data: { disconnectedAt: new Date() } })
    const [gateway] = (await topologyAt(revision(1))).gateways
    expect(gateway?.nodes).toMatchObject({ total: 1, online: 1, degraded: 1, current: 0 })
    const { difference } = await compareMoments(admin, revision(1), { kind: 'deployed' })
    expect(difference.gateways).toEqual([
      {
        gatewayId: home.gateway.id,
        text: `${home.gateway.name} had 1 of 1 node online, 1 degraded, 0 at its revision; it has 0 of 1 node online, 0 at its revision.`,
      },
    ])
  })

  it('is not written with each report, and one that comes and goes fills no disk', async () => {
    const nodeId = await reportingNode({ ...who(), at: new Date() })
    const before = (await rowsOf('Node')).length + (await rowsOf('NodeReport')).length
    for (let time = 0; time < 5; time++) {
      await db().node.update({ where: { id: nodeId }, data: { lastSeenAt: new Date() } })
      await db().nodeReport.update({
        where: { nodeId },
        data: { receivedAt: new Date(), pulse: { ...quietReport, requests: time } },
      })
    }
    expect((await rowsOf('Node')).length + (await rowsOf('NodeReport')).length).toBeLessThanOrEqual(
      before + 1,
    )
    for (let time = 0; time < 40; time++) {
      const now = new Date()
      const data = time % 2 === 0 ? { disconnectedAt: now } : { connectedAt: now, disconnectedAt: null }
      await db().node.update({ where: { id: nodeId }, data })
    }
    const rows = await rowsOf('Node')
    expect(rows.length).toBeLessThanOrEqual(25)
    expect(rows.at(-1)).toMatchObject({ validTo: null, content: { connected: true } })
  })
})

describe('the past', () => {
  const signOff = async (number: number) => {
    const { hash } = await db().revision.findFirstOrThrow({ where: { gatewayId: home.gateway.id, number } })
    return db().signOff.create({
      data: {
        ...who(),
        hash,
        items: {},
        revision: number,
        auditSequence: 0,
        openSince: {},
        signedById: 'reviewer',
        signedBy: 'Reviewer',
      },
    })
  }

  it('is cut where it ended too long ago, but for what was signed off and what is deployed', async () => {
    const office = await createNetwork(admin, {
      name: 'Office 0',
      class: 'org-internal',
      location: 'vpc',
      parentId: null,
      firewall: null,
      firewallContextId: null,
    })
    const stranger = await testOrganisation()
    for (const number of [1, 2, 3]) {
      await changeNetwork(admin, office.id, { name: `Office ${number}` }, number)
      await testInstance(home, { name: `api-${number}`, title: 'Another' })
      await deploy()
      if (number === 1) await signOff(1)
    }
    await changeNetwork(admin, office.id, { name: 'Office 4' }, 4)
    const kept = [await topologyAt(revision(1)), await topologyAt(revision(3))]
    const date: Moment = { kind: 'date', at: new Date(Date.now() - 1).toISOString() }
    await readTopologyAt(admin, date)

    const later = new Date(Date.now() + 1096 * dayMs)
    expect(await cutPast(later)).toBeGreaterThan(0)
    expect([await topologyAt(revision(1)), await topologyAt(revision(3))]).toEqual(kept)
    await expect(readTopologyAt(admin, revision(2))).rejects.toMatchObject({
      code: 'topology.not-kept',
      message: expect.stringContaining('what ended more than 1095 days ago is cut'),
    })
    await expect(readTopologyAt(admin, date)).rejects.toMatchObject({ code: 'topology.not-kept' })
    const { choices, keptSince } = await listMoments(admin)
    expect(choices.map(({ revision: number, isKept }) => `${number} ${isKept}`).toSorted()).toEqual([
      '1 true',
      '2 false',
      '3 true',
    ])
    expect(keptSince).toBe(new Date(later.getTime() - 1095 * dayMs).toISOString())
    expect(await readReach(admin)).toMatchObject({ keptDays: 1095, held: 3 })
    expect(await cutPast(later)).toBe(0)
    expect(await db().pastRow.count({ where: { organisationId: stranger.organisation.id } })).toBeGreaterThan(
      0,
    )
  })

  it('loses nothing where nothing is old enough', async () => {
    await deploy()
    const rows = await db().pastRow.count({ where: { organisationId: home.organisation.id } })
    await cutPast()
    expect(await db().pastRow.count({ where: { organisationId: home.organisation.id } })).toBe(rows)
    expect((await listMoments(admin)).choices).toMatchObject([{ isKept: true }])
  })

  it('is kept for as long as an admin says, who is told of another change in between', async () => {
    expect(await readReach(admin)).toMatchObject({ keptDays: 1095, version: 1 })
    expect(await changeReach(admin, { keptDays: 400 }, 1)).toMatchObject({ keptDays: 400, version: 2 })
    await expect(changeReach(admin, { keptDays: 30 }, 1)).rejects.toMatchObject({ code: 'write.stale' })
    await expect(changeReach(await home.actor('owner'), { keptDays: 30 }, 2)).rejects.toMatchObject({
      code: 'access.denied',
    })
    expect(await readReach(await (await testOrganisation()).actor('admin'))).toMatchObject({ keptDays: 1095 })
  })
})

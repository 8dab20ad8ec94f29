import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Moment } from '#domain/moment.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createFlow } from '../networks/write-flow.ts'
import { changeNetwork, createNetwork } from '../networks/write-network.ts'
import { changeParty, createParty } from '../networks/write-party.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { listMoments } from './moments.ts'
import { compareMoments, readTopologyAt } from './read.ts'

let database: TestDatabase
let home: TestOrganisation
let admin: Actor

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  admin = await home.actor('admin')
})

const revision = (number: number): Moment => ({ kind: 'revision', gateway: home.gateway.name, number })
const head = async () =>
  (await db().gateway.findUniqueOrThrow({ where: { id: home.gateway.id } })).headRevision
const deploy = async () => publish(admin, home.gateway.id, { expectedHeadRevision: await head(), note: '' })
const network = (name: string) =>
  createNetwork(admin, {
    name,
    class: 'org-internal',
    location: 'vpc',
    parentId: null,
    firewall: null,
    firewallContextId: null,
  })

const instance = (name: string, providerId: string | null = null) =>
  testInstance(home, { name, title: `The ${name}`, providerId })

const topologyAt = async (moment: Moment) => (await readTopologyAt(admin, moment)).topology

describe('the topology of the past', () => {
  it('is what the revision was of, whatever has been changed, added or deleted since', async () => {
    const office = await network('Office')
    const provider = await createParty(admin, {
      name: 'Warehouse',
      kind: 'provider',
      owner: 'organisation',
      networkId: office.id,
    })
    const shop = await createParty(admin, {
      name: 'Shop',
      kind: 'consumer',
      owner: 'organisation',
      networkId: office.id,
    })
    const orders = await instance('orders', provider.id)
    await createFlow(admin, { consumerId: shop.id, apiId: orders })
    await deploy()
    const before = await topologyAt(revision(1))

    await changeNetwork(admin, office.id, { name: 'Old office' }, 1)
    await db().apiInstance.update({
      where: { id: orders },
      data: { upstreamUrl: 'https://elsewhere.example' },
    })
    await instance('stock')
    await deploy()
    await db().apiInstance.delete({ where: { id: orders } })

    expect(await topologyAt(revision(1))).toEqual(before)
    expect(before.networks.map(({ name }) => name)).toEqual(['Office'])
    expect(before.apis).toMatchObject([
      { id: orders, name: 'The orders', upstreamUrl: 'http://127.0.0.1:1', deployment: 'deployed' },
    ])
    expect(before.flows).toMatchObject([{ consumerId: shop.id, classification: { pattern: '1A' } }])
    expect(before.gateways).toMatchObject([{ name: 'edge', revision: 1, nodes: null }])
    const after = await topologyAt(revision(2))
    expect(after.networks.map(({ name }) => name)).toEqual(['Old office'])
    expect(after.apis.map(({ name }) => name).toSorted()).toEqual(['The orders', 'The stock'])
  })

  it('knows the team that answered for a party then, and none of when parties had no teams', async () => {
    const office = await network('Office')
    const party = { kind: 'consumer', owner: 'organisation', networkId: office.id } as const
    const shop = await createParty(admin, { ...party, name: 'Shop', team: 'Shop team' })
    await instance('orders')
    await deploy()
    await changeParty(admin, shop.id, { team: 'Till team' }, 1)
    expect((await topologyAt(revision(1))).parties).toMatchObject([{ name: 'Shop', team: 'Shop team' }])
    await db().$executeRaw`UPDATE "PastRow" SET "content" = "content" - 'team' WHERE "rowId" = ${shop.id}`
    expect((await topologyAt(revision(1))).parties).toMatchObject([{ name: 'Shop', team: null }])
  })

  it('judges certificates as of that moment', async () => {
    await instance('orders')
    await deploy()
    const { view, topology } = await readTopologyAt(
      admin,
      revision(1),
      new Date(Date.now() + 10 * 86_400_000),
    )
    expect(topology.at).toBe(view.at)
    expect(Date.parse(topology.at)).toBeLessThanOrEqual(Date.now())
  })

  it('is refused where it was not kept, with the date from which on it is', async () => {
    await network('Office')
    const long: Moment = { kind: 'date', at: '2001-01-01T00:00:00.000Z' }
    await expect(readTopologyAt(admin, long)).rejects.toMatchObject({ code: 'topology.not-kept' })
    const future: Moment = { kind: 'date', at: new Date(Date.now() + 3_600_000).toISOString() }
    await expect(readTopologyAt(admin, future)).rejects.toMatchObject({ code: 'topology.not-kept' })
    await expect(readTopologyAt(admin, revision(9))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('says of a revision from before anything was kept that it was not', async () => {
    await instance('orders')
    await deploy()
    await db().pastRow.deleteMany({ where: { organisationId: home.organisation.id, kind: 'Gateway' } })
    await expect(readTopologyAt(admin, revision(1))).rejects.toMatchObject({ code: 'topology.not-kept' })
    expect((await listMoments(admin)).choices).toMatchObject([{ revision: 1, isKept: false }])
  })

  it('is nobody else’s', async () => {
    await network('Office')
    await instance('orders')
    await deploy()
    const stranger = await (await testOrganisation()).actor('admin')
    const { topology } = await readTopologyAt(stranger, { kind: 'deployed' })
    expect(topology.networks).toEqual([])
    expect(topology.apis).toEqual([])
    await expect(readTopologyAt(stranger, revision(1))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('never holds a key, sealed or not', async () => {
    const organisationId = home.organisation.id
    await db().authority.create({
      data: {
        organisationId,
        name: 'Root',
        runBy: 'organisation',
        certificate: 'none',
        keySealed: 'planted-sealed-key',
      },
    })
    const rows = await db().pastRow.findMany({ where: { organisationId } })
    expect(JSON.stringify(rows)).not.toContain('planted-sealed-key')
    expect(rows.find(({ kind }) => kind === 'Authority')?.content).toMatchObject({ hasKey: true })
  })
})

describe('comparing', () => {
  it('says what differs between what is deployed and the drafts, and shows both in one', async () => {
    const orders = await instance('orders')
    await deploy()
    const name = randomUUID().slice(0, 8)
    const stock = await instance(name)
    await db().apiInstance.delete({ where: { id: orders } })
    const { topology, from, to } = await compareMoments(admin, { kind: 'deployed' }, { kind: 'draft' })
    expect(topology.apis.map(({ id }) => id).toSorted()).toEqual([orders, stock].toSorted())
    expect([from.moment, to.moment]).toEqual(['deployed', 'draft'])
  })
})

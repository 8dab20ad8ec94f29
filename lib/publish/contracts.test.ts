import { hash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ContractsItem } from '#contract/items.ts'
import type { Actor } from '../actor.ts'
import { admitConsumer, issueCredential, revokeCredential } from '../catalog/consumers.ts'
import { db, transaction } from '../db.ts'
import { createFlow, deleteFlow } from '../networks/write-flow.ts'
import { changeParty } from '../networks/write-party.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { gatewayIn, itemsNamed, manifestOf } from './draft.ts'
import { deploymentOf, instanceStates, listRevisions, readDraft, readRevision } from './read.ts'
import { draftApi, draftLimit } from './testing/draft.ts'
import { publish, rollBack } from './write.ts'

let database: TestDatabase
let org: TestOrganisation
let actor: Actor
let orders: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('admin')
  await db().network.create({
    data: { organisationId: actor.organisationId, name: 'inside', class: 'org-internal', location: 'cloud' },
  })
  orders = await draftApi(actor.organisationId, org.gateway.id, 'orders')
})

const deploy = (expectedHeadRevision: number) =>
  publish(actor, org.gateway.id, { expectedHeadRevision, note: '' })
const back = (to: number, expectedHeadRevision: number) =>
  rollBack(actor, org.gateway.id, to, { expectedHeadRevision, note: '' })
const admit = (name: string, instanceId = orders) => admitConsumer(actor, instanceId, { name })

async function headItems() {
  const gateway = await gatewayIn(db(), actor.organisationId, org.gateway.id)
  const manifest = await manifestOf(db(), gateway, gateway.headRevision)
  return { number: gateway.headRevision, items: await itemsNamed(db(), actor.organisationId, manifest) }
}

/** Who may call an instance by what runs: name to the hashes of their keys. */
async function served(instanceId = orders): Promise<Record<string, string[]>> {
  const item = (await headItems()).items.get(`contracts:${instanceId}`) as ContractsItem | undefined
  return Object.fromEntries((item?.clients ?? []).map(({ name, keyHashes }) => [name, keyHashes]))
}

const sha = (key: string) => hash('sha256', key)

describe('who may call', () => {
  it('changes on the gateway at once, in revisions that say so', async () => {
    await deploy(0)
    const { key, consumerId, credential } = await admit('Mobile app')
    expect(await served()).toEqual({ 'Mobile app': [sha(key)] })
    const second = await issueCredential(actor, consumerId, undefined)
    expect(await served()).toEqual({ 'Mobile app': [sha(key), sha(second.key)].toSorted() })
    await revokeCredential(actor, credential.id)
    expect(await served()).toEqual({ 'Mobile app': [sha(second.key)] })
    const [party] = await db().party.findMany({ where: { id: consumerId } })
    await changeParty(actor, consumerId, { name: 'Phone app' }, party?.version ?? 0)
    expect(Object.keys(await served())).toEqual(['Phone app'])
    const flow = await db().flow.findFirstOrThrow({ where: { consumerId } })
    await deleteFlow(actor, flow.id)
    expect(await served()).toEqual({})
    await createFlow(actor, { consumerId, apiId: orders })
    expect(await served()).toEqual({ 'Phone app': [sha(second.key)] })
    const notes = (await listRevisions(actor, org.gateway.id, { limit: 10 })).map(({ kind, note }) => [
      kind,
      note,
    ])
    expect(notes.toReversed()).toEqual([
      ['deploy', ''],
      ['deploy', 'Key of Mobile app issued'],
      ['deploy', 'Key of Mobile app issued'],
      ['deploy', 'Key of Mobile app revoked'],
      ['deploy', 'Mobile app is now called Phone app'],
      ['deploy', 'Phone app may no longer call'],
      ['deploy', 'Phone app may call'],
    ])
    const { difference } = await readRevision(actor, org.gateway.id, 4)
    expect(difference.groups.flatMap(({ changes }) => changes.map(({ text }) => text))).toEqual([
      'A key of Mobile app is revoked',
    ])
  })

  it('deploys nobody’s draft along, and is never a change to deploy itself', async () => {
    const rates = await draftApi(actor.organisationId, org.gateway.id, 'rates')
    await deploy(0)
    await draftLimit(actor.organisationId, orders, 5)
    const before = (await headItems()).items
    const { credential } = await admit('Mobile app', rates)
    const { items } = await headItems()
    expect([...items].filter(([id]) => !id.startsWith('contracts:'))).toEqual(
      [...before].filter(([id]) => !id.startsWith('contracts:')),
    )
    expect(await deploymentOf(actor, rates)).toMatchObject({ state: 'in-sync', changes: 0 })
    expect((await readDraft(actor, org.gateway.id)).difference.count).toBe(1)
    await revokeCredential(actor, credential.id)
    expect((await readDraft(actor, org.gateway.id)).difference.count).toBe(1)
    expect(await instanceStates(actor)).toEqual(
      new Map([
        [orders, 'changed'],
        [rates, 'in-sync'],
      ]),
    )
  })

  it('waits for the first deployment of an API that no gateway serves, and is one change with it', async () => {
    const { key } = await admit('Mobile app')
    expect((await headItems()).number).toBe(0)
    expect((await readDraft(actor, org.gateway.id)).difference.groups[0]?.changes).toHaveLength(1)
    await deploy(0)
    const rates = await draftApi(actor.organisationId, org.gateway.id, 'rates')
    await admit('Partner', rates)
    expect((await headItems()).number).toBe(1)
    await publish(actor, org.gateway.id, { expectedHeadRevision: 1, note: '', instanceId: rates })
    expect(await served()).toEqual({ 'Mobile app': [sha(key)] })
    expect(Object.keys(await served(rates))).toEqual(['Partner'])
  })

  it('is at every gateway that the consumer calls through', async () => {
    const { organisationId } = actor
    const other = await db().gateway.create({
      data: {
        organisationId,
        environmentId: org.environment.id,
        name: 'second',
        publicUrl: 'http://localhost:8082',
        listeners: [{ id: 'http', protocol: 'http', address: '127.0.0.1', port: 8082 }],
      },
    })
    const rates = await draftApi(organisationId, other.id, 'rates')
    await deploy(0)
    await publish(actor, other.id, { expectedHeadRevision: 0, note: '' })
    const { consumerId, credential } = await admit('Mobile app')
    await createFlow(actor, { consumerId, apiId: rates })
    await revokeCredential(actor, credential.id)
    for (const gatewayId of [org.gateway.id, other.id]) {
      const [newest] = await listRevisions(actor, gatewayId, { limit: 1 })
      expect(newest).toMatchObject({ number: 3, note: 'Key of Mobile app revoked' })
    }
  })

  it('lets a deployment pass whose difference was read before a key was issued', async () => {
    await deploy(0)
    await draftLimit(actor.organisationId, orders, 5)
    const { key } = await admit('Mobile app')
    expect(await deploy(1)).toBe(3)
    expect(await served()).toEqual({ 'Mobile app': [sha(key)] })
  })

  it('loses no key and no flow however many are made and deployed at once', async () => {
    await deploy(0)
    const { consumerId } = await admit('Mobile app')
    const rates = await draftApi(actor.organisationId, org.gateway.id, 'rates')
    const work = [
      ...Array.from({ length: 6 }, () => issueCredential(actor, consumerId, undefined)),
      createFlow(actor, { consumerId, apiId: rates }),
      publish(actor, org.gateway.id, { expectedHeadRevision: 2, note: '', instanceId: rates }),
      admit('Partner'),
    ]
    const outcomes = await Promise.allSettled(work)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    expect((await served())['Mobile app']).toHaveLength(7)
    expect(Object.keys(await served())).toEqual(expect.arrayContaining(['Mobile app', 'Partner']))
    expect((await served(rates))['Mobile app']).toHaveLength(7)
    expect((await readDraft(actor, org.gateway.id)).difference.count).toBe(0)
  })

  it('changes with its revision or not at all', async () => {
    await deploy(0)
    const { credential } = await admit('Mobile app')
    await db().signingKey.updateMany({
      where: { organisationId: actor.organisationId },
      data: { privateKeySealed: 'unreadable' },
    })
    await expect(revokeCredential(actor, credential.id)).rejects.toThrow()
    expect(await db().credential.findUniqueOrThrow({ where: { id: credential.id } })).toMatchObject({
      revokedAt: null,
    })
  })
})

describe('rolling back', () => {
  it('brings no revoked key and no withdrawn consumer back to life', async () => {
    await deploy(0)
    const mobile = await admit('Mobile app')
    const partner = await admit('Partner')
    await draftLimit(actor.organisationId, orders, 5)
    await deploy(3)
    await revokeCredential(actor, mobile.credential.id)
    await transaction(async (tx) => tx.flow.deleteMany({ where: { consumerId: partner.consumerId } }))
    expect(await back(3, 5)).toBe(6)
    expect((await headItems()).items.get(`api:${orders}`)).toMatchObject({ policies: [] })
    expect(await served()).toEqual({ 'Mobile app': [] })
  })

  it('keeps the consumers that were admitted since', async () => {
    await deploy(0)
    await draftLimit(actor.organisationId, orders, 5)
    await deploy(1)
    const { key } = await admit('Mobile app')
    await back(1, 3)
    expect(await served()).toEqual({ 'Mobile app': [sha(key)] })
  })

  it('lets nobody call an API again that was deleted since', async () => {
    await deploy(0)
    await admit('Mobile app')
    await db().apiInstance.delete({ where: { id: orders } })
    await deploy(2)
    expect(await back(2, 3)).toBe(4)
    expect((await headItems()).items.has(`api:${orders}`)).toBe(true)
    expect(await served()).toEqual({})
  })
})

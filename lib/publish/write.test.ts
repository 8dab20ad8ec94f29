import { createPublicKey, randomUUID, verify } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson, manifest as manifestSchema } from '#contract/manifest.ts'
import type { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import {
  compareRevisions,
  deploymentOf,
  instanceStates,
  listRevisions,
  readDraft,
  readRevision,
} from './read.ts'
import { ensureSigningKey } from './signing.ts'
import { draftApi, draftLimit } from './testing/draft.ts'
import { publish, rollBack } from './write.ts'

let database: TestDatabase
let org: TestOrganisation
let actor: Actor

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('operator')
})

const expose = (name: string) => draftApi(org.organisation.id, org.gateway.id, name)
const limit = (instanceId: string, requests: number) => draftLimit(org.organisation.id, instanceId, requests)

const deploy = (expectedHeadRevision: number, instanceId?: string) =>
  publish(actor, org.gateway.id, { expectedHeadRevision, note: '', instanceId })

const problemOf = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => Promise.reject(new Error('expected a problem')),
    (error: Problem) => error,
  )

describe('publishing', () => {
  it('stores each manifest as it was signed, whatever came, changed or went since the one before', async () => {
    const orders = await expose('orders')
    const rates = await expose('rates')
    await deploy(0)
    await limit(orders, 5)
    await expose("o'clock")
    await db().apiInstance.delete({ where: { id: rates } })
    await deploy(1)
    await limit(orders, 6)
    await deploy(2, orders)
    const revisions = await db().revision.findMany({
      where: { gatewayId: org.gateway.id },
      orderBy: { number: 'asc' },
    })
    const { publicKey } = await transaction((tx) => ensureSigningKey(tx, org.organisation.id))
    const key = createPublicKey(publicKey)
    const counts = revisions.map(({ manifest: stored, signature }) => {
      const manifest = manifestSchema.parse(stored)
      const bytes = Buffer.from(canonicalJson(manifest))
      expect(verify(null, bytes, key, Buffer.from(signature, 'base64url'))).toBe(true)
      return Object.keys(manifest.items).length
    })
    expect(counts).toEqual([7, 7, 7])
  })

  it('makes a revision whose manifest is signed by the key that nodes pin', async () => {
    await expose('orders')
    expect(await deploy(0)).toBe(1)
    const revision = await db().revision.findFirstOrThrow({ where: { gatewayId: org.gateway.id } })
    const manifest = manifestSchema.parse(revision.manifest)
    expect(manifest).toMatchObject({ gatewayId: org.gateway.id, revision: 1, hash: revision.hash })
    const pinned = await transaction((tx) => ensureSigningKey(tx, org.organisation.id))
    expect(pinned.id).toBe(revision.signingKeyId)
    const signature = Buffer.from(revision.signature, 'base64url')
    const key = createPublicKey(pinned.publicKey)
    expect(verify(null, Buffer.from(canonicalJson(manifest)), key, signature)).toBe(true)
    const stored = await db().signingKey.findFirstOrThrow({ where: { id: pinned.id } })
    expect(stored.privateKeySealed).not.toContain('PRIVATE KEY')
  })

  it('makes one signing key however many ask for it at once', async () => {
    const ask = () => transaction((tx) => ensureSigningKey(tx, org.organisation.id))
    const keys = await Promise.all(Array.from({ length: 6 }, ask))
    expect(new Set(keys.map((key) => key.id)).size).toBe(1)
  })

  it('lets one of two publications win and shows the other what the winner changed', async () => {
    await expose('orders')
    const results = await Promise.allSettled([deploy(0), deploy(0)])
    expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const loser = results.find((result) => result.status === 'rejected')?.reason as Problem
    expect(loser).toMatchObject({ code: 'revision.raced', status: 409 })
    expect(loser.extra).toMatchObject({ headRevision: 1, changes: { fromRevision: 0, toRevision: 1 } })
    expect(JSON.stringify(loser.extra['changes'])).toContain('orders 1.0.0 is added')
    expect(await db().revision.count({ where: { gatewayId: org.gateway.id } })).toBe(1)
  })

  it('loses none of 20 publications that race', async () => {
    const id = await expose('orders')
    let head = 0
    const attempt = async (index: number) => {
      for (;;) {
        try {
          await db().apiInstance.update({ where: { id }, data: { host: `h${index}.example` } })
          return await deploy(head)
        } catch (error) {
          const problem = error as Problem
          if (problem.code === 'revision.raced') head = Number(problem.extra['headRevision'])
          else if (problem.code === 'revision.empty') return null
          else throw error
        }
      }
    }
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => attempt(index)))
    const numbers = made.filter((number) => number !== null).toSorted((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1))
    expect(await db().revision.count({ where: { gatewayId: org.gateway.id } })).toBe(numbers.length)
  })

  it('makes no revision when nothing changed, and says which one runs', async () => {
    const id = await expose('orders')
    await deploy(0)
    expect(await problemOf(deploy(1))).toMatchObject({ code: 'revision.empty', status: 409 })
    await db().apiInstance.update({ where: { id }, data: { version: { increment: 1 } } })
    expect(await problemOf(deploy(1))).toMatchObject({ code: 'revision.empty' })
    expect(await readDraft(actor, org.gateway.id)).toMatchObject({ difference: { count: 0 }, faults: [] })
  })

  it("deploys one API and leaves another owner's draft a draft", async () => {
    const [orders, rates] = [await expose('orders'), await expose('rates')]
    await deploy(0)
    await limit(orders, 5)
    await limit(rates, 7)
    expect(await deploy(1, orders)).toBe(2)
    expect(await deploymentOf(actor, orders)).toMatchObject({ state: 'in-sync', changes: 0 })
    expect(await deploymentOf(actor, rates)).toMatchObject({ state: 'changed', changes: 1 })
    expect(await instanceStates(actor)).toEqual(
      new Map([
        [orders, 'in-sync'],
        [rates, 'changed'],
      ]),
    )
    const { groups } = (await readRevision(actor, org.gateway.id, 2)).difference
    expect(groups.map((group) => group.id)).toEqual([orders])
  })

  it('deploys one API although another draft would be refused', async () => {
    const [orders, rates] = [await expose('orders'), await expose('rates')]
    await db().apiInstance.update({ where: { id: rates }, data: { upstreamUrl: 'http://169.254.169.254' } })
    expect(await problemOf(deploy(0))).toMatchObject({ code: 'revision.invalid', status: 422 })
    expect(await deploy(0, orders)).toBe(1)
    expect(await deploymentOf(actor, rates)).toMatchObject({ state: 'not-deployed' })
    expect((await deploymentOf(actor, rates)).faults).toHaveLength(1)
  })

  it('deploys no API to the place of another that is deployed there, whatever the other one has become', async () => {
    const [orders, rates] = [await expose('orders'), await expose('rates')]
    await deploy(0)
    await db().apiInstance.update({ where: { id: orders }, data: { basePath: '/moved' } })
    await db().apiInstance.update({ where: { id: rates }, data: { basePath: '/orders' } })
    const refused = await problemOf(deploy(1, rates))
    expect(refused.faults).toEqual([
      {
        pointer: `/items/api:${rates}/basePath`,
        detail: 'rates 1.0.0 and orders 1.0.0 both answer at /orders on the listener http',
      },
    ])
    expect((await deploymentOf(actor, rates)).faults).toEqual(refused.faults)
    expect(await deploy(1, orders)).toBe(2)
    expect(await deploy(2, rates)).toBe(3)
  })

  it('takes a deleted API away', async () => {
    const [orders, rates] = [await expose('orders'), await expose('rates')]
    await deploy(0)
    await db().apiInstance.delete({ where: { id: orders } })
    expect(await deploy(1, orders)).toBe(2)
    expect((await readDraft(actor, org.gateway.id)).difference.count).toBe(0)
    expect(await deploymentOf(actor, rates)).toMatchObject({ state: 'in-sync' })
  })

  it('refuses what nodes would refuse, with pointers, and publishes nothing', async () => {
    const orders = await expose('orders')
    await limit(orders, 0)
    const problem = await problemOf(deploy(0))
    expect(problem.faults).toEqual([
      expect.objectContaining({
        pointer: `/items/api:${orders}/policies/0/config/rateLimits/0/maximumRequests`,
      }),
    ])
    expect(await db().revision.count({ where: { gatewayId: org.gateway.id } })).toBe(0)
  })

  it('rolls back to the old items under a higher number and keeps the draft', async () => {
    const orders = await expose('orders')
    await deploy(0)
    await limit(orders, 5)
    await deploy(1)
    await db().apiInstance.update({ where: { id: orders }, data: { host: 'draft.example' } })
    const wish = { expectedHeadRevision: 2, note: 'limit was wrong' }
    expect(await rollBack(actor, org.gateway.id, 1, wish)).toBe(3)
    const [third, , first] = await listRevisions(actor, org.gateway.id, { limit: 10 })
    expect(third).toMatchObject({
      number: 3,
      kind: 'rollback',
      restoresNumber: 1,
      note: wish.note,
      isHead: true,
    })
    expect(third?.hash).toBe(first?.hash)
    const draft = await readDraft(actor, org.gateway.id)
    expect(draft.difference.groups[0]?.changes.map(({ text }) => text)).toEqual([
      'Host: * → draft.example',
      'Rate limit is added: 5 requests a second',
    ])
    expect(
      await problemOf(rollBack(actor, org.gateway.id, 1, { expectedHeadRevision: 3, note: '' })),
    ).toMatchObject({ code: 'revision.empty' })
  })

  it('lets a publication and a roll-back race, and one of them lose', async () => {
    const orders = await expose('orders')
    await deploy(0)
    await limit(orders, 5)
    await deploy(1)
    await limit(orders, 6)
    const back = rollBack(actor, org.gateway.id, 1, { expectedHeadRevision: 2, note: '' })
    const results = await Promise.allSettled([back, deploy(2)])
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  it('compares any two revisions in both directions', async () => {
    const orders = await expose('orders')
    await deploy(0)
    await limit(orders, 5)
    await deploy(1)
    const forth = await compareRevisions(actor, org.gateway.id, 1, 2)
    const back = await compareRevisions(actor, org.gateway.id, 2, 1)
    expect(forth.groups[0]?.changes[0]).toMatchObject({ kind: 'added' })
    expect(back.groups[0]?.changes[0]).toMatchObject({ kind: 'removed', weakens: true })
    expect(await compareRevisions(actor, org.gateway.id, 0, 2)).toMatchObject({ fromRevision: null })
  })

  it('writes one audit entry with what changed, in the same transaction', async () => {
    await expose('orders')
    await deploy(0)
    const entries = await db().auditEntry.findMany({ where: { organisationId: org.organisation.id } })
    expect(entries).toMatchObject([
      {
        action: 'revision.deploy',
        subjectKind: 'gateway',
        subjectId: org.gateway.id,
        after: { revision: 1 },
      },
    ])
    expect(JSON.stringify(entries[0]?.after)).toContain('orders 1.0.0 is added')
  })

  it("calls another organisation's gateway, revision and instance not found", async () => {
    const orders = await expose('orders')
    await deploy(0)
    const stranger = await (await testOrganisation()).actor('admin')
    const gatewayId = org.gateway.id
    const attempts = [
      () => publish(stranger, gatewayId, { expectedHeadRevision: 1, note: '' }),
      () => rollBack(stranger, gatewayId, 1, { expectedHeadRevision: 1, note: '' }),
      () => readDraft(stranger, gatewayId),
      () => readRevision(stranger, gatewayId, 1),
      () => listRevisions(stranger, gatewayId, { limit: 1 }),
      () => compareRevisions(stranger, gatewayId, 0, 1),
      () => deploymentOf(stranger, orders),
      () => deploymentOf(actor, randomUUID()),
    ]
    for (const attempt of attempts) expect(await problemOf(attempt())).toMatchObject({ code: 'not-found' })
  })

  it('refuses a reviewer on the server', async () => {
    await expose('orders')
    const reviewer = await org.actor('reviewer')
    const wish = { expectedHeadRevision: 0, note: '' }
    expect(await problemOf(publish(reviewer, org.gateway.id, wish))).toMatchObject({ code: 'access.denied' })
    expect(await problemOf(rollBack(reviewer, org.gateway.id, 1, wish))).toMatchObject({
      code: 'access.denied',
    })
  })
})

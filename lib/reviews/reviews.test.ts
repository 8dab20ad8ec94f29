import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chainStepInput } from '#domain/chain.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { compareMoments } from '../history/read.ts'
import { addPolicy } from '../policies/write.ts'
import { readDraft } from '../publish/read.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { publish, rollBack } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { changeEnvironment } from './environments.ts'
import { listReviews, readReview, requestReview, withdrawReview } from './reviews.ts'
import { listStandings, object, signOff } from './sign-offs.ts'
import { addComment, beginThread, listThreads, resolveThread } from './threads.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let operator: Actor
let reviewer: Actor
let admin: Actor
let orders: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  operator = await home.actor('operator')
  reviewer = await home.actor('reviewer')
  admin = await home.actor('admin')
  orders = await draftApi(home.organisation.id, home.gateway.id, 'orders')
})

const gatewayId = () => home.gateway.id
const edit = (actor: Actor, header: string) =>
  addPolicy(
    actor,
    orders,
    chainStepInput.parse({
      kind: 'header-injection',
      config: { outboundHeaders: [{ key: header, value: 'yes' }] },
    }),
  )
const head = async () => (await db().gateway.findUniqueOrThrow({ where: { id: gatewayId() } })).headRevision
const deploy = async (actor = operator) =>
  publish(actor, gatewayId(), { expectedHeadRevision: await head(), note: '' })
const draftReview = async () =>
  readReview(reviewer, await requestReview(owner, gatewayId(), { of: 'draft', note: 'Please look' }))
const demand = () => changeEnvironment(admin, home.environment.id, { demandsSignOff: true }, 1)
const standing = async (actor = reviewer) => {
  const [first] = await listStandings(actor)
  if (!first) throw new Error('there is a gateway')
  return first
}

describe('a sign-off', () => {
  it('is bound to the hash that the manifest of the draft has once it is deployed', async () => {
    const { hash } = await draftReview()
    const made = await signOff(reviewer, gatewayId(), { hash, note: 'Fine' })
    expect(made).toMatchObject({ hash, revision: null, by: reviewer.name, objections: [] })
    await deploy()
    expect(await standing()).toMatchObject({ hash, revision: 1, signOff: { id: made.id } })
  })

  it('is refused to whoever changed something in it, in a draft or by deploying, and to machines', async () => {
    await edit(admin, 'x-shop')
    const { hash, signatories } = await draftReview()
    expect(signatories).toMatchObject({ mayBeSignedBy: [reviewer.name], refusal: null })
    const own = signOff(admin, gatewayId(), { hash, note: '' })
    await expect(own).rejects.toMatchObject({ code: 'sign-off.not-yours' })
    const machine = signOff({ ...reviewer, kind: 'machine' }, gatewayId(), { hash, note: '' })
    await expect(machine).rejects.toMatchObject({ code: 'sign-off.not-yours' })
    const deployer = await home.actor('admin')
    await deploy(deployer)
    const deployed = signOff(deployer, gatewayId(), { hash, note: '' })
    await expect(deployed).rejects.toMatchObject({ code: 'sign-off.not-yours' })
    expect(() => signOff(operator, gatewayId(), { hash, note: '' })).toThrow(/reviews\.sign/)
    await signOff(reviewer, gatewayId(), { hash, note: '' })
  })

  it('still counts who edited a draft before the last sign-off that did not have it', async () => {
    await deploy()
    await edit(admin, 'x-shop')
    const { hash } = await standing()
    await signOff(reviewer, gatewayId(), { hash: hash ?? '', note: '' })
    const next = await draftReview()
    expect(next.signatories.authors).toContain(admin.name)
    await expect(signOff(admin, gatewayId(), { hash: next.hash, note: '' })).rejects.toMatchObject({
      code: 'sign-off.not-yours',
    })
  })

  it('forgets authors of what was signed off before', async () => {
    await edit(admin, 'x-shop')
    await deploy()
    await signOff(reviewer, gatewayId(), { hash: (await standing()).hash ?? '', note: '' })
    await edit(owner, 'x-other')
    const { hash } = await draftReview()
    await signOff(admin, gatewayId(), { hash, note: '' })
  })

  it('is refused when the draft has moved on', async () => {
    const { hash, id } = await draftReview()
    await edit(owner, 'x-shop')
    await expect(signOff(reviewer, gatewayId(), { hash, note: '' })).rejects.toMatchObject({
      code: 'sign-off.moved-on',
    })
    expect(await readReview(reviewer, id)).toMatchObject({ state: 'moved-on' })
  })

  it('is kept for good: an objection is another record, after which it counts no more', async () => {
    await deploy()
    const hash = (await standing()).hash ?? ''
    const { id } = await signOff(reviewer, gatewayId(), { hash, note: '' })
    await expect(signOff(admin, gatewayId(), { hash, note: '' })).rejects.toMatchObject({
      code: 'sign-off.given',
    })
    await object(admin, id, 'The CA is not ours')
    expect(await standing()).toMatchObject({ signOff: null, last: null })
    await expect(db().signOff.delete({ where: { id } })).rejects.toThrow(/kept for good/)
    await expect(db().signOff.update({ where: { id }, data: { note: 'x' } })).rejects.toThrow(/kept for good/)
    await signOff(await home.actor('reviewer'), gatewayId(), { hash, note: '' })
  })

  it('stands in the audit trail', async () => {
    const { hash } = await draftReview()
    await signOff(reviewer, gatewayId(), { hash, note: 'Fine' })
    const entries = await db().auditEntry.findMany({
      where: { organisationId: home.organisation.id },
      orderBy: { sequence: 'asc' },
    })
    expect(entries.map(({ action }) => action)).toEqual(['review.create', 'sign-off.create'])
    expect(entries.at(-1)?.after).toMatchObject({ hash, note: 'Fine' })
  })
})

describe('an environment that demands a sign-off', () => {
  it('refuses a deployment before it, with who may sign, and takes it after', async () => {
    await edit(owner, 'x-shop')
    await demand()
    const names = [admin.name, reviewer.name].toSorted()
    await expect(deploy()).rejects.toMatchObject({
      code: 'sign-off.required',
      extra: { mayBeSignedBy: names },
    })
    const { hash, id } = await draftReview()
    expect(await readDraft(operator, gatewayId())).toMatchObject({
      signOff: { hash, signOff: null, reviewId: id, mayBeSignedBy: names },
    })
    await signOff(reviewer, gatewayId(), { hash, note: '' })
    expect(await deploy()).toBe(1)
  })

  it('rolls back to what was signed off, and to nothing else', async () => {
    await deploy()
    const first = (await standing()).hash ?? ''
    await edit(owner, 'x-shop')
    await deploy()
    await edit(owner, 'x-other')
    await deploy()
    await signOff(reviewer, gatewayId(), { hash: (await standing()).hash ?? '', note: '' })
    await demand()
    const back = (to: number) => rollBack(operator, gatewayId(), to, { expectedHeadRevision: 3, note: '' })
    await expect(back(1)).rejects.toMatchObject({ code: 'sign-off.required' })
    await db().signOff.create({
      data: {
        organisationId: home.organisation.id,
        gatewayId: gatewayId(),
        hash: first,
        items: {},
        auditSequence: 0,
        openSince: {},
        signedById: reviewer.id,
        signedBy: reviewer.name,
      },
    })
    expect(await back(1)).toBe(4)
  })
})

describe('a review', () => {
  it('says what changed since the last sign-off, in words and on the topology', async () => {
    await deploy()
    await signOff(reviewer, gatewayId(), { hash: (await standing()).hash ?? '', note: '' })
    await edit(owner, 'x-shop')
    const review = await draftReview()
    expect(review).toMatchObject({ state: 'open', changes: 1, note: 'Please look', since: { revision: 1 } })
    expect(review.difference.groups.flatMap(({ changes }) => changes)).toHaveLength(1)
    const [from, to] = [review.from, review.to].map((text) => text?.split(':')[1] ?? '')
    const compared = await compareMoments(
      reviewer,
      { kind: 'sign-off', id: from ?? '' },
      { kind: 'review', id: to ?? '' },
    )
    expect(compared.topology.apis.map(({ id }) => id)).toEqual([orders])
    expect(compared.difference.legs).toEqual([])
  })

  it('is asked for once, stays readable when the draft goes on, and can be withdrawn', async () => {
    const { id } = await draftReview()
    await expect(draftReview()).rejects.toMatchObject({ code: 'review.open', extra: { reviewId: id } })
    await edit(owner, 'x-shop')
    const moved = await readReview(reviewer, id)
    expect(moved.difference.groups.map(({ title }) => title)).toContain('orders 1.0.0')
    await draftReview()
    expect((await listReviews(reviewer)).map(({ state }) => state)).toEqual(['open', 'moved-on'])
    await withdrawReview(owner, id)
    expect(await readReview(reviewer, id)).toMatchObject({ state: 'withdrawn' })
  })

  it('is nobody else’s', async () => {
    const { id, hash } = await draftReview()
    const stranger = await (await testOrganisation()).actor('admin')
    await expect(readReview(stranger, id)).rejects.toMatchObject({ code: 'not-found' })
    await expect(signOff(stranger, gatewayId(), { hash, note: '' })).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(await listReviews(stranger)).toEqual([])
  })
})

describe('comments', () => {
  const leg = () => ({ kind: 'leg' as const, id: `outbound:gateway:${gatewayId()}:api:${orders}` })

  it('stand on a leg with author and time, are answered, and are settled', async () => {
    const { id } = await beginThread(reviewer, { subject: leg(), text: 'Why plain?' })
    await addComment(owner, id, 'It is a pilot.')
    await resolveThread(reviewer, id, true)
    expect(await listThreads(owner)).toMatchObject([
      {
        subject: { name: 'edge to orders', legId: leg().id },
        comments: [
          { text: 'Why plain?', author: reviewer.name },
          { text: 'It is a pilot.', author: owner.name },
        ],
        resolvedBy: reviewer.name,
      },
    ])
  })

  it('are refused on what does not stand there now', async () => {
    const gone = { kind: 'leg' as const, id: 'outbound:gateway:x:api:y' }
    await expect(beginThread(reviewer, { subject: gone, text: '?' })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { db, transaction } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { admit, profile } from './admit.ts'

// The environment names an issuer that is not the bundled one.
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  Object.assign(process.env, { HEXGATE_BUNDLED_STS: 'false' })
})
afterAll(() => database.close())
beforeEach(async () => {
  await db().membership.deleteMany()
  await db().user.deleteMany()
  await db().dataKey.deleteMany()
  await db().organisation.deleteMany()
})

function enter(sub: string, claims: Record<string, unknown> = {}) {
  return transaction((tx) => admit(tx, profile.parse({ sub, ...claims })))
}

test('with a foreign issuer the first person becomes administrator, and only the first, even at once', async () => {
  const acme = await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((sub) => enter(sub)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const members = await db().membership.findMany()
  expect(members).toMatchObject([{ organisationId: acme.id, role: 'admin' }])
})

test('a foreign issuer’s word about roles counts for nothing', async () => {
  await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  await enter('first')
  await expect(enter('second', { hexgate_role: 'admin' })).rejects.toMatchObject({
    code: 'access.no-membership',
  })
})

test('with more than one organisation nobody becomes administrator by being first', async () => {
  await db().organisation.createMany({
    data: [
      { slug: 'acme', name: 'Acme' },
      { slug: 'other', name: 'Other' },
    ],
  })
  await expect(enter('first')).rejects.toMatchObject({ code: 'access.no-membership' })
})

test('an organisation whose members were all removed is not taken over', async () => {
  await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  await enter('first')
  await db().membership.updateMany({ data: { revokedAt: new Date() } })
  for (const sub of ['first', 'second']) {
    await expect(enter(sub)).rejects.toMatchObject({ code: 'access.no-membership' })
  }
})

test('an address is kept only when the issuer has verified it', async () => {
  await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  await enter('first', { email: 'First@Acme.test', email_verified: true })
  expect(await db().user.findFirst()).toMatchObject({ email: 'first@acme.test' })
  await enter('first', { email: 'boss@acme.test', email_verified: false, name: 'F' })
  expect(await db().user.findFirst()).toMatchObject({ email: null, name: 'F' })
})

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { env } from '../env.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { addMember, changeRole, listMembers, readMember, removeMember } from './members.ts'
import { endOwnSession, listOwnSessions } from './own-sessions.ts'
import { addServiceAccount, listServiceAccounts, removeServiceAccount } from './service-accounts.ts'

let database: TestDatabase
let acme: TestOrganisation
let admin: Actor
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  acme = await testOrganisation()
  admin = await acme.actor('admin')
})

function person(email: string) {
  return db().user.create({ data: { issuer: env().OIDC_ISSUER, subject: email, name: email, email } })
}

test('somebody who has signed in once can be let in, made something else, and removed', async () => {
  await person('rosa@acme.test')
  const { id, version } = await addMember({ email: 'Rosa@acme.test', role: 'viewer' }, admin)
  const changed = await changeRole(id, 'reviewer', admin, version)
  expect(changed.role).toBe('reviewer')
  expect((await listMembers(admin)).map(({ email }) => email)).toContain('rosa@acme.test')
  await removeMember(id, admin, changed.version)
  expect((await listMembers(admin)).map(({ email }) => email)).not.toContain('rosa@acme.test')
  expect((await addMember({ email: 'rosa@acme.test', role: 'owner' }, admin)).id).toBe(id)
})

test('a role that somebody else changed meanwhile is not changed over it, and who changed it is said', async () => {
  const [viewer] = (await listMembers(await acme.actor('viewer'))).filter(({ role }) => role === 'viewer')
  const { id = '', version = 0 } = viewer ?? {}
  await changeRole(id, 'owner', admin, version)
  const stale = {
    currentVersion: version + 1,
    changes: [{ actorName: admin.name, after: { role: 'owner' } }],
  }
  for (const late of [
    () => changeRole(id, 'operator', admin, version),
    () => removeMember(id, admin, version),
  ]) {
    await expect(late()).rejects.toMatchObject({ code: 'write.stale', extra: stale })
  }
  expect(await readMember(admin, id)).toMatchObject({ role: 'owner', version: version + 1 })
})

test('an address that nobody, or more than one, signed in with adds nobody', async () => {
  await expect(addMember({ email: 'nobody@acme.test', role: 'viewer' }, admin)).rejects.toMatchObject({
    code: 'not-found',
  })
  await person('twin@acme.test')
  await db().user.create({
    data: { issuer: env().OIDC_ISSUER, subject: 'other', name: 'Twin', email: 'twin@acme.test' },
  })
  await expect(addMember({ email: 'twin@acme.test', role: 'admin' }, admin)).rejects.toMatchObject({
    code: 'not-found',
  })
})

test('two administrators who remove each other at once leave one', async () => {
  const other = await acme.actor('admin')
  const [first, second] = (await listMembers(admin)).filter(({ role }) => role === 'admin')
  const outcomes = await Promise.allSettled([
    removeMember(first?.id ?? '', admin, first?.version ?? 0),
    removeMember(second?.id ?? '', other, second?.version ?? 0),
  ])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect((await listMembers(admin)).filter(({ role }) => role === 'admin')).toHaveLength(1)
})

test('nobody touches the members and machines of another organisation', async () => {
  const stranger = await (await testOrganisation()).actor('admin')
  const [mine] = await listMembers(admin)
  const machine = await addServiceAccount({ clientId: `c-${admin.id}`, name: 'CI', role: 'operator' }, admin)
  const tries = [
    () => changeRole(mine?.id ?? '', 'viewer', stranger, 1),
    () => removeMember(mine?.id ?? '', stranger, 1),
    () => removeServiceAccount(machine.id, stranger),
  ]
  for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ code: 'not-found' })
  expect(await listServiceAccounts(stranger)).toEqual([])
  await expect(
    addServiceAccount({ clientId: machine.clientId, name: 'Mine now', role: 'admin' }, stranger),
  ).rejects.toMatchObject({ code: 'name.taken' })
})

test('one sees and ends one’s own logins only', async () => {
  const other = await acme.actor('owner')
  const session = (userId: string, id: string) => ({
    id,
    userId,
    accessTokenSealed: 'v1.a.b.c',
    accessExpiresAt: new Date(),
    expiresAt: new Date(Date.now() + 60_000),
  })
  await db().session.createMany({
    data: [
      session(admin.id, `here-${admin.id}`),
      session(admin.id, `there-${admin.id}`),
      session(other.id, other.id),
    ],
  })
  const here = { ...admin, sessionId: `here-${admin.id}` }
  const listed = await listOwnSessions(here)
  expect(listed.filter(({ current }) => current)).toHaveLength(1)
  expect(listed).toHaveLength(2)
  expect(JSON.stringify(listed)).not.toContain(`there-${admin.id}`)
  const there = listed.find(({ current }) => !current)?.id ?? ''
  await expect(endOwnSession(there, other)).rejects.toMatchObject({ code: 'not-found' })
  await endOwnSession(there, here)
  expect(await listOwnSessions(here)).toHaveLength(1)
})

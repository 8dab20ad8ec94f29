import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from './actor.ts'
import { audit, firstBrokenLink } from './audit.ts'
import { db, transaction } from './db.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { testOrganisation } from './testing/organisation.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

async function entries(organisationId: string) {
  return db().auditEntry.findMany({ where: { organisationId }, orderBy: { sequence: 'asc' } })
}

async function write(actor: Actor, subjectId: string): Promise<void> {
  const event = {
    action: 'test.write',
    subjectKind: 'thing',
    subjectId,
    before: { a: 1 },
    after: { b: [2, null] },
  }
  await transaction((tx) => audit(tx, actor, event))
}

describe('the audit trail', () => {
  it('stays one unbroken chain when many write at once', async () => {
    const actor = await (await testOrganisation()).actor('admin')
    await Promise.all(Array.from({ length: 12 }, (_, index) => write(actor, `t${index}`)))
    const chain = await entries(actor.organisationId)
    expect(chain.map((entry) => entry.sequence)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
    expect(firstBrokenLink(chain)).toBeNull()
  })

  it('keeps a chain of its own for each organisation', async () => {
    const one = await (await testOrganisation()).actor('admin')
    const two = await (await testOrganisation()).actor('admin')
    await write(one, 'a')
    await write(two, 'b')
    expect((await entries(two.organisationId)).map((entry) => entry.sequence)).toEqual([1])
  })

  it('falls with the transaction that it belongs to', async () => {
    const actor = await (await testOrganisation()).actor('admin')
    const failing = transaction(async (tx) => {
      await audit(tx, actor, { action: 'test.write', subjectKind: 'thing', subjectId: 'x' })
      throw new Error('the change itself failed')
    })
    await expect(failing).rejects.toThrow('the change itself failed')
    expect(await entries(actor.organisationId)).toEqual([])
  })

  it('cannot be changed, deleted or emptied', async () => {
    const actor = await (await testOrganisation()).actor('admin')
    await write(actor, 'a')
    const where = { organisationId: actor.organisationId }
    await expect(db().auditEntry.updateMany({ where, data: { action: 'nothing' } })).rejects.toThrow(
      /append-only/,
    )
    await expect(db().auditEntry.deleteMany({ where })).rejects.toThrow(/append-only/)
    await expect(db().$executeRawUnsafe('TRUNCATE "AuditEntry"')).rejects.toThrow(/append-only/)
    expect(await entries(actor.organisationId)).toHaveLength(1)
  })

  it('shows the entry that was altered, left out or put elsewhere', async () => {
    const actor = await (await testOrganisation()).actor('admin')
    for (const id of ['a', 'b', 'c', 'd']) await write(actor, id)
    const [a, b, c, d] = await entries(actor.organisationId)
    if (!a || !b || !c || !d) throw new Error('four entries were written')
    expect(firstBrokenLink([a, { ...b, actorName: 'Mallory' }, c, d])).toBe(2)
    expect(firstBrokenLink([a, { ...b, after: { b: [3, null] } }, c, d])).toBe(2)
    expect(firstBrokenLink([a, c, d])).toBe(3)
    expect(firstBrokenLink([a, b, d, c])).toBe(4)
    expect(firstBrokenLink([b, c, d])).toBe(2)
  })
})

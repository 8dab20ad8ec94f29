import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, firstBrokenLink } from '../audit.ts'
import { db, transaction } from '../db.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { testOrganisation } from './organisation.ts'

describe('the database of a test file', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.close())

  it('keeps an audit trail whose hashes hold', async () => {
    const { organisation, actor } = await testOrganisation()
    const admin = await actor('admin')
    for (const action of ['first', 'second']) {
      await transaction((tx) =>
        audit(tx, admin, { action, subjectKind: 'test', subjectId: 'x', after: { a: 1 } }),
      )
    }
    const entries = await db().auditEntry.findMany({
      where: { organisationId: organisation.id },
      orderBy: { sequence: 'asc' },
    })
    expect(entries.map((entry) => entry.action)).toEqual(['first', 'second'])
    expect(firstBrokenLink(entries)).toBeNull()
  })

  it.each([
    'UPDATE "AuditEntry" SET "actorName" = $$nobody$$',
    'DELETE FROM "AuditEntry"',
    'TRUNCATE "AuditEntry"',
  ])('refuses to change the audit trail: %s', async (statement) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      await expect(client.query(statement)).rejects.toThrow(/append-only/)
    } finally {
      await client.end()
    }
  })
})

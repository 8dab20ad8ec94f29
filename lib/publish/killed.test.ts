import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { manifest as manifestSchema } from '#contract/manifest.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { draftApi, draftLimit } from './testing/draft.ts'
import { publish } from './write.ts'

let database: TestDatabase
let watcher: pg.Client
let org: TestOrganisation
let actor: Actor

beforeAll(async () => {
  database = await testDatabase()
  watcher = new pg.Client({ connectionString: database.url })
  await watcher.connect()
})
afterAll(async () => {
  await watcher.end()
  await database.close()
})
beforeEach(async () => {
  org = await testOrganisation()
  actor = await org.actor('operator')
})

function publishElsewhere(head: number): ChildProcess {
  const script = path.join(import.meta.dirname, 'testing/publish-once.ts')
  const child = spawn(process.execPath, [script, org.gateway.id, String(head), JSON.stringify(actor)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null
  child.kill('SIGKILL')
  await gone
}

async function untilCount(sql: string, values: unknown[], wanted: number): Promise<void> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const { rows } = await watcher.query<{ count: string }>(sql, values)
    if (Number(rows[0]?.count) === wanted) return
    if (Date.now() > deadline) throw new Error(`${sql} did not come to ${wanted}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const waitingForLock = `SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
  WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`
const publishersOpen = `SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND (state LIKE 'idle in transaction%' OR wait_event_type = 'Lock')`

/** Everything that a revision consists of is there, or nothing of it. */
async function expectWhole(): Promise<number> {
  const gateway = await db().gateway.findUniqueOrThrow({ where: { id: org.gateway.id } })
  const revisions = await db().revision.findMany({ where: { gatewayId: org.gateway.id } })
  const organisationId = org.organisation.id
  const entries = await db().auditEntry.count({ where: { organisationId, action: 'revision.deploy' } })
  expect(revisions).toHaveLength(gateway.headRevision)
  expect(entries).toBe(gateway.headRevision)
  for (const revision of revisions) {
    const hashes = Object.values(manifestSchema.parse(revision.manifest).items)
    const items = await db().item.count({ where: { organisationId, hash: { in: hashes } } })
    expect(items).toBe(new Set(hashes).size)
  }
  return gateway.headRevision
}

describe('a portal that is killed while it publishes', () => {
  it('leaves nothing behind when it dies before the end, and the next publication works', async () => {
    await draftApi(org.organisation.id, org.gateway.id, 'orders')
    // The audit entry is the last but one step: whoever holds its lock stops the publication there.
    await watcher.query('BEGIN')
    await watcher.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `audit:${org.organisation.id}`,
    ])
    const child = publishElsewhere(0)
    await untilCount(waitingForLock, [], 1)
    await kill(child)
    await watcher.query('ROLLBACK')
    await untilCount(publishersOpen, [], 0)
    expect(await expectWhole()).toBe(0)
    expect(await db().item.count({ where: { organisationId: org.organisation.id } })).toBe(0)
    expect(await publish(actor, org.gateway.id, { expectedHeadRevision: 0, note: '' })).toBe(1)
  })

  it('leaves a whole revision or none, whenever it dies', async () => {
    const instance = await draftApi(org.organisation.id, org.gateway.id, 'orders')
    for (let round = 0; round < 6; round++) {
      const head = await expectWhole()
      await draftLimit(org.organisation.id, instance, round + 1)
      const child = publishElsewhere(head)
      if (child.stdout) await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, round * 25))
      await kill(child)
      await untilCount(publishersOpen, [], 0)
      await expectWhole()
    }
  })
})

import { hash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { Failure, messageOf } from './failure.ts'
import { checkout } from './folders.ts'

/** Where migrations lie, in the form that Prisma knows: one folder each, with a migration.sql. */
export const migrationsFolder = path.join(checkout, 'prisma', 'migrations')

interface Migration {
  name: string
  sql: string
  checksum: string
}

// The lock that Prisma takes for the same purpose.
const migrationLock = 72_707_369

/**
 * Brings the database to this checkout's schema and returns the names of what was applied.
 * A migration and its row in `_prisma_migrations` are one transaction: a start that is killed in the middle
 * leaves nothing of it behind, and the next one does it again.
 */
export async function migrate(url: string, folder = migrationsFolder): Promise<string[]> {
  const known = await readMigrations(folder)
  const client = await connect(url)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await client.query(historyTable)
    const applied = await appliedMigrations(client)
    refuseForeign(known, applied)
    const pending = known.filter((migration) => !applied.has(migration.name))
    for (const migration of pending) await apply(client, migration)
    return pending.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

/** The migrations of a folder, oldest first. */
async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: hash('sha256', sql) }
    }),
  )
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  // A connection that is cut fails the query that runs; without a listener it would end the process too.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    const { host, pathname } = new URL(url)
    throw new Failure(`The database ${host}${pathname} cannot be reached: ${messageOf(error)}`)
  }
  return client
}

// As Prisma makes it, so that its own tools can read the history.
const historyTable = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT "migration_name" AS name, "checksum" AS checksum, "finished_at" IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL`,
  )
  const unfinished = rows.find((row) => !row.finished)
  if (unfinished) {
    throw new Failure(
      `Another tool left the migration ${unfinished.name} unfinished. Restore the database from a backup.`,
    )
  }
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function refuseForeign(known: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const checksums = new Map(known.map((migration) => [migration.name, migration.checksum]))
  for (const [name, checksum] of applied) {
    const ours = checksums.get(name)
    if (ours === undefined) {
      throw new Failure(
        `The database is newer than this checkout: it has the migration ${name}, which is not here. ` +
          'Update the checkout, or use another database.',
      )
    }
    if (ours !== checksum) {
      throw new Failure(
        `The migration ${name} was applied with another content than this checkout has. ` +
          'Take the matching checkout, or use another database.',
      )
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
         VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw new Failure(`The migration ${migration.name} failed and was rolled back: ${messageOf(error)}`)
  }
}

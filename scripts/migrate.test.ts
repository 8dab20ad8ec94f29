import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migrate, migrationsFolder } from './migrate.ts'
import { difference } from './migration.ts'
import type { Postgres } from './postgres.ts'
import { throwawayPostgres } from './throwaway-postgres.ts'

describe('migrations', () => {
  let postgres: Postgres
  let folder: string
  let url: string
  let client: pg.Client
  let count = 0

  beforeAll(async () => {
    postgres = await throwawayPostgres()
  })
  afterAll(async () => {
    await client?.end()
    await postgres.stop()
  })
  beforeEach(async () => {
    await client?.end()
    const address = new URL(postgres.url)
    const admin = new pg.Client({ connectionString: address.href })
    await admin.connect()
    const name = `migrate_${++count}`
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.end()
    address.pathname = `/${name}`
    url = address.href
    client = new pg.Client({ connectionString: url })
    await client.connect()
    folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-migrations-'))
    return () => rm(folder, { recursive: true })
  })

  const write = async (name: string, sql: string) => {
    await mkdir(path.join(folder, name), { recursive: true })
    await writeFile(path.join(folder, name, 'migration.sql'), sql)
  }
  const tables = async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
    )
    return rows.map((row) => row.name).sort()
  }

  it('applies what is pending, in order, and nothing twice', async () => {
    await write('1_first', 'CREATE TABLE one (id int)')
    expect(await migrate(url, folder)).toEqual(['1_first'])
    await write('2_second', 'ALTER TABLE one RENAME TO two')
    expect(await migrate(url, folder)).toEqual(['2_second'])
    expect(await migrate(url, folder)).toEqual([])
    expect(await tables()).toEqual(['two'])
  })

  it('runs statements with semicolons inside function bodies', async () => {
    await write('1_first', 'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;')
    await migrate(url, folder)
    expect((await client.query('SELECT f()')).rows).toEqual([{ f: 1 }])
  })

  it('leaves nothing of a migration that fails half-way, and applies it once it is mended', async () => {
    await write('1_first', 'CREATE TABLE one (id int); SELECT 1/0;')
    await expect(migrate(url, folder)).rejects.toThrow(/1_first failed and was rolled back: division by zero/)
    expect(await tables()).toEqual([])
    await write('1_first', 'CREATE TABLE one (id int)')
    expect(await migrate(url, folder)).toEqual(['1_first'])
  })

  it('leaves nothing of a migration that is killed half-way, and applies it at the next start', async () => {
    await write('1_first', 'CREATE TABLE one (id int); SELECT pg_sleep(60);')
    const killed = expect(migrate(url, folder)).rejects.toThrow(/rolled back/)
    await expect
      .poll(async () => {
        const { rows } = await client.query<{ pid: number }>(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
        )
        return rows.length
      })
      .toBe(1)
    await killed
    expect(await tables()).toEqual([])
    await write('1_first', 'CREATE TABLE one (id int)')
    expect(await migrate(url, folder)).toEqual(['1_first'])
  })

  it('applies each migration once when two starts race', async () => {
    await write('1_first', 'CREATE TABLE one (id int)')
    const results = await Promise.all([migrate(url, folder), migrate(url, folder)])
    expect(results.flat()).toEqual(['1_first'])
  })

  it('refuses a database that a newer checkout has migrated, in one line', async () => {
    await write('1_first', 'CREATE TABLE one (id int)')
    await write('2_newer', 'CREATE TABLE two (id int)')
    await migrate(url, folder)
    await rm(path.join(folder, '2_newer'), { recursive: true })
    const error: Error = await migrate(url, folder).then(
      () => Promise.reject(new Error('not refused')),
      (cause: Error) => cause,
    )
    expect(error.message).toMatch(/^The database is newer than this checkout: it has the migration 2_newer/)
    expect(error.message).not.toContain('\n')
  })

  it('refuses a database whose history another content of the same migration made', async () => {
    await write('1_first', 'CREATE TABLE one (id int)')
    await migrate(url, folder)
    await write('1_first', 'CREATE TABLE one (id bigint)')
    await expect(migrate(url, folder)).rejects.toThrow(/another content/)
  })

  it('says which database it cannot reach, without the password', async () => {
    const error: Error = await migrate('postgresql://me:hidden@127.0.0.1:1/none', folder).then(
      () => Promise.reject(new Error('not refused')),
      (cause: Error) => cause,
    )
    expect(error.message).toContain('127.0.0.1:1/none')
    expect(error.message).not.toContain('hidden')
  })

  it('has a migration for everything that the schema says', async () => {
    const schema = await readFile(path.join(migrationsFolder, '..', 'schema.prisma'), 'utf8')
    const snapshot = await readFile(path.join(migrationsFolder, 'schema.snapshot.prisma'), 'utf8')
    expect(await difference(snapshot, schema)).toContain('This is an empty migration')
    await migrate(url)
    expect(await tables()).toContain('AuditEntry')
  })
})

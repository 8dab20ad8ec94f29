import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdPostgres, type Postgres, startPostgres } from './postgres.ts'

async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the embedded PostgreSQL', () => {
  let folder: string
  const started: Postgres[] = []
  const start = async (durable = false) => {
    const postgres = await startPostgres(folder, { durable })
    started.push(postgres)
    return postgres
  }

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-postgres-test-'))
    await chmod(folder, 0o711)
  })
  afterEach(async () => {
    for (const postgres of started.splice(0)) await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('keeps its rows, its password and its port from one start to the next', async () => {
    const first = await start()
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const second = await start()
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('keeps the password in a file that nobody else can read, and lets nobody in without it', async () => {
    const postgres = await start()
    expect((await stat(path.join(folder, 'password'))).mode & 0o777).toBe(0o600)
    const stranger = new URL(postgres.url)
    stranger.password = 'guessed'
    await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  })

  it('listens on the loopback address alone', async () => {
    const postgres = await start()
    const [row] = await query<{ listen_addresses: string }>(postgres.url, 'SHOW listen_addresses')
    expect(row?.listen_addresses).toBe('127.0.0.1')
  })

  it('ends the server that a killed run left behind and goes on with its rows', async () => {
    const left = await start(true)
    await query(left.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    const next = await start(true)
    expect(next.pid).not.toBe(left.pid)
    expect(isAlive(left.pid)).toBe(false)
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('comes back with every committed row after kill -9', async () => {
    const killed = await start(true)
    await query(killed.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(killed.pid, 'SIGKILL')
    await killed.exited
    const next = await start(true)
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('is not fooled by a postmaster.pid whose number belongs to another process now', async () => {
    const first = await start()
    await first.stop()
    await writeFile(path.join(folder, 'data', 'postmaster.pid'), `${process.pid}\n${folder}/data\n0\n1\n`)
    const second = await start()
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('refuses to take the database away from another start that uses it', async () => {
    const first = await start()
    const hold = await holdPostgres(first)
    await expect(startPostgres(folder)).rejects.toThrow(/Another Hexgate is running/)
    await hold.release()
  })

  it('makes a cluster again whose making was cut short', async () => {
    await mkdir(path.join(folder, 'data'))
    await writeFile(path.join(folder, 'data', 'PG_VERSION'), '18\n')
    const postgres = await start()
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await readFile(path.join(folder, 'data', 'PG_VERSION'), 'utf8')).toMatch(/^18/)
  })

  it.runIf(process.getuid?.() === 0)('refuses to begin anew when its files became unreachable', async () => {
    await (await start()).stop()
    await chmod(folder, 0o700)
    await expect(startPostgres(folder, { durable: false })).rejects.toThrow(/can no longer reach its files/)
  })

  it.runIf(process.getuid?.() === 0)(
    'puts the files elsewhere when its own user cannot reach them',
    async () => {
      await chmod(folder, 0o700)
      const said: string[] = []
      const postgres = await startPostgres(folder, { durable: false, say: (line) => said.push(line) })
      started.push(postgres)
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect(said).toEqual([expect.stringContaining('cannot reach')])
      const home = (await readFile(path.join(folder, 'location'), 'utf8')).trim()
      await postgres.stop()
      await rm(home, { recursive: true })
    },
  )
})

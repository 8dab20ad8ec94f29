import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EmbeddedDatabase, startDatabase } from './database.ts'
import { isFree } from './ports.ts'

let folder: string
let database: EmbeddedDatabase
let lines: string[]
let onLine: (line: string) => void

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-database-test-'))
  await chmod(folder, 0o711)
  lines = []
  onLine = () => {}
  database = await startDatabase(
    folder,
    () => {},
    (line) => {
      lines.push(line)
      onLine(line)
    },
  )
})
afterEach(async () => {
  await database.stop()
  await rm(folder, { recursive: true, force: true })
})

const port = () => Number(new URL(database.url).port)

async function killServer(): Promise<void> {
  const [pid] = (await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
}

function untilLine(pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    onLine = (line) => pattern.test(line) && resolve()
  })
}

async function answer(): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query('SELECT 1 AS one')
  await client.end()
  return rows
}

it('a killed database is started again at the same address', async () => {
  const back = untilLine(/is back/)
  await killServer()
  await back
  expect(await answer()).toEqual([{ one: 1 }])
})

it('a killed database whose port was taken meanwhile comes back once the port is free', async () => {
  const taker = net.createServer()
  const refused = new Promise<void>((resolve) => {
    onLine = (line) => {
      // Before the restart gets to it.
      if (/is started again/.test(line)) taker.listen(port(), '127.0.0.1')
      if (line.includes(`${port()}`)) resolve()
    }
  })
  await killServer()
  await refused
  const back = untilLine(/is back/)
  taker.close()
  await back
  expect(await answer()).toEqual([{ one: 1 }])
})

it('stopped while it is being started again, it leaves no server behind', async () => {
  const ended = untilLine(/is started again/)
  await killServer()
  await ended
  await database.stop()
  expect(await isFree(port())).toBe(true)
  await expect(readFile(path.join(folder, 'data', 'postmaster.pid'))).rejects.toThrow(/ENOENT/)
})

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '#scripts/migrate.ts'
import { type Postgres, startPostgres } from '#scripts/postgres.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { toProblem } from '../endpoint.ts'
import { readHealth } from '../health.ts'
import { readDraft } from '../publish/read.ts'
import { draftApi, draftLimit } from '../publish/testing/draft.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { type TestHub, testBrowser, testHub, testNode, until } from './testing.ts'

let folder: string
let postgres: Postgres
let database: TestDatabase
let hub: TestHub
let org: TestOrganisation
let actor: Actor

beforeAll(async () => {
  // A server of its own, since it is killed; only the settings come from the shared one.
  database = await testDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-outage-'))
  await chmod(folder, 0o711)
  postgres = await startPostgres(folder, { durable: true })
  await migrate(postgres.url)
  process.env['DATABASE_URL'] = postgres.url
  hub = await testHub()
  org = await testOrganisation()
  actor = await org.actor('admin')
})
afterAll(async () => {
  await hub.close()
  await database.close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
})

const deploy = (head: number) => publish(actor, org.gateway.id, { expectedHeadRevision: head, note: '' })

describe('the portal whose PostgreSQL is killed', () => {
  it('says so, keeps its connections, and is well again by itself within five seconds', async () => {
    const instance = await draftApi(org.organisation.id, org.gateway.id, 'orders')
    await deploy(0)
    const node = await testNode(hub.origin, org.gateway.id, actor)
    const browser = await testBrowser(hub.origin, actor)
    await node.hello()
    const served = (revision: number) =>
      until(
        async () =>
          (await db().node.findUniqueOrThrow({ where: { id: node.nodeId } })).appliedRevision === revision,
      )
    await served(1)
    await until(async () => (await readHealth()).status === 'ok')

    process.kill(postgres.pid, 'SIGKILL')
    await postgres.exited
    const health = await until(async () => {
      const read = await readHealth()
      return read.problems.length === 2 && read
    })
    expect(health.problems.map(({ part }) => part)).toEqual(['database', 'hub'])
    const failure = await readDraft(actor, org.gateway.id).catch(toProblem)
    expect(failure).toMatchObject({ code: 'database.unavailable', status: 503 })
    expect(node.socket.connected).toBe(true)
    expect(browser.socket.connected).toBe(true)

    postgres = await startPostgres(folder, { durable: true })
    const back = Date.now()
    await until(async () => (await readHealth()).status === 'ok')
    expect(Date.now() - back).toBeLessThan(5_000)

    browser.heard.length = 0
    await draftLimit(org.organisation.id, instance, 5)
    await deploy(1)
    await served(2)
    expect(node.received.map(({ signed }) => signed.manifest.revision)).toEqual([1, 2])
    await until(() => browser.heard.some(({ topic }) => topic === 'revisions'))
    node.socket.disconnect()
    browser.socket.disconnect()
  }, 60_000)

  it('brings nodes up to date with what was published while it heard nothing', async () => {
    const node = await testNode(hub.origin, org.gateway.id, actor)
    await node.hello()
    await until(() => node.received.length === 1)
    // Only the listening connection is cut, and a revision comes before it is back.
    await db().$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1' AND pid <> pg_backend_pid()`
    await until(() => !hub.hub.listening)
    await draftApi(org.organisation.id, org.gateway.id, 'rates')
    await deploy(2)
    await until(() => node.received.length === 2)
    node.socket.disconnect()
  })
})

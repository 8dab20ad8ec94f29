import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, transaction } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { readOverview } from './overview.ts'
import { readTrail, verifyTrail } from './trail.ts'

let database: TestDatabase
let admin: Actor

async function write(actor: Actor, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const outcome = index % 2 === 0 ? ('done' as const) : ('refused' as const)
    const event = { action: `test.${index}`, subjectKind: 'thing', subjectId: String(index), outcome }
    await transaction((tx) => audit(tx, actor, event))
  }
}

beforeAll(async () => {
  database = await testDatabase()
  admin = await (await testOrganisation()).actor('admin')
  await write(admin, 7)
})
afterAll(() => database.close())

describe('the audit trail', () => {
  it('is read newest first, page by page, each entry once', async () => {
    const first = await readTrail(admin, { limit: 4 })
    const second = await readTrail(admin, { limit: 4, cursor: first.nextCursor ?? '0' })
    expect([...first.entries, ...second.entries].map(({ sequence }) => sequence)).toEqual([
      7, 6, 5, 4, 3, 2, 1,
    ])
    expect(second.nextCursor).toBeNull()
  })

  it('can be held to refusals', async () => {
    const { entries } = await readTrail(admin, { limit: 50, outcome: 'refused' })
    expect(entries.map(({ action }) => action)).toEqual(['test.5', 'test.3', 'test.1'])
  })

  it("shows nothing of another organisation's", async () => {
    const stranger = await (await testOrganisation()).actor('admin')
    expect((await readTrail(stranger, { limit: 50 })).entries).toEqual([])
  })

  it('is not for an owner', async () => {
    const owner = { ...admin, role: 'owner' as const }
    await expect(readTrail(owner, { limit: 1 })).rejects.toMatchObject({ code: 'access.denied' })
    await expect(verifyTrail(owner)).rejects.toMatchObject({ code: 'access.denied' })
  })

  it('holds when nobody touched it, and names the entry that was changed behind our back', async () => {
    const victim = await (await testOrganisation()).actor('admin')
    await write(victim, 4)
    expect(await verifyTrail(victim)).toMatchObject({ entries: 4, brokenAt: null })
    await db().$transaction([
      db().$executeRaw`SET LOCAL session_replication_role = replica`,
      db()
        .$executeRaw`UPDATE "AuditEntry" SET action = 'nothing' WHERE sequence = 3 AND "organisationId" = ${victim.organisationId}::uuid`,
    ])
    expect(await verifyTrail(victim)).toMatchObject({ brokenAt: 3 })
  })
})

describe('the overview', () => {
  it('counts what there is and nothing else', async () => {
    const home = await testOrganisation()
    const viewer = await home.actor('viewer')
    expect(await readOverview(viewer)).toEqual({
      apis: [],
      apisTotal: 0,
      gateways: [
        {
          id: home.gateway.id,
          name: 'edge',
          trouble: { certificatesExpired: 0, certificatesExpiring: 0, upstreamsUnhealthy: 0 },
        },
      ],
      nodes: [],
      requestsPerSecond: null,
      errorsPerSecond: null,
      refusedPerSecond: null,
      undeployed: [],
      open: [],
      revisions: [],
    })
  })
})

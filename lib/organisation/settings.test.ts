import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dayMs } from '#domain/certificate.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { storedAt } from '../history/stored-at.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { listExpiries, readStanding } from '../trust/expiries.ts'
import { certificateInput } from '../trust/input.ts'
import { developmentAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { changeOrganisation, readOrganisation } from './settings.ts'

let database: TestDatabase
let admin: Actor

beforeAll(async () => {
  database = await testDatabase()
  admin = await (await testOrganisation()).actor('admin')
})
afterAll(() => database.close())

async function set(warningDays: number): Promise<void> {
  const { version } = await readOrganisation(admin)
  await changeOrganisation(admin, { warningDays }, version)
}

describe('the warning days of the organisation', () => {
  it('decide from when on what nobody says otherwise of is warned of, and are 30 at first', async () => {
    const { issuing } = await developmentAuthority(admin)
    const wish = { kind: 'server', authorityId: issuing.id, lifetimeDays: 300 }
    const names = [{ type: 'dns', value: 'shop.example' }]
    const make = (more: object) =>
      createCertificate(admin, certificateInput.parse({ source: 'issue', ...wish, names, ...more }))
    const usual = await make({ name: 'Usual' })
    const own = await make({ name: 'Own', rotationWindowDays: 80 })
    const at = new Date(Date.parse(usual.chain[0]?.notAfter ?? '') - 50 * dayMs)
    const stateOf = async (id: string) =>
      (await listExpiries(admin, at)).entries.find(({ about }) => about.id === id)?.ends?.state
    expect([await stateOf(usual.id), await stateOf(own.id)]).toEqual(['valid', 'expiring'])
    await set(60)
    expect([await stateOf(usual.id), await stateOf(own.id)]).toEqual(['expiring', 'expiring'])
    expect((await readStanding(admin, usual.id, at)).validity?.warningDays).toBe(60)
  })

  it('are, of the past, those of then', async () => {
    await set(45)
    const { at } = await db().auditEntry.findFirstOrThrow({
      where: { organisationId: admin.organisationId, action: 'organisation.update' },
      orderBy: { sequence: 'desc' },
    })
    const moment = new Date(Math.max(at.getTime(), Date.now()))
    const daysAt = async (when: Date) =>
      (await storedAt(db(), admin.organisationId, when)).watch.expiryWarningDays
    expect(await daysAt(moment)).toBe(45)
    await set(10)
    expect(await daysAt(moment)).toBe(45)
    expect(await daysAt(new Date(Date.now() + 1_000))).toBe(10)
    expect(await daysAt(new Date('2020-01-01'))).toBe(30)
  })

  it('are set by an admin, who has seen the version that is changed, and stand in the trail', async () => {
    const operator = { ...admin, role: 'operator' as const }
    expect(() => changeOrganisation(operator, { warningDays: 7 }, 1)).toThrow(
      expect.objectContaining({ code: 'access.denied' }),
    )
    await expect(changeOrganisation(admin, { warningDays: 7 }, 1)).rejects.toMatchObject({
      code: 'write.stale',
    })
    const { version, warningDays } = await readOrganisation(admin)
    await set(20)
    const entry = await db().auditEntry.findFirst({
      where: {
        organisationId: admin.organisationId,
        action: 'organisation.update',
        subjectVersion: version + 1,
      },
    })
    expect(entry).toMatchObject({ before: { warningDays }, after: { warningDays: 20 } })
  })
})

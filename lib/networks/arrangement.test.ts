import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { arrange, resetArrangement } from './arrangement.ts'
import { readTopology } from './read.ts'

let database: TestDatabase
let home: TestOrganisation
let operator: Actor
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  operator = await home.actor('operator')
})

async function network(name: string, organisationId = home.organisation.id): Promise<string> {
  const { id } = await db().network.create({
    data: { organisationId, name, class: 'org-internal', location: 'vpc' },
  })
  return `network:${id}`
}

const arrangement = async (actor: Actor) => (await readTopology(actor)).arrangement

describe('what is put by hand on the map', () => {
  it('stays for everybody of the organisation until it is automatic again', async () => {
    const [a, b, c] = [await network('a'), await network('b'), await network('c')]
    await arrange(operator, { boxes: [b, a] })
    await arrange(operator, { boxes: [`gateway:${home.gateway.id}`] })
    await arrange(operator, { boxes: [c, b, a] })
    const viewer = await home.actor('viewer')
    expect(await arrangement(viewer)).toEqual({ [c]: 0, [b]: 1, [a]: 2, [`gateway:${home.gateway.id}`]: 0 })
    await resetArrangement(operator)
    expect(await arrangement(viewer)).toEqual({})
  })

  it('is of what is on the organisation’s own map, and of those who may change it', async () => {
    const stranger = await testOrganisation()
    const theirs = await network('theirs', stranger.organisation.id)
    await expect(arrange(operator, { boxes: [await network('ours'), theirs] })).rejects.toMatchObject({
      code: 'not-found',
    })
    const viewer = await home.actor('viewer')
    expect(() => arrange(viewer, { boxes: [theirs] })).toThrow(
      expect.objectContaining({ code: 'access.denied' }),
    )
    expect(() => resetArrangement(viewer)).toThrow(expect.objectContaining({ code: 'access.denied' }))
    expect(await arrangement(operator)).toEqual({})
  })
})

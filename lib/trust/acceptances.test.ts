import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readTopology } from '../networks/read.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { acceptFinding, listAcceptances, withdrawAcceptance } from './acceptances.ts'
import { createContext } from './write-context.ts'
import { faultsOf, type TrustHome, trustHome } from './testing/trust-home.ts'

const dayMs = 86_400_000

let database: TestDatabase
let owner: TrustHome['owner']
let issuing: TrustHome['issuing']

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;({ owner, issuing } = await trustHome())
})

describe('an accepted finding', () => {
  it('is told with who answers for it, until the day comes or it is withdrawn', async () => {
    const grey = await createContext(owner, {
      name: 'Grey',
      class: 'non-org-external',
      authorityIds: [issuing.id],
      keystoreId: null,
    })
    const finding = async () => (await readTopology(owner)).findings.find(({ about }) => about.id === grey.id)
    const found = await finding()
    if (!found) throw new Error('nothing was found')
    const until = new Date(Date.now() + dayMs).toISOString()
    const input = {
      findingId: found.id,
      severity: found.severity,
      owner: 'Security',
      reason: 'A pilot',
      until,
    }
    const accepted = await acceptFinding(owner, input)
    expect((await finding())?.accepted).toEqual({
      id: accepted.id,
      owner: 'Security',
      reason: 'A pilot',
      until,
    })
    await acceptFinding(owner, { ...input, reason: 'Still a pilot' })
    expect(await listAcceptances(owner)).toMatchObject([{ id: accepted.id, reason: 'Still a pilot' }])
    await withdrawAcceptance(owner, accepted.id)
    expect((await finding())?.accepted).toBeNull()
    expect(await faultsOf(acceptFinding(owner, { ...input, until: new Date(0).toISOString() }))).toEqual([
      'request.invalid',
      '/until Give a day that is still to come.',
    ])
  })
})

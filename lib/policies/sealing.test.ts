import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Chain, ChainStep } from '#domain/chain.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { itemsByHash } from '../publish/draft.ts'
import { readDraft } from '../publish/read.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { checkSteps, readChain } from './read.ts'
import { replaceChain } from './write.ts'

const dots = '••••••••'
const planted = 'planted-3c1f'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let instanceId: string

beforeAll(async () => {
  database = await testDatabase()
  home = await testOrganisation()
  owner = await home.actor('admin')
  instanceId = await draftApi(home.organisation.id, home.gateway.id, 'sealed')
})
afterAll(() => database.close())

function step(config: Record<string, unknown>) {
  return {
    kind: 'jwt-validation',
    label: '',
    enabled: true,
    dryRun: false,
    rules: [],
    upstreams: [],
    config: { jwtKeyOrigin: 'text', signingMethod: 'hmac', signingKeyLength: 256, ...config },
  }
}

const secret = (mark: string) => `${planted}-${mark}-${'x'.repeat(40)}`

function onlyStepOf({ policies: [first] }: Chain): ChainStep {
  if (first === undefined) throw new Error('the chain is empty')
  const { verdict: _, ...step } = first
  return step
}

/** Everything that the database holds, as text. */
async function dump(): Promise<string> {
  const rows = await Promise.all([
    db().policyAttachment.findMany(),
    db().item.findMany(),
    db().auditEntry.findMany(),
    db().revision.findMany(),
  ])
  return JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}

describe('a secret in a policy', () => {
  it('is in no answer and nowhere in the database, and reaches the nodes as it is', async () => {
    const saved = await replaceChain(owner, instanceId, [step({ textKey: secret('a') })], 1)
    expect(saved.policies[0]?.config).toMatchObject({ textKey: dots })
    expect(JSON.stringify(saved)).not.toContain(planted)
    const number = await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
    expect(await dump()).not.toContain(planted)
    const revision = await db().revision.findFirstOrThrow({ where: { gatewayId: home.gateway.id, number } })
    const { items } = revision.manifest as { items: Record<string, string> }
    const hash = items[`api:${instanceId}`] ?? ''
    const api = (await itemsByHash(db(), home.organisation.id, [hash])).get(hash)
    expect(JSON.stringify(api)).toContain(secret('a'))
  })

  it('stays as it is where the dots come back, and the form is judged by it', async () => {
    const before = await readChain(owner, instanceId)
    const shown = onlyStepOf(before)
    const [judged] = await checkSteps(owner, [{ id: shown.id, kind: shown.kind, config: shown.config }])
    expect(judged).toMatchObject({ faults: [], config: { textKey: dots } })
    const after = await replaceChain(owner, instanceId, [shown], before.version)
    expect(after.policies[0]?.verdict.faults).toEqual([])
    expect(after.deployed?.policies[0]?.config).toEqual(after.policies[0]?.config)
  })

  it('that was changed shows as another one beside what runs', async () => {
    const before = await readChain(owner, instanceId)
    const shown = onlyStepOf(before)
    const changed = { ...shown, config: { ...shown.config, textKey: secret('b') } }
    const after = await replaceChain(owner, instanceId, [changed], before.version)
    expect(after.deployed?.policies[0]?.config['textKey']).toBe(`${dots} (another one)`)
    const difference = await readDraft(owner, home.gateway.id)
    expect(difference.difference.groups.flatMap((group) => group.changes)).toHaveLength(1)
    expect(JSON.stringify(difference)).not.toContain(planted)
  })

  it('cannot be had by giving the dots to another step', async () => {
    const before = await readChain(owner, instanceId)
    await expect(
      replaceChain(owner, instanceId, [step({ textKey: dots })], before.version),
    ).rejects.toMatchObject({ faults: [{ pointer: '/policies/0/config/textKey' }] })
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '#domain/problem.ts'
import { samples } from '#policies/samples.ts'
import type { Actor } from '../actor.ts'
import { readInstance } from '../catalog/read.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { readChain } from './read.ts'
import { addPolicy, replaceChain } from './write.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor

beforeAll(async () => {
  database = await testDatabase()
  home = await testOrganisation()
  owner = await home.actor('owner')
})
afterAll(() => database.close())

async function instance(destinations: object[] = []): Promise<string> {
  const organisationId = home.organisation.id
  const name = `api-${randomUUID().slice(0, 8)}`
  const api = await db().api.create({ data: { organisationId, name, title: name } })
  const version = await db().apiVersion.create({
    data: {
      organisationId,
      apiId: api.id,
      label: 'v1',
      sourceFormat: 'openapi-3.1',
      definition: {},
      definitionSha256: '0'.repeat(64),
      operations: [],
      servers: [],
      notes: [],
      createdBy: 'test',
    },
  })
  const row = await db().apiInstance.create({
    data: {
      organisationId,
      apiVersionId: version.id,
      gatewayId: home.gateway.id,
      basePath: `/${name}`,
      upstreamUrl: 'http://127.0.0.1:9',
      destinations,
    },
  })
  return row.id
}

const limit = (maximumRequests: number) => ({
  kind: 'rate-limiting',
  label: '',
  enabled: true,
  dryRun: false,
  rules: [],
  upstreams: [],
  config: { rateLimits: [{ maximumRequests, timePeriodInMilliseconds: 60_000 }] },
})
const keys = {
  kind: 'api-key-auth',
  label: '',
  enabled: true,
  dryRun: false,
  rules: [],
  upstreams: [],
  config: {},
}

const problem = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('was not refused')
    },
    (error: Problem) => error,
  )

describe('a policy with a secret', () => {
  it('is summed up in the view of its API although the secret lies sealed', async () => {
    const id = await instance()
    const tls = {
      kind: 'tls',
      label: '',
      enabled: true,
      dryRun: false,
      rules: [],
      upstreams: [],
      config: samples['tls']?.least ?? {},
    }
    await replaceChain(owner, id, [tls], 1)
    expect((await readInstance(owner, id)).policies).toMatchObject([
      { summary: 'Any client, TLS 1.2 or newer' },
    ])
  })
})

describe('replacing a chain', () => {
  it('keeps the order and the ids, writes defaults out and counts the version up', async () => {
    const id = await instance()
    const first = await replaceChain(owner, id, [keys, limit(5)], 1)
    expect(first.version).toBe(2)
    expect(first.policies.map(({ kind }) => kind)).toEqual(['api-key-auth', 'rate-limiting'])
    expect(first.policies[0]?.config).toMatchObject({ in: 'header', key: 'x-api-key', hideCredentials: true })
    const [a, b] = first.policies
    const swapped = await replaceChain(owner, id, [b, a].map(asInput), 2)
    expect(swapped.policies.map((step) => step.id)).toEqual([b?.id, a?.id])
  })

  it('refuses an older version and says what was changed since, by whom', async () => {
    const id = await instance()
    await replaceChain(owner, id, [limit(5)], 1)
    const refusal = await problem(replaceChain(owner, id, [], 1))
    expect(refusal.code).toBe('write.stale')
    expect(refusal.extra).toMatchObject({ currentVersion: 2, changes: [{ actorName: owner.name }] })
  })

  it('names every field that does not fit, and saves nothing', async () => {
    const id = await instance()
    const refusal = await problem(replaceChain(owner, id, [keys, limit(0)], 1))
    expect(refusal.code).toBe('policy.config-invalid')
    expect(refusal.faults.map(({ pointer }) => pointer)).toEqual([
      '/policies/1/config/rateLimits/0/maximumRequests',
    ])
    expect(await readChain(owner, id)).toMatchObject({ version: 1, policies: [] })
  })

  it('refuses a policy that there is not, and never skips it', async () => {
    const id = await instance()
    const unknown = {
      kind: 'from-the-future',
      label: '',
      enabled: true,
      dryRun: false,
      rules: [],
      upstreams: [],
      config: {},
    }
    const refusal = await problem(replaceChain(owner, id, [keys, unknown], 1))
    expect(refusal).toMatchObject({ code: 'policy.unknown', faults: [{ pointer: '/policies/1/kind' }] })
  })

  it('takes the upstreams that a policy is for, by the names that the API has for them', async () => {
    const id = await instance([{ name: 'bills', endpoints: [{ url: 'https://bills.internal' }] }])
    const timeout = (...upstreams: string[]) => ({ ...keys, kind: 'connect-timeout', upstreams })
    const saved = await replaceChain(owner, id, [timeout('bills', 'main', 'bills'), keys], 1)
    expect(saved.upstreams).toEqual(['main', 'bills'])
    expect(saved.policies.map(({ upstreams }) => upstreams)).toEqual([['main', 'bills'], []])
    const aimed = { ...keys, upstreams: ['main'] }
    const refusal = await problem(replaceChain(owner, id, [timeout('main', 'stock'), aimed], 2))
    expect(refusal.faults).toEqual([
      { pointer: '/policies/0/upstreams/1', detail: 'The API has no upstream called stock.' },
      {
        pointer: '/policies/1/upstreams',
        detail: 'api-key-auth is not about upstreams and cannot be for some of them.',
      },
    ])
    expect((await readChain(owner, id)).policies[0]?.upstreams).toEqual(['main', 'bills'])
  })

  it('writes who changed what into the audit trail', async () => {
    const id = await instance()
    await replaceChain(owner, id, [limit(5)], 1)
    const entry = await db().auditEntry.findFirstOrThrow({ where: { subjectId: id } })
    expect(entry).toMatchObject({
      action: 'instance.policies.replace',
      actorName: owner.name,
      subjectVersion: 2,
      before: { policies: [] },
      after: { policies: [{ kind: 'rate-limiting' }] },
    })
  })

  it('lets one of two simultaneous writes win and refuses the other', async () => {
    const id = await instance()
    const results = await Promise.allSettled([
      replaceChain(owner, id, [limit(5)], 1),
      replaceChain(owner, id, [limit(6)], 1),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it("never touches a step of another instance or another organisation's instance", async () => {
    const [mine, other] = [await instance(), await instance()]
    const [step] = (await replaceChain(owner, other, [limit(5)], 1)).policies
    const refusal = await problem(replaceChain(owner, mine, [asInput(step)], 1))
    expect(refusal.faults).toEqual([{ pointer: '/policies/0/id', detail: 'This id is taken.' }])
    const stranger = await (await testOrganisation()).actor('admin')
    expect((await problem(replaceChain(stranger, mine, [], 1))).code).toBe('not-found')
    expect((await problem(readChain(stranger, mine))).code).toBe('not-found')
  })

  it('is not for a reviewer', async () => {
    const id = await instance()
    const reviewer = await home.actor('reviewer')
    expect((await problem(replaceChain(reviewer, id, [], 1))).code).toBe('access.denied')
  })
})

describe('adding one policy', () => {
  it('puts it where its category belongs and leaves the others alone', async () => {
    const id = await instance()
    await addPolicy(owner, id, limit(5))
    const chain = await addPolicy(owner, id, keys)
    expect(chain.policies.map(({ kind }) => kind)).toEqual(['api-key-auth', 'rate-limiting'])
    expect(chain.version).toBe(3)
  })
})

function asInput(step: Awaited<ReturnType<typeof readChain>>['policies'][number] | undefined) {
  if (!step) throw new Error('there is no such step')
  const { verdict: _, ...input } = step
  return input
}

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImportWish } from '#domain/catalog.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { admitConsumer, issueCredential, listConsumers, revokeCredential } from './consumers.ts'
import { listApis, readApi, readDefinition, readInstance, readTraffic, readVersion } from './read.ts'
import { importApi } from './import-api.ts'
import { previewImport } from './preview-import.ts'
import { deleteApi } from './write-api.ts'
import { changeInstance, exposeVersion, removeInstance } from './write-instance.ts'

function orders(label = '1.0.0', more: object = {}): string {
  return JSON.stringify({
    openapi: '3.0.3',
    info: { title: 'Orders API', version: label, description: 'Takes orders.' },
    servers: [{ url: 'http://orders.example:9000/v1/' }],
    paths: {
      '/orders': { get: { operationId: 'list', summary: 'List', responses: { 200: { description: 'ok' } } } },
    },
    ...more,
  })
}

function wish(text: string, more: Partial<ImportWish> = {}): ImportWish {
  return { source: { text }, host: '*', deploy: false, ...more }
}

describe('the catalog', () => {
  let database: TestDatabase
  let mine: TestOrganisation
  let owner: Actor
  let stranger: Actor
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.close())
  const fresh = async () => {
    mine = await testOrganisation()
    owner = await mine.actor('owner')
    stranger = await (await testOrganisation()).actor('admin')
  }

  it('imports a document as an API, a version and an instance in one piece, and audits each', async () => {
    await fresh()
    const done = await importApi(owner, wish(orders()))
    expect(done).toMatchObject({ outcome: 'created', revision: null, notDeployed: null })
    const api = await readApi(owner, done.apiId)
    expect(api).toMatchObject({ name: 'orders-api', title: 'Orders API', version: 1 })
    expect(api.instances).toMatchObject([
      {
        basePath: '/orders-api',
        upstreamUrl: 'http://orders.example:9000/v1',
        endpointUrl: 'http://localhost:8081/orders-api',
        keyPlace: null,
      },
    ])
    const version = await readVersion(owner, done.apiId, done.versionId)
    expect(version.operationList).toMatchObject([{ method: 'GET', path: '/orders', operationId: 'list' }])
    const actions = await db().auditEntry.findMany({
      where: { organisationId: owner.organisationId },
      orderBy: { sequence: 'asc' },
      select: { action: true },
    })
    expect(actions.map(({ action }) => action)).toEqual([
      'api.create',
      'api-version.create',
      'instance.create',
    ])
  })

  it('keeps the definition as it was written, members in their order', async () => {
    await fresh()
    const text = orders()
    const { apiId, versionId } = await importApi(owner, wish(text))
    expect(await readDefinition(owner, apiId, versionId)).toBe(text)
  })

  it('previews what an import would do and changes nothing', async () => {
    await fresh()
    const preview = await previewImport(owner, { text: orders() }, undefined)
    expect(preview).toMatchObject({
      name: 'orders-api',
      effect: 'new-api',
      proposal: {
        gatewayId: mine.gateway.id,
        basePath: '/orders-api',
        upstreamUrl: 'http://orders.example:9000/v1',
      },
    })
    expect(await db().api.count({ where: { organisationId: owner.organisationId } })).toBe(0)
    await importApi(owner, wish(orders(), { basePath: '/shop' }))
    expect(await previewImport(owner, { text: orders() }, undefined)).toMatchObject({
      effect: 'same-content',
      proposal: { basePath: '/shop' },
    })
    expect(await previewImport(owner, { text: orders('2.0.0') }, undefined)).toMatchObject({
      effect: 'new-version',
    })
    expect(await previewImport(owner, { text: orders('1.0.0', { tags: [] }) }, undefined)).toMatchObject({
      effect: 'version-taken',
    })
  })

  it('adds a version under a new label, and the instance moves to it', async () => {
    await fresh()
    const first = await importApi(owner, wish(orders('1.0.0')))
    const second = await importApi(owner, wish(orders('1.1.0')))
    expect(second).toMatchObject({
      outcome: 'version-added',
      apiId: first.apiId,
      instanceId: first.instanceId,
    })
    const api = await readApi(owner, first.apiId)
    expect(api.versions.map(({ label }) => label)).toEqual(['1.1.0', '1.0.0'])
    expect(api.instances).toMatchObject([{ versionLabel: '1.1.0', version: 2 }])
  })

  it('says that the same content is there, and refuses other content under the same label', async () => {
    await fresh()
    const first = await importApi(owner, wish(orders()))
    expect(await importApi(owner, wish(orders()))).toMatchObject({ outcome: 'unchanged', ...idsOf(first) })
    await expect(importApi(owner, wish(orders('1.0.0', { tags: [] })))).rejects.toMatchObject({
      code: 'api.version-taken',
    })
    expect((await readApi(owner, first.apiId)).versions).toHaveLength(1)
  })

  it('refuses a base path that another API answers at, by its name, and imports nothing', async () => {
    await fresh()
    await importApi(owner, wish(orders(), { basePath: '/shop' }))
    const other = orders().replace('Orders API', 'Bills API')
    await expect(importApi(owner, wish(other, { basePath: '/shop' }))).rejects.toMatchObject({
      code: 'instance.path-taken',
      extra: { apiName: 'orders-api' },
      faults: [
        {
          pointer: '/basePath',
          detail: 'bills-api 1.0.0 and orders-api 1.0.0 both answer at /shop on the listener http',
        },
      ],
    })
    expect((await listApis(owner, { limit: 10 })).total).toBe(1)
  })

  it.each([
    ['http://169.254.169.254/latest', /credentials/],
    ['file:///etc/passwd', /http/],
    ['http://user:secret@orders.example/', /user name/],
    ['http://0/', /unspecified/],
    ['not a url', /URL/],
  ])('refuses the upstream %s at save', async (upstreamUrl, reason) => {
    await fresh()
    await expect(importApi(owner, wish(orders(), { upstreamUrl }))).rejects.toMatchObject({
      code: 'instance.upstream-forbidden',
      message: expect.stringMatching(reason),
    })
    expect((await listApis(owner, { limit: 10 })).total).toBe(0)
  })

  it('imports nothing of a document that is wrong, and says where', async () => {
    await fresh()
    const text = 'openapi: 3.0.3\ninfo:\n  title: Orders\n  version: "1"\npaths:\n  orders: {}\n'
    await expect(importApi(owner, wish(text))).rejects.toMatchObject({
      code: 'api.definition-invalid',
      faults: [{ pointer: '/paths/orders', line: 6, column: 3 }],
    })
    expect((await listApis(owner, { limit: 10 })).total).toBe(0)
  })

  it('imports what was looked at, or not at all', async () => {
    await fresh()
    const { sha256 } = await previewImport(owner, { text: orders() }, undefined)
    await expect(importApi(owner, wish(orders('2'), { expectedSha256: sha256 }))).rejects.toMatchObject({
      code: 'write.stale',
    })
  })

  it('imports and deploys in one call', async () => {
    await fresh()
    const done = await importApi(owner, wish(orders(), { deploy: true }))
    expect(done).toMatchObject({ revision: 1, notDeployed: null })
    const { apis } = await listApis(owner, { limit: 10 })
    expect(apis).toMatchObject([{ exposures: [{ state: 'in-sync', requestsPerSecond: null }] }])
  })

  it('imports although it cannot be deployed, and says why', async () => {
    await fresh()
    const first = await importApi(owner, wish(orders(), { deploy: true }))
    expect(first.revision).toBe(1)
    const again = await importApi(owner, wish(orders(), { deploy: true }))
    expect(again).toMatchObject({
      outcome: 'unchanged',
      revision: null,
      notDeployed: expect.stringContaining('already'),
    })
  })

  it('serialises two imports of the same name: one API, no failure that is not a problem', async () => {
    await fresh()
    const both = await Promise.allSettled([
      importApi(owner, wish(orders())),
      importApi(owner, wish(orders())),
    ])
    const { total } = await listApis(owner, { limit: 10 })
    expect(total).toBe(1)
    for (const one of both) {
      if (one.status === 'rejected') expect(one.reason).toHaveProperty('code')
    }
  })

  it('searches and pages by name', async () => {
    await fresh()
    for (const title of ['Alpha', 'Beta', 'Gamma']) {
      await importApi(owner, wish(orders().replace('Orders API', title)))
    }
    const first = await listApis(owner, { limit: 2 })
    expect(first.apis.map(({ name }) => name)).toEqual(['alpha', 'beta'])
    const rest = await listApis(owner, { limit: 2, cursor: first.nextCursor ?? '' })
    expect(rest.apis.map(({ name }) => name)).toEqual(['gamma'])
    expect(rest.nextCursor).toBeNull()
    expect((await listApis(owner, { limit: 5, search: 'GAM' })).apis).toMatchObject([
      { name: 'gamma', operations: 1, versionLabel: '1.0.0' },
    ])
    expect((await listApis(owner, { limit: 5, search: "%' OR 1=1 --" })).total).toBe(0)
  })

  it('changes an instance only from the version that was read', async () => {
    await fresh()
    const { instanceId } = await importApi(owner, wish(orders()))
    const id = instanceId ?? ''
    const change = {
      host: 'api.example.org',
      basePath: '/v2',
      upstreamUrl: 'http://10.0.0.5:80/',
      stripBasePath: false,
      enabled: true,
    }
    await changeInstance(owner, id, change, 1)
    expect(await readInstance(owner, id)).toMatchObject({ ...change, version: 2 })
    await expect(changeInstance(owner, id, change, 1)).rejects.toMatchObject({
      code: 'write.stale',
      extra: { currentVersion: 2, changes: [{ action: 'instance.update' }] },
    })
  })

  it('has no destination by the name that policies have for the upstream of the API itself', async () => {
    await fresh()
    const { instanceId } = await importApi(owner, wish(orders()))
    const id = instanceId ?? ''
    const { host, basePath, upstreamUrl, stripBasePath, enabled, routing } = await readInstance(owner, id)
    const endpoints = [{ url: 'http://bills.example', weight: 1 }]
    const usual = { endpoints, balancing: 'round-robin', protocol: 'http1' } as const
    const destinations = ['bills', 'main'].map((name) => ({ ...usual, name }))
    const change = { host, basePath, upstreamUrl, stripBasePath, enabled }
    await expect(
      changeInstance(owner, id, { ...change, routing: { ...routing, destinations } }, 1),
    ).rejects.toMatchObject({
      code: 'request.invalid',
      faults: [{ pointer: '/routing/destinations/1/name' }],
    })
  })

  it('exposes a version at another base path, and takes it away again', async () => {
    await fresh()
    const { apiId, versionId } = await importApi(owner, wish(orders()))
    const place = { host: '*', basePath: '/more', upstreamUrl: 'http://orders.example/', stripBasePath: true }
    const id = await exposeVersion(owner, apiId, { versionId, gatewayId: mine.gateway.id, ...place })
    expect((await readApi(owner, apiId)).instances).toHaveLength(2)
    await removeInstance(owner, id, 1)
    expect((await readApi(owner, apiId)).instances).toHaveLength(1)
  })

  it('deletes an API only once no gateway serves it', async () => {
    await fresh()
    const { apiId, instanceId } = await importApi(owner, wish(orders(), { deploy: true }))
    await expect(deleteApi(owner, apiId, 1)).rejects.toMatchObject({ code: 'in-use' })
    const { basePath, host, upstreamUrl, stripBasePath } = await readInstance(owner, instanceId ?? '')
    const off = { basePath, host, upstreamUrl, stripBasePath, enabled: false }
    await changeInstance(owner, instanceId ?? '', off, 1)
    await publish(owner, mine.gateway.id, { expectedHeadRevision: 1, note: '' })
    await deleteApi(owner, apiId, 1)
    await expect(readApi(owner, apiId)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('issues a key once, keeps only its hash, and lets the consumer call', async () => {
    await fresh()
    const { instanceId } = await importApi(owner, wish(orders()))
    const id = instanceId ?? ''
    await expect(admitConsumer(owner, id, { name: 'Web shop' })).rejects.toMatchObject({
      code: 'topology.refused',
    })
    const { organisationId } = owner
    await db().network.create({
      data: { organisationId, name: 'inside', class: 'org-internal', location: 'cloud' },
    })
    const issued = await admitConsumer(owner, id, { name: 'Web shop' })
    expect(issued.key).toMatch(/^hxk_[\w-]{43}$/)
    const stored = await db().credential.findUniqueOrThrow({ where: { id: issued.credential.id } })
    expect(JSON.stringify(stored)).not.toContain(issued.key)
    expect(await listConsumers(owner, id)).toMatchObject([
      { name: 'Web shop', credentials: [{ prefix: issued.key.slice(0, 12), revokedAt: null }] },
    ])
    const entries = await db().auditEntry.findMany({ where: { organisationId } })
    expect(JSON.stringify(entries, (_key, value) => (typeof value === 'bigint' ? 0 : value))).not.toContain(
      issued.key,
    )
    await expect(admitConsumer(owner, id, { name: 'Web shop' })).rejects.toMatchObject({ code: 'name.taken' })
    const another = await issueCredential(owner, issued.consumerId, id)
    await revokeCredential(owner, another.credential.id)
    const [consumer] = await listConsumers(owner, id)
    expect(consumer?.credentials.map(({ revokedAt }) => revokedAt === null)).toEqual([true, false])
  })

  it('is closed to another organisation: every id is a 404', async () => {
    await fresh()
    const { apiId, versionId, instanceId } = await importApi(owner, wish(orders()))
    const id = instanceId ?? ''
    const change = { host: '*', basePath: '/x', upstreamUrl: 'http://a/', stripBasePath: true, enabled: true }
    const attempts = [
      () => readApi(stranger, apiId),
      () => readVersion(stranger, apiId, versionId),
      () => readDefinition(stranger, apiId, versionId),
      () => readInstance(stranger, id),
      () => readTraffic(stranger, id),
      () => listConsumers(stranger, id),
      () => changeInstance(stranger, id, change, 1),
      () => removeInstance(stranger, id, 1),
      () => deleteApi(stranger, apiId, 1),
      () => exposeVersion(stranger, apiId, { versionId, gatewayId: mine.gateway.id, ...change }),
      () => admitConsumer(stranger, id, { name: 'x' }),
      () => issueCredential(stranger, randomUUID(), undefined),
      () => revokeCredential(stranger, randomUUID()),
      () => importApi(stranger, wish(orders(), { gatewayId: mine.gateway.id })),
    ]
    for (const attempt of attempts) {
      await expect(attempt(), String(attempt)).rejects.toMatchObject({ code: 'not-found' })
    }
    expect((await listApis(stranger, { limit: 10 })).total).toBe(0)
  })

  it('is closed to who may only read', async () => {
    await fresh()
    const reviewer = await mine.actor('reviewer')
    await expect(importApi(reviewer, wish(orders()))).rejects.toMatchObject({ code: 'access.denied' })
  })
})

function idsOf({
  apiId,
  versionId,
  instanceId,
}: {
  apiId: string
  versionId: string
  instanceId: string | null
}) {
  return { apiId, versionId, instanceId }
}

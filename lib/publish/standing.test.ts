import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { InstanceChange } from '#domain/catalog.ts'
import type { ChainStepInput } from '#domain/chain.ts'
import type { Listener } from '#domain/gateway.ts'
import type { Problem } from '#domain/problem.ts'
import { routing } from '#domain/routing.ts'
import { createAuthority, type KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import type { Actor } from '../actor.ts'
import { changeInstance, exposeVersion } from '../catalog/write-instance.ts'
import { db } from '../db.ts'
import { replaceListeners } from '../gateways/write.ts'
import { addPolicy, replaceChain } from '../policies/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { deploymentOf } from './read.ts'
import { draftApi } from './testing/draft.ts'
import { publish } from './write.ts'

let database: TestDatabase
let org: TestOrganisation
let owner: Actor
let own: KeyAndCertificate
let other: KeyAndCertificate

beforeAll(async () => {
  database = await testDatabase()
  const root = await createAuthority()
  ;[own, other] = await Promise.all([root.issue(), root.issue()])
})
afterAll(() => database.close())
beforeEach(async () => {
  org = await testOrganisation()
  owner = await org.actor('owner')
})

const listener = (id: string, protocol: Listener['protocol'], port: number): Listener => ({
  id,
  protocol,
  address: '127.0.0.1',
  port,
})
const web = listener('web', 'http', 8081)
const more = listener('more', 'http', 8082)
const secure = listener('secure', 'https', 8443)

async function listenOn(...listeners: Listener[]): Promise<void> {
  const { version } = await db().gateway.findUniqueOrThrow({ where: { id: org.gateway.id } })
  await replaceListeners(org.gateway.id, { listeners }, version, owner)
}

const expose = (name: string) => draftApi(org.organisation.id, org.gateway.id, name)

async function change(id: string, wanted: Partial<InstanceChange> & { on?: string[] }): Promise<void> {
  const row = await db().apiInstance.findUniqueOrThrow({ where: { id } })
  const { host, basePath, upstreamUrl, stripBasePath, enabled, version, listenerIds } = row
  const { on = listenerIds, ...rest } = wanted
  const saved = { host, basePath, upstreamUrl, stripBasePath, enabled }
  const routes = routing.parse({ listenerIds: on })
  await changeInstance(owner, id, { ...saved, routing: routes, ...rest }, version)
}

const step = (kind: string, config: object): ChainStepInput => ({
  kind,
  label: '',
  enabled: true,
  dryRun: false,
  rules: [],
  upstreams: [],
  config: { ...config },
})
const tls = ({ chain, key }: Pick<KeyAndCertificate, 'chain' | 'key'>, more: object = {}) =>
  step('tls', { certificate: { crt: chain, key }, ...more })

async function saveChain(id: string, ...steps: ChainStepInput[]) {
  const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id } })
  return replaceChain(owner, id, steps, version)
}

const refusal = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => Promise.reject(new Error('was not refused')),
    (problem: Problem) => problem,
  )

describe('a change of an API', () => {
  it('is refused where another API answers, with both names and at its field', async () => {
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    const problem = await refusal(change(bills, { basePath: '/orders' }))
    expect(problem).toMatchObject({
      code: 'instance.path-taken',
      status: 409,
      extra: { apiName: 'orders' },
      faults: [
        {
          pointer: '/basePath',
          detail: 'bills 1.0.0 and orders 1.0.0 both answer at /orders on the listener http',
        },
      ],
    })
    await change(orders, { host: 'orders.example' })
    await change(bills, { basePath: '/orders' })
    expect(await refusal(change(bills, { basePath: '/orders', host: 'orders.example' }))).toMatchObject({
      code: 'instance.path-taken',
    })
  })

  it('may go to a path that is taken on other listeners alone', async () => {
    await listenOn(web, more)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await change(orders, { on: ['web'] })
    await change(bills, { on: ['more'], basePath: '/orders' })
    expect(await refusal(change(bills, { on: ['more', 'web'] }))).toMatchObject({
      code: 'instance.path-taken',
      message: 'bills 1.0.0 and orders 1.0.0 both answer at /orders on the listener web',
    })
    expect(await publish(owner, org.gateway.id, { expectedHeadRevision: 0, note: '' })).toBe(1)
  })

  it('is refused when an API that was off is switched on beside another one', async () => {
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await change(orders, { enabled: false })
    await change(bills, { basePath: '/orders' })
    expect(await refusal(change(orders, { enabled: true }))).toMatchObject({ code: 'instance.path-taken' })
  })

  it('is refused at a host for which another API asks for different TLS', async () => {
    await listenOn(web, secure)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await change(orders, { host: 'orders.example' })
    await saveChain(orders, tls(own))
    await saveChain(bills, tls(other))
    const problem = await refusal(change(bills, { host: 'orders.example' }))
    expect(problem).toMatchObject({ code: 'instance.tls-differs', status: 409, extra: { apiName: 'orders' } })
    expect(problem.faults).toEqual([
      {
        pointer: '/host',
        detail:
          'bills 1.0.0 and orders 1.0.0 ask for different TLS at orders.example on the listener secure (certificate): give both the same, or the tls policy to one of them alone',
      },
    ])
  })

  it('is not refused for a clash that was there before, which hinders publishing', async () => {
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await db().apiInstance.update({ where: { id: bills }, data: { basePath: '/orders' } })
    await change(bills, { upstreamUrl: 'http://bills.example' })
    const whole = { expectedHeadRevision: 0, note: '' }
    expect(await refusal(publish(owner, org.gateway.id, whole))).toMatchObject({ code: 'revision.invalid' })
    await change(bills, { basePath: '/bills' })
    expect(await publish(owner, org.gateway.id, { ...whole, instanceId: orders })).toBe(1)
  })

  it('lets one of two that want the same place at once have it', async () => {
    const [one, two] = [await expose('one'), await expose('two')]
    const results = await Promise.allSettled([
      change(one, { basePath: '/x' }),
      change(two, { basePath: '/x' }),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('exposing an API', () => {
  it('is refused where another API answers, whatever the letters of the host', async () => {
    const id = await expose('orders')
    await change(id, { host: 'orders.example' })
    const { apiVersionId: versionId, apiVersion } = await db().apiInstance.findUniqueOrThrow({
      where: { id },
      include: { apiVersion: true },
    })
    const place = { host: 'orders.example', basePath: '/orders', upstreamUrl: 'http://a.example' }
    const wish = { versionId, gatewayId: org.gateway.id, stripBasePath: true, ...place }
    const problem = await refusal(exposeVersion(owner, apiVersion.apiId, wish))
    // One API twice is told apart by ids.
    expect(problem.message).toMatch(/^orders 1\.0\.0 \(.+\) and orders 1\.0\.0 \(api:.+\) both answer at/)
  })
})

describe('a policy chain', () => {
  it('is refused with TLS that another API asks for differently at the host, and nothing is saved', async () => {
    await listenOn(web, secure)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await saveChain(orders, tls(own))
    const limit = step('rate-limiting', {
      rateLimits: [{ maximumRequests: 5, timePeriodInMilliseconds: 1_000 }],
    })
    const problem = await refusal(saveChain(bills, limit, tls(own, { minversion: '1.3' })))
    expect(problem).toMatchObject({
      code: 'instance.tls-differs',
      extra: { apiName: 'orders' },
      faults: [
        { pointer: '/policies/1/config', detail: expect.stringContaining('oldest version') as string },
      ],
    })
    expect(await db().policyAttachment.count({ where: { instanceId: bills } })).toBe(0)
    expect(await refusal(addPolicy(owner, bills, tls(other)))).toMatchObject({
      code: 'instance.tls-differs',
      faults: [{ pointer: '/config' }],
    })
    await saveChain(bills, limit, tls(own))
    await saveChain(bills, limit)
    await saveChain(orders, tls(other))
  })

  it.each([
    [
      'a key of another certificate',
      () => tls({ chain: own.chain, key: other.key }),
      'certificate/key',
      /does not belong/,
    ],
    [
      'a certificate that cannot be read',
      () => tls({ chain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key: own.key }),
      'certificate/crt',
      /cannot be read/,
    ],
    [
      'a client certificate with another key',
      () => step('tls-outbound', { certificate: { crt: own.chain, key: other.key } }),
      'certificate/key',
      /does not belong/,
    ],
  ])('is refused with %s, at its field', async (_what, wrong, field, detail) => {
    const id = await expose('orders')
    expect(await refusal(saveChain(id, wrong()))).toMatchObject({
      code: 'policy.config-invalid',
      faults: [{ pointer: `/policies/0/config/${field}`, detail: expect.stringMatching(detail) as string }],
    })
  })

  it('is saved while something else is missing, which is said where it is deployed', async () => {
    const id = await expose('orders')
    await saveChain(id, tls(own))
    expect((await deploymentOf(owner, id)).faults).toEqual([
      {
        pointer: `/items/api:${id}/policies/0/config`,
        detail: 'orders 1.0.0 has a tls policy, and there is no listener for https',
      },
    ])
    await listenOn(web, secure)
    expect((await deploymentOf(owner, id)).faults).toEqual([])
  })
})

describe('deploying one API alone', () => {
  const deploy = (expectedHeadRevision: number, instanceId?: string) =>
    publish(owner, org.gateway.id, { expectedHeadRevision, note: '', instanceId })

  it('is refused where it takes away the certificate that another deployed one is served with', async () => {
    await listenOn(secure)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await saveChain(orders, tls(own))
    expect(await deploy(0)).toBe(1)
    await change(orders, { enabled: false })
    const problem = await refusal(deploy(1, orders))
    expect(problem.faults).toEqual([
      {
        pointer: `/items/api:${bills}/policies`,
        detail:
          'bills 1.0.0: there is no listener for http, and no tls policy gives a certificate for any host',
      },
    ])
    await saveChain(bills, tls(other))
    expect(await deploy(1)).toBe(2)
  })

  it('is refused with TLS that differs from what another one is deployed with', async () => {
    await listenOn(secure)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await saveChain(orders, tls(own))
    expect(await deploy(0)).toBe(1)
    await saveChain(orders, tls(other))
    await saveChain(bills, tls(other))
    expect((await refusal(deploy(1, bills))).faults).toMatchObject([
      { pointer: `/items/api:${bills}/policies/0/config` },
    ])
    expect(await deploy(1)).toBe(2)
  })
})

describe('listeners', () => {
  it('are refused where they bring APIs into each other’s way', async () => {
    await listenOn(web, more)
    const [orders, bills] = [await expose('orders'), await expose('bills')]
    await saveChain(orders, tls(own))
    await saveChain(bills, tls(other))
    expect(await refusal(listenOn(web, { ...more, protocol: 'https' }))).toMatchObject({
      code: 'instance.tls-differs',
      faults: [{ pointer: '/listeners/1/protocol' }],
    })
  })

  it('are refused where they cannot all be opened, with both names', async () => {
    const everywhere = { ...more, address: '0.0.0.0', port: web.port }
    expect(await refusal(listenOn(web, everywhere))).toMatchObject({
      code: 'request.invalid',
      faults: [
        {
          pointer: '/listeners/1/port',
          detail: 'the listeners more and web both want port 8081, at 0.0.0.0 and at 127.0.0.1',
        },
      ],
    })
  })

  it('that are new come with the whole gateway, which an API that names one is told', async () => {
    const id = await expose('orders')
    const deploy = (expectedHeadRevision: number, instanceId?: string) =>
      publish(owner, org.gateway.id, { expectedHeadRevision, note: '', instanceId })
    expect(await deploy(0)).toBe(1)
    await listenOn(listener('http', 'http', 8081), more)
    await change(id, { on: ['more'] })
    expect((await refusal(deploy(1, id))).message).toBe(
      'orders 1.0.0 is to be served on the listener more, and there is no such listener yet: deploy the whole gateway',
    )
    expect(await deploy(1)).toBe(2)
  })
})

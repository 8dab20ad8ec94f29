import { createPublicKey, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '#contract/manifest.ts'
import { dayMs } from '#domain/certificate.ts'
import { patterns } from '#domain/pattern.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { reportingNode } from '../testing/reporting-node.ts'
import { issue, makeAuthority, makeKey } from '../trust/issue.ts'
import type { NetworkInput } from './input.ts'
import { networkInput } from './input.ts'
import { readNetwork, readParty, readTopology } from './read.ts'
import { createSampleTopology } from './sample.ts'
import { createFlow, deleteFlow, nameProvider, placeGateway } from './write-flow.ts'
import { changeNetwork, createNetwork, deleteNetwork } from './write-network.ts'
import { changeParty, createParty, deleteParty } from './write-party.ts'

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

const network = (name: string, more: Partial<NetworkInput> = {}) =>
  createNetwork(operator, {
    name,
    class: 'org-internal',
    location: 'vpc',
    parentId: null,
    firewall: null,
    firewallContextId: null,
    ...more,
  })

const consumer = (name: string, networkId: string) => createParty(operator, ofOrganisation(name, networkId))
const ofOrganisation = (name: string, networkId: string) =>
  ({ name, kind: 'consumer', owner: 'organisation', networkId }) as const

const instance = (title = 'Orders', upstreamUrl = 'http://127.0.0.1:1') =>
  testInstance(home, { title, upstreamUrl })

/** An upstream as a node reports it, with the handshakes that failed of late. */
const failing = (recentFailedHandshakes: Record<string, number>) => ({
  connections: 0,
  pending: 0,
  circuitsOpen: 0,
  retries: 0,
  endpoints: 1,
  unhealthyEndpoints: 0,
  ejectedEndpoints: 0,
  recentFailedHandshakes,
})

async function refusal(work: Promise<unknown>): Promise<Problem> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Problem)) throw new Error('nothing was refused', { cause: outcome })
  return outcome
}

describe('networks', () => {
  it('refuses a name twice in one organisation and takes it in another', async () => {
    await network('Acme VPC')
    expect(await refusal(network('Acme VPC'))).toMatchObject({ code: 'name.taken' })
    const other = await (await testOrganisation()).actor('operator')
    await createNetwork(other, {
      name: 'Acme VPC',
      class: 'org-internal',
      location: 'vpc',
      parentId: null,
      firewall: null,
      firewallContextId: null,
    })
  })

  it('refuses to stand inside itself, also when two writes at once would make it so', async () => {
    const a = await network('a')
    const b = await network('b', { parentId: a.id })
    expect(await refusal(changeNetwork(operator, a.id, { parentId: b.id }, 1))).toMatchObject({
      code: 'topology.refused',
    })
    const [c, d] = [await network('c'), await network('d')]
    const outcomes = await Promise.allSettled([
      changeNetwork(operator, c.id, { parentId: d.id }, 1),
      changeNetwork(operator, d.id, { parentId: c.id }, 1),
    ])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('refuses a class in which its parties and gateways could not stand, by name', async () => {
    const { id } = await network('Acme VPC')
    await consumer('Web shop', id)
    await placeGateway(operator, home.gateway.id, id, 1)
    const problem = await refusal(changeNetwork(operator, id, { class: 'non-org-external' }, 1))
    expect(problem.code).toBe('topology.refused')
    expect(problem.message).toContain('Web shop')
    expect(problem.message).toContain('edge')
    expect(problem.faults.map(({ pointer }) => pointer)).toEqual(['/class', '/class'])
    expect(await refusal(changeNetwork(operator, id, { class: 'org-external' }, 1))).toMatchObject({
      message: 'Acme VPC cannot become organisation external while edge stands in it.',
    })
  })

  it('is not removed while something stands in it, and says what', async () => {
    const { id } = await network('Acme VPC')
    const shop = await consumer('Web shop', id)
    await network('Cluster', { parentId: id })
    const problem = await refusal(deleteNetwork(operator, id, 1))
    expect(problem.code).toBe('in-use')
    expect(problem.extra['uses']).toMatchObject([{ name: 'Web shop' }, { name: 'Cluster' }])
    await deleteParty(operator, shop.id, 1)
    const cluster = (await readTopology(operator)).networks.find(({ name }) => name === 'Cluster')
    await deleteNetwork(operator, cluster?.id ?? '', 1)
    await deleteNetwork(operator, id, 1)
    expect((await readTopology(operator)).networks).toEqual([])
  })

  it('refuses a write against an older version', async () => {
    const { id } = await network('Acme VPC')
    await changeNetwork(operator, id, { location: 'cluster' }, 1)
    const stale = await refusal(changeNetwork(operator, id, { name: 'Other' }, 1))
    expect(stale).toMatchObject({ code: 'write.stale', extra: { currentVersion: 2 } })
  })

  it('takes names of one visible line only', () => {
    const ok = { class: 'org-internal', location: 'vpc' }
    for (const name of ['', '   ', 'a\nb', 'a\u202eb', 'x'.repeat(81)]) {
      expect(networkInput.safeParse({ name, ...ok }).success).toBe(false)
    }
    expect(networkInput.parse({ name: ' Zürich 北 ', ...ok }).name).toBe('Zürich 北')
  })
})

describe('parties', () => {
  it('refuses an owner that may not stand there with both allowed classes, at the field', async () => {
    const outside = await network('Partner', { class: 'non-org-external' })
    const problem = await refusal(consumer('Web shop', outside.id))
    expect(problem).toMatchObject({
      code: 'topology.refused',
      extra: { party: 'Web shop', allowed: ['org-internal', 'org-external'] },
    })
    expect(problem.faults[0]?.pointer).toBe('/networkId')
  })

  for (const cls of ['org-internal', 'org-external'] as const) {
    it(`refuses a third party in an ${cls} network`, async () => {
      const { id } = await network('Ours', { class: cls })
      const made = createParty(operator, {
        name: 'Partner',
        kind: 'provider',
        owner: 'third-party',
        networkId: id,
      })
      expect(await refusal(made)).toMatchObject({ code: 'topology.refused', extra: { party: 'Partner' } })
    })
  }

  it('refuses a move or a new owner that would place it wrong, and takes both at once when right', async () => {
    const [inside, outside] = [await network('In'), await network('Out', { class: 'non-org-external' })]
    const shop = await consumer('Web shop', inside.id)
    expect(await refusal(changeParty(operator, shop.id, { networkId: outside.id }, 1))).toMatchObject({
      code: 'topology.refused',
    })
    expect(await refusal(changeParty(operator, shop.id, { owner: 'third-party' }, 1))).toMatchObject({
      code: 'topology.refused',
    })
    const moved = await changeParty(
      operator,
      shop.id,
      { owner: 'third-party', networkId: outside.id, name: 'Sold shop' },
      1,
    )
    expect(moved).toMatchObject({ name: 'Sold shop', version: 2 })
  })

  it('has a team where one is named, which a change of something else leaves alone', async () => {
    const { id } = await network('Acme VPC')
    const shop = await createParty(operator, { ...ofOrganisation('Web shop', id), team: 'Shop team' })
    expect(shop.team).toBe('Shop team')
    expect((await consumer('Till', id)).team).toBeNull()
    expect(await changeParty(operator, shop.id, { name: 'Shop' }, 1)).toMatchObject({ team: 'Shop team' })
    expect(await changeParty(operator, shop.id, { team: null }, 2)).toMatchObject({
      name: 'Shop',
      team: null,
    })
  })

  it('is not removed while an API, a flow or a key needs it', async () => {
    const { id } = await network('Acme VPC')
    const shop = await consumer('Web shop', id)
    const flow = await createFlow(operator, { consumerId: shop.id, apiId: await instance() })
    await db().credential.create({
      data: {
        organisationId: home.organisation.id,
        consumerId: shop.id,
        prefix: 'hk_1',
        hash: randomUUID(),
        createdBy: 'test',
      },
    })
    const problem = await refusal(deleteParty(operator, shop.id, 1))
    expect(problem.message).toBe('Web shop is still used by: flow to Orders 1.0, key hk_1….')
    await deleteFlow(operator, flow.id)
    expect(await refusal(deleteParty(operator, shop.id, 1))).toMatchObject({ code: 'in-use' })
  })
})

describe('flows', () => {
  it('begin at a consumer, are one however often they are made, and leave an audit entry', async () => {
    const { id } = await network('Acme VPC')
    const shop = await consumer('Web shop', id)
    const apiId = await instance()
    const first = await createFlow(operator, { consumerId: shop.id, apiId })
    expect(await createFlow(operator, { consumerId: shop.id, apiId })).toEqual(first)
    const entries = await db().auditEntry.findMany({
      where: { organisationId: home.organisation.id },
      orderBy: { sequence: 'asc' },
    })
    expect(entries.map(({ action }) => action)).toEqual(['network.create', 'party.create', 'flow.create'])
    const provider = await createParty(operator, {
      name: 'Orders',
      kind: 'provider',
      owner: 'organisation',
      networkId: id,
    })
    expect(await refusal(createFlow(operator, { consumerId: provider.id, apiId }))).toMatchObject({
      code: 'topology.refused',
    })
    expect(await refusal(nameProvider(operator, apiId, shop.id, 1))).toMatchObject({
      code: 'topology.refused',
    })
  })

  it('refuses a gateway outside the internal networks', async () => {
    const outside = await network('SaaS', { class: 'org-external' })
    expect(await refusal(placeGateway(operator, home.gateway.id, outside.id, 1))).toMatchObject({
      code: 'topology.refused',
    })
  })
})

describe('access', () => {
  it('gives nothing of another organisation: 404 for each id', async () => {
    const { id: networkId } = await network('Acme VPC')
    const shop = await consumer('Web shop', networkId)
    const apiId = await instance()
    const flow = await createFlow(operator, { consumerId: shop.id, apiId })
    const stranger = await (await testOrganisation()).actor('admin')
    const elsewhere = await createNetwork(stranger, {
      name: 'x',
      class: 'org-internal',
      location: 'vpc',
      parentId: null,
      firewall: null,
      firewallContextId: null,
    })
    const party = { name: 'y', kind: 'consumer', owner: 'organisation' } as const
    const attempts = [
      () => readNetwork(stranger, networkId),
      () => readParty(stranger, shop.id),
      () => changeNetwork(stranger, networkId, { name: 'z' }, 1),
      () => changeNetwork(stranger, elsewhere.id, { parentId: networkId }, 1),
      () => deleteNetwork(stranger, networkId, 1),
      () => createParty(stranger, { ...party, networkId }),
      () => changeParty(stranger, shop.id, { name: 'z' }, 1),
      () => deleteParty(stranger, shop.id, 1),
      () => createFlow(stranger, { consumerId: shop.id, apiId }),
      () => deleteFlow(stranger, flow.id),
      () => nameProvider(stranger, apiId, null, 1),
      () => placeGateway(stranger, home.gateway.id, null, 1),
    ]
    for (const attempt of attempts) expect(await refusal(attempt())).toMatchObject({ code: 'not-found' })
    expect((await readTopology(stranger)).parties).toEqual([])
  })

  it('lets a reviewer read and write nothing', async () => {
    const reviewer = await home.actor('reviewer')
    await readTopology(reviewer)
    const attempt = async () =>
      createNetwork(reviewer, {
        name: 'x',
        class: 'org-internal',
        location: 'vpc',
        parentId: null,
        firewall: null,
        firewallContextId: null,
      })
    expect(await refusal(attempt())).toMatchObject({ code: 'access.denied' })
  })
})

describe('the document', () => {
  it('shows every pattern in the sample company', async () => {
    const [orders, customers, freight] = [
      await instance('Orders'),
      await instance('Customers'),
      await instance('Freight'),
    ]
    await createSampleTopology(operator, {
      gatewayId: home.gateway.id,
      internal: [orders],
      hosted: [customers],
      partner: [freight],
    })
    const topology = await readTopology(operator)
    const shown = new Set(topology.flows.map(({ classification }) => classification?.pattern))
    expect(shown).toEqual(new Set(patterns))
    expect(topology.findings.some(({ code }) => code === 'flow.no-firewall')).toBe(true)
    expect(topology.gateways[0]?.networkId).not.toBeNull()
  })

  it('reads TLS from the policies of an instance, and opens no key for it', async () => {
    const { id: networkId } = await network('Acme VPC')
    const provider = await createParty(operator, {
      name: 'Orders',
      kind: 'provider',
      owner: 'organisation',
      networkId,
    })
    const apiId = await instance('Orders', 'https://orders.internal')
    await nameProvider(operator, apiId, provider.id, 1)
    await createFlow(operator, { consumerId: (await consumer('Web shop', networkId)).id, apiId })
    const listeners = [{ id: 'https', protocol: 'https', address: '0.0.0.0', port: 8443 }]
    await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
    const root = await makeAuthority({ commonName: 'Root' }, 100 * dayMs)
    const subject = { commonName: 'edge' }
    const wish = { kind: 'server', subject, names: [], lifetimeMs: 10 * dayMs } as const
    const crt = await issue(wish, createPublicKey(makeKey().reveal()), root)
    const certificate = { crt, key: 'sealed:whatever nobody can open' }
    const attach = (kind: string, order: number, config: object) =>
      db().policyAttachment.create({
        data: {
          organisationId: home.organisation.id,
          instanceId: apiId,
          kind,
          policyVersion: '1.0.0',
          order,
          config,
        },
      })
    await attach('tls', 0, {
      certificate,
      trustedCA: root.certificate,
      mode: 'PERMISSIVE',
      subjectAltNames: ['spiffe://acme/shop'],
      minversion: '1.3',
    })
    const unreadable = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    await attach('tls-outbound', 1, {
      certificate: { ...certificate, crt: unreadable },
      skipValidation: true,
    })
    await attach('tls-certificate-monitoring', 2, { expiryWarningDays: 60 })
    const topology = await readTopology(operator)
    expect(topology.apis[0]).toMatchObject({
      host: '*',
      inbound: {
        contextId: null,
        inline: { chain: [{ subject: 'CN=edge' }], trusted: [{ subject: 'CN=Root', isCa: true }] },
        mode: 'PERMISSIVE',
        minVersion: '1.3',
        subjectAltNames: ['spiffe://acme/shop'],
      },
      upstreams: [
        {
          name: 'main',
          urls: ['https://orders.internal'],
          outbound: { contextId: null, inline: null, hasCertificate: true, skipValidation: true },
        },
      ],
      watch: { expiryWarningDays: 60 },
    })
    expect(topology.legs.map(({ actual }) => actual.state).toSorted()).toEqual(['permissive', 'unverified'])
    expect(topology.findings.map(({ code }) => code).toSorted()).toEqual([
      'context.absent',
      'context.skip-validation',
      'leg.permissive',
    ])
    expect(JSON.stringify(topology)).not.toContain('sealed:')

    const later = await readTopology(operator, new Date(Date.now() + 11 * dayMs))
    expect(later.findings.map(({ code }) => code)).toContain('cert.expired')
    expect(later.legs.find(({ side }) => side === 'inbound')).toMatchObject({
      verdict: 'broken',
      proof: { fails: expect.stringContaining('CN=edge expired on') },
    })
  })

  it('tells what each API serves from the acknowledged revisions, and rates from fresh reports alone', async () => {
    const [deployed, changed, draft] = [await instance('A'), await instance('B'), await instance('C')]
    const organisationId = home.organisation.id
    const gatewayId = home.gateway.id
    const revision = (number: number, items: Record<string, string>) =>
      db().revision.create({
        data: {
          organisationId,
          gatewayId,
          number,
          kind: 'deploy',
          hash: canonicalJson(items),
          manifest: { gatewayId, revision: number, items, hash: '', publishedAt: '' },
          signature: '',
          signingKeyId: randomUUID(),
          createdBy: 'test',
        },
      })
    await revision(1, { [`api:${deployed}`]: 'one', [`api:${changed}`]: 'old' })
    await revision(2, { [`api:${deployed}`]: 'one', [`api:${changed}`]: 'new' })
    await db().gateway.update({ where: { id: gatewayId }, data: { headRevision: 2 } })
    const now = new Date()
    await reportingNode({
      organisationId,
      gatewayId,
      at: now,
      report: {
        apis: {
          [deployed]: { requests: 50, errors: 5, refused: 10, latencyMs: { p50: 4, p95: 8, p99: 41 } },
        },
        listeners: [
          {
            id: 'web',
            protocol: 'https',
            address: '::',
            port: 443,
            handshakes: { ok: { recent: 9, total: 9 }, client_cert_missing: { recent: 10, total: 12 } },
          },
        ],
        upstreams: {
          [deployed]: failing({ upstream_tls_cert_expired: 5 }),
          [`${deployed}:stock`]: failing({ upstream_tls_untrusted: 10 }),
          [changed]: failing({}),
        },
      },
      node: { appliedRevision: 1 },
    })
    const apis = async (at: Date) =>
      new Map((await readTopology(operator, at)).apis.map((api) => [api.id, api]))
    const fresh = await apis(now)
    expect([deployed, changed, draft].map((id) => fresh.get(id)?.deployment)).toEqual([
      'serving',
      'waiting',
      'not-deployed',
    ])
    expect(fresh.get(deployed)?.traffic).toEqual({
      requestsPerSecond: 10,
      errorsPerSecond: 1,
      refusedPerSecond: 2,
      latencyMs: { p50: 4, p99: 41 },
    })
    const nodes = async (at: Date) => (await readTopology(operator, at)).gateways.map((each) => each.nodes)
    expect(await nodes(now)).toMatchObject([{ failedHandshakesPerSecond: 2 }])
    expect(await nodes(new Date(now.getTime() + 60_000))).toMatchObject([{ failedHandshakesPerSecond: null }])
    expect(fresh.get(deployed)?.failedHandshakes).toEqual([
      { upstream: 'stock', code: 'upstream_tls_untrusted', perSecond: 2 },
      { upstream: 'main', code: 'upstream_tls_cert_expired', perSecond: 1 },
    ])
    expect(fresh.get(changed)?.failedHandshakes).toEqual([])
    const later = (await apis(new Date(now.getTime() + 60_000))).get(deployed)
    expect(later?.traffic).toBeNull()
    expect(later?.failedHandshakes).toBeNull()
  })
})

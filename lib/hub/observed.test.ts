import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Report, report } from '#contract/events.ts'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { createFlow } from '../networks/write-flow.ts'
import { createNetwork } from '../networks/write-network.ts'
import { changeParty, createParty } from '../networks/write-party.ts'
import { readStored, readTopology } from '../networks/read.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport } from '../testing/reporting-node.ts'
import { noteSeen } from './observed.ts'
import { noteWatch, watchOf } from './watched.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let apiId: string
let hash: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  apiId = await draftApi(home.organisation.id, home.gateway.id, 'orders')
  await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
  hash = (await db().revision.findFirstOrThrow({ where: { gatewayId: home.gateway.id } })).hash
})

const who = (of = home) => ({ organisationId: of.organisation.id, gatewayId: of.gateway.id })
const seen = (what: Partial<Report>, of = home, at = new Date()) =>
  transaction((tx) => noteSeen(tx, who(of), { ...quietReport, ...what }, at))
const watching = (what: Partial<Report>, of = home, at = new Date()) =>
  transaction((tx) => noteWatch(tx, who(of), watchOf({ ...quietReport, ...what }), at))
const observed = async () => (await readStored(owner)).observed

describe('a report', () => {
  it('of an earlier node is understood, and its watch is blind', () => {
    const given = {
      ...quietReport,
      peers: [{ apiId, side: 'inbound', subject: 'CN=shop', issuer: 'CN=ca', names: [], anchorSha256: null }],
    }
    const understood = report.parse(given)
    expect(understood).toEqual(given)
    expect(watchOf(understood)).toBe('blind')
  })

  it('of a later node is understood without what it says beyond', () => {
    const given = { ...quietReport, callers: [{ apiId, clientId: null, mood: 'good' }], weather: 'fine' }
    expect(report.parse(given)).toEqual({ ...quietReport, callers: [{ apiId, clientId: null }] })
  })
})

describe('an API', () => {
  it('is watched from when a node first reported that it serves it', async () => {
    expect(await observed()).toBeNull()
    const first = new Date('2026-05-01T00:00:00.000Z')
    const other = await draftApi(home.organisation.id, home.gateway.id, 'billing')
    await watching({ callers: [], appliedHash: hash }, home, first)
    await watching({ callers: [], appliedHash: hash })
    expect((await observed())?.apis).toMatchObject({
      [apiId]: { since: first.toISOString(), publishedAt: expect.any(String) },
    })
    expect((await observed())?.apis).not.toHaveProperty(other)
  })

  it('is watched no more while a node serves it that does not say who calls', async () => {
    await watching({ callers: [], appliedHash: hash })
    await watching({ appliedHash: hash })
    expect((await observed())?.apis ?? {}).toEqual({})
  })

  it('of another organisation is neither watched nor noted', async () => {
    const other = await testOrganisation()
    await watching({ callers: [], appliedHash: hash }, other)
    const agreement = { apiId, side: 'inbound', version: '1.3', cipher: 'X', isMutual: true } as const
    await seen({ callers: [{ apiId, clientId: 'a' }], agreements: [agreement] }, other)
    expect(await db().observedApi.count({ where: { instanceId: apiId } })).toBe(0)
    expect(await db().observedCaller.count({ where: { instanceId: apiId } })).toBe(0)
    expect(await db().observedAgreement.count({ where: { instanceId: apiId } })).toBe(0)
  })
})

describe('what nodes see', () => {
  const peer = (change: Partial<NonNullable<Report['peers']>[number]> = {}) => ({
    apiId,
    side: 'inbound' as const,
    subject: 'CN=shop',
    issuer: 'CN=ca',
    names: [{ type: 'uri' as const, value: 'spiffe://acme/shop' }],
    anchorSha256: null,
    sha256: 'aa',
    ...change,
  })

  it('is kept with the first and the last time, each once', async () => {
    const agreement = { apiId, side: 'outbound', version: null, cipher: null, isMutual: false } as const
    const what = { callers: [{ apiId, clientId: null }], agreements: [agreement, agreement] }
    const [first, last] = [new Date('2026-05-01T00:00:00.000Z'), new Date('2026-05-02T00:00:00.000Z')]
    await watching({ callers: [], appliedHash: hash })
    await seen(what, home, first)
    await seen(what, home, last)
    expect(await observed()).toMatchObject({
      callers: [{ apiId, clientId: null, lastSeenAt: last.toISOString() }],
      agreements: [{ ...agreement, firstSeenAt: first.toISOString(), lastSeenAt: last.toISOString() }],
    })
  })

  it('keeps of a peer the clients that came over its connections', async () => {
    await seen({ peers: [peer({ clientId: 'a' }), peer({ clientId: 'b' }), peer()] })
    await seen({ peers: [peer({ clientId: 'c', sha256: 'bb' })] })
    const [row] = await db().observedPeer.findMany({ where: { instanceId: apiId } })
    expect(row).toMatchObject({ sha256: 'bb' })
    expect(row?.clientIds.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('is matched to the party that declares it, and to nobody where two do', async () => {
    const { id: networkId } = await createNetwork(owner, {
      name: 'VPC',
      class: 'org-internal',
      location: 'vpc',
      parentId: null,
      firewall: null,
      firewallContextId: null,
    })
    const party = { kind: 'consumer', owner: 'organisation', networkId } as const
    const shop = await createParty(owner, { ...party, name: 'Shop', identities: ['spiffe://acme/*'] })
    const till = await createParty(owner, { ...party, name: 'Till' })
    await createFlow(owner, { consumerId: shop.id, apiId })
    await seen({ peers: [peer()] })
    const peers = async () => (await readTopology(owner)).observed?.peers
    expect(await peers()).toMatchObject([{ partyId: shop.id, recognisedBy: 'name', possibleIds: [] }])
    await changeParty(owner, till.id, { identities: ['spiffe://acme/shop'] }, till.version)
    expect(await peers()).toMatchObject([
      { partyId: null, recognisedBy: null, possibleIds: [shop.id, till.id].toSorted() },
    ])
    const [kept] = await db().pastRow.findMany({ where: { rowId: till.id, validTo: null } })
    expect(kept?.content).toMatchObject({ identities: ['spiffe://acme/shop'] })
  })
})

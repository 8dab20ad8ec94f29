import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PeerReport } from '#domain/node-report.ts'
import { Problem } from '#domain/problem.ts'
import type { StepKind } from '#domain/rotation-plan.ts'
import type {
  AuthorityRecord,
  CertificateRecord,
  ContextRecord,
  RotationRecord,
} from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { notePeers } from '../hub/observed-peers.ts'
import { createFlow } from '../networks/write-flow.ts'
import { createNetwork } from '../networks/write-network.ts'
import { createParty } from '../networks/write-party.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { certificateInput } from './input.ts'
import { readCertificateRecord, readContextRecord } from './read.ts'
import { listRotations, previewAuthorityRotation, readRotation } from './rotations.ts'
import { secureApi } from './testing/secure-api.ts'
import { developmentAuthority } from './write-authority.ts'
import { createCertificate } from './write-certificate.ts'
import { createContext } from './write-context.ts'
import { beginRotation, endRotation, takeBack, takeStep, vouch } from './write-rotation.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let root: AuthorityRecord
let issuing: AuthorityRecord
let leaf: CertificateRecord
let white: ContextRecord
let instanceId: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  const listeners = [{ id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 }]
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
  ;({ root, issuing } = await developmentAuthority(owner))
  const names = [{ type: 'dns', value: 'shop.example' }]
  const wish = { source: 'issue', name: 'edge', kind: 'server', authorityId: issuing.id, names }
  leaf = await createCertificate(owner, certificateInput.parse(wish))
  const parts = {
    name: 'White',
    class: 'org-internal' as const,
    authorityIds: [root.id],
    keystoreId: leaf.id,
  }
  white = await createContext(owner, parts)
  instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: white.id })
  await stand()
  await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
})

/** Somebody calls the API, so that there is a leg on which the context is used. */
async function stand(): Promise<void> {
  const inside = { class: 'org-internal', location: 'vpc', parentId: null, firewall: null } as const
  const { id: networkId } = await createNetwork(owner, { name: 'VPC', firewallContextId: null, ...inside })
  await db().gateway.update({ where: { id: home.gateway.id }, data: { networkId } })
  const party = { owner: 'organisation', networkId } as const
  const provider = await createParty(owner, { kind: 'provider', name: 'Orders', ...party })
  await db().apiInstance.update({ where: { id: instanceId }, data: { providerId: provider.id } })
  const consumer = await createParty(owner, { kind: 'consumer', name: 'Shop', ...party })
  await createFlow(owner, { consumerId: consumer.id, apiId: instanceId })
}

/** A node of the gateway says whom it sees. */
function see(ca: { certificate: { sha256: string; subject: string } }): Promise<void> {
  const peer: PeerReport = {
    apiId: instanceId,
    side: 'inbound',
    subject: 'CN=shop',
    issuer: ca.certificate.subject,
    names: [{ type: 'uri', value: 'spiffe://acme/shop' }],
    anchorSha256: ca.certificate.sha256,
  }
  const who = { organisationId: home.organisation.id, gatewayId: home.gateway.id }
  return transaction((tx) => notePeers(tx, who, [peer], new Date()))
}

const statesOf = ({ steps }: Pick<RotationRecord, 'steps'>) => steps.map(({ state }) => state)
const step = ({ steps }: RotationRecord, kind: StepKind) => steps.find((each) => each.kind === kind)
const go = (rotation: RotationRecord, kind: StepKind) => takeStep(owner, rotation.id, kind, rotation.version)
const back = (rotation: RotationRecord, kind: StepKind) =>
  takeBack(owner, rotation.id, kind, rotation.version)

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const problem = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(problem instanceof Problem)) throw problem ?? new Error('nothing was refused')
  return `${problem.code}: ${problem.message}`
}

describe('a rotation', () => {
  it('says beforehand what it changes and whom it reaches, and changes nothing by that', async () => {
    const { steps, impact } = await previewAuthorityRotation(owner, { fromId: root.id, toId: null })
    expect(steps[0]).toMatchObject({
      kind: 'overlap',
      may: true,
      changes: [{ text: 'White trusts the new CA' }],
    })
    expect(impact).toMatchObject({
      contexts: [{ name: 'White' }],
      apis: [{ id: instanceId, sides: ['inbound'] }],
    })
    expect(await listRotations(owner)).toEqual([])
    expect((await readContextRecord(owner, white.id)).version).toBe(white.version)
  })

  it('trusts both, reissues, waits for whoever is seen with the old chain, and drops the old one', async () => {
    await see(root)
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    expect(statesOf(begun)).toEqual(['done', 'next', 'later', 'later'])
    expect((await readContextRecord(owner, white.id)).authorityIds.toSorted()).toEqual(
      [root.id, begun.toId].toSorted(),
    )

    const reissued = await go(begun, 'reissue')
    expect(statesOf(reissued)).toEqual(['done', 'done', 'next', 'later'])
    const shown = await readCertificateRecord(owner, leaf.id)
    expect(shown.chain[0]?.names).toEqual(leaf.chain[0]?.names)
    expect(shown.versions.map(({ state }) => state)).toEqual(['current', 'previous'])
    const [, above] = shown.pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    const to = await db().authority.findUniqueOrThrow({ where: { id: begun.toId } })
    expect(new X509Certificate(above ?? '').checkIssued(new X509Certificate(to.certificate))).toBe(true)

    expect(step(reissued, 'verify')?.whyNot.join()).toContain('CN=shop')
    expect(await refusalOf(go(reissued, 'drop'))).toContain('it would cut off CN=shop')

    const newRoot = { certificate: new X509Certificate(to.certificate) }
    await see({
      certificate: {
        sha256: newRoot.certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        subject: newRoot.certificate.subject,
      },
    })
    const followed = await readRotation(owner, begun.id)
    expect(statesOf(followed)).toEqual(['done', 'done', 'done', 'next'])
    const over = await go(followed, 'drop')
    expect(statesOf(over)).toEqual(['done', 'done', 'done', 'done'])
    expect((await readContextRecord(owner, white.id)).authorityIds).toEqual([begun.toId])
    expect((await listRotations(owner))[0]).toMatchObject({ from: root.name, next: null })

    await endRotation(owner, over.id, over.version)
    expect(await listRotations(owner)).toEqual([])
  })

  it('publishes each step once, and leaves drafts alone', async () => {
    const head = async () =>
      (await db().gateway.findUniqueOrThrow({ where: { id: home.gateway.id } })).headRevision
    expect(await head()).toBe(1)
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    expect(await head()).toBe(2)
    await go(begun, 'reissue')
    expect(await head()).toBe(3)
  })

  it('is taken back step by step', async () => {
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    const reissued = await go(begun, 'reissue')
    const restored = await back(reissued, 'reissue')
    expect((await readCertificateRecord(owner, leaf.id)).chain).toEqual(leaf.chain)
    const left = await back(restored, 'overlap')
    expect(statesOf(left)[0]).toBe('next')
    expect((await readContextRecord(owner, white.id)).authorityIds).toEqual([root.id])
  })

  it('does a step that is pressed twice once, and none that is not next', async () => {
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    expect(await refusalOf(go(begun, 'drop'))).toContain('rotation.refused')
    await go(begun, 'reissue')
    expect(await refusalOf(go(begun, 'reissue'))).toContain('write.stale')
    expect(await refusalOf(beginRotation(owner, { fromId: root.id, toId: null }))).toContain('already')
  })

  it('goes on without peers where somebody answers for them', async () => {
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    const reissued = await go(begun, 'reissue')
    expect(step(reissued, 'verify')?.blind).toEqual([{ id: white.id, kind: 'context', name: 'White' }])
    const vouched = await vouch(owner, reissued.id, [white.id], reissued.version)
    expect(statesOf(vouched)).toEqual(['done', 'done', 'done', 'next'])
  })

  it('of a CA that nothing trusts is refused, and leaves no CA behind', async () => {
    const before = await db().authority.count({ where: { organisationId: home.organisation.id } })
    expect(await refusalOf(beginRotation(owner, { fromId: issuing.id, toId: null }))).toContain(
      'No context trusts the old CA',
    )
    expect(await db().authority.count({ where: { organisationId: home.organisation.id } })).toBe(before)
  })

  it('is nobody else’s', async () => {
    const begun = await beginRotation(owner, { fromId: root.id, toId: null })
    const stranger = await (await testOrganisation()).actor('admin')
    expect(await refusalOf(readRotation(stranger, begun.id))).toContain('not-found')
    expect(await refusalOf(takeStep(stranger, begun.id, 'reissue', begun.version))).toContain('not-found')
    expect(await refusalOf(beginRotation(stranger, { fromId: root.id, toId: null }))).toContain('not-found')
    const viewer = await home.actor('viewer')
    expect(await refusalOf(takeStep(viewer, begun.id, 'reissue', begun.version))).toContain('access.denied')
  })
})

describe('peers that nodes see', () => {
  const rows = () => db().observedPeer.findMany({ where: { instanceId } })

  it('are kept as they were seen last, whatever chain they come with', async () => {
    await see(root)
    await see(issuing)
    expect(await rows()).toMatchObject([
      { who: 'uri:spiffe://acme/shop', anchorSha256: issuing.certificate.sha256 },
    ])
  })

  it('of another organisation’s API are not noted', async () => {
    const other = await testOrganisation()
    const peer = { apiId: instanceId, side: 'inbound', subject: 'CN=x', issuer: 'CN=y' } as const
    const who = { organisationId: other.organisation.id, gatewayId: other.gateway.id }
    const strange: PeerReport = { ...peer, names: [], anchorSha256: null }
    await transaction((tx) => notePeers(tx, who, [strange], new Date()))
    expect(await rows()).toEqual([])
  })
})

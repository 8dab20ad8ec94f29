import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { db } from '../db.ts'
import { createFlow } from '../networks/write-flow.ts'
import { createNetwork } from '../networks/write-network.ts'
import { createParty } from '../networks/write-party.ts'
import { deploymentOf, readRevision } from '../publish/read.ts'
import { rollBack } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { issue, makeAuthority, makeKey, publicKeyOf } from './issue.ts'
import { previewRotation } from './preview.ts'
import { readCertificateRecord } from './read.ts'
import {
  cancelRequest,
  completeRequest,
  requestVersion,
  restoreVersion,
  retireVersion,
  rotateCertificate,
} from './rotate.ts'
import { fileText } from './testing/files.ts'
import { secureApi, useContexts } from './testing/secure-api.ts'
import { signRequest } from './write-authority.ts'
import { createCertificate } from './write-certificate.ts'
import { changeContext } from './write-context.ts'
import { faultsOf, shownBy, type TrustHome, trustHome } from './testing/trust-home.ts'

const dayMs = 86_400_000

let database: TestDatabase
let home: TrustHome['home']
let owner: TrustHome['owner']
let issuing: TrustHome['issuing']
let leaf: TrustHome['leaf']
let context: TrustHome['context']
let deploy: TrustHome['deploy']
let served: TrustHome['served']

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;({ home, owner, issuing, leaf, context, deploy, served } = await trustHome())
})

describe('a rotation', () => {
  async function servedOnce() {
    const shop = await leaf('shop')
    const edge = await context('Edge', shop.id)
    const instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    await deploy()
    return { shop, edge, instanceId }
  }

  it('is one step: gateways show the new leaf, nothing else differs, and drafts stay drafts', async () => {
    const { shop, edge, instanceId } = await servedOnce()
    await useContexts(owner, instanceId, { inbound: edge.id, outbound: edge.id })
    const { certificate, published } = await rotateCertificate(
      owner,
      shop.id,
      { source: 'issue', lifetimeDays: undefined },
      1,
    )
    expect(published).toEqual([{ gatewayId: home.gateway.id, gatewayName: 'edge', revision: 2 }])
    const [before, after] = [await served(1), await served(2)]
    const changed = Object.keys(after.hashes).filter((id) => after.hashes[id] !== before.hashes[id])
    expect(changed).toEqual([`tls-context:${edge.id}`])
    expect(shownBy(await after.item(edge.id))).toBe(certificate.chain[0]?.sha256)
    expect(certificate).toMatchObject({
      version: 2,
      versions: [
        { number: 2, state: 'current' },
        { number: 1, state: 'previous', hasKey: true },
      ],
    })
    const [old, now] = [shop.chain[0], certificate.chain[0]]
    expect(now).toMatchObject({ subject: old?.subject, names: old?.names })
    expect(now?.spkiSha256).not.toBe(old?.spkiSha256)
    expect((await deploymentOf(owner, instanceId)).state).toBe('changed')
    const { difference, note } = await readRevision(owner, home.gateway.id, 2)
    expect(note).toBe('Certificate shop renewed')
    expect(difference.groups.flatMap(({ changes }) => changes.map(({ text }) => text))).toEqual([
      expect.stringMatching(
        /^The mTLS context Edge shows CN=shop.example \(until .+\) in the place of CN=shop.example/,
      ),
    ])
  })

  it('does not stand in the way of who compared with the revision before it', async () => {
    const { shop, edge, instanceId } = await servedOnce()
    await useContexts(owner, instanceId, { inbound: edge.id, outbound: edge.id })
    await rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 1)
    expect(await deploy(1)).toBe(3)
    const { certificate } = await rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: 3 }, 2)
    // Going back to a revision brings its APIs back, never its certificates.
    const number = await rollBack(owner, home.gateway.id, 1, { expectedHeadRevision: 4, note: '' })
    expect(shownBy(await (await served(number)).item(edge.id))).toBe(certificate.chain[0]?.sha256)
  })

  it('can be taken back until the version before is retired', async () => {
    const { shop, edge } = await servedOnce()
    await rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 1)
    const back = await restoreVersion(owner, shop.id, 1, 2)
    expect(back.published).toMatchObject([{ revision: 3 }])
    expect(shownBy(await (await served(3)).item(edge.id))).toBe(shop.chain[0]?.sha256)
    const { certificate } = await retireVersion(owner, shop.id, 2, 3)
    expect(certificate.versions).toMatchObject([
      { number: 2, state: 'retired', hasKey: false },
      { number: 1, state: 'current' },
    ])
    await expect(restoreVersion(owner, shop.id, 2, 4)).rejects.toMatchObject({
      message: 'Version 2 of shop is retired.',
    })
    await expect(retireVersion(owner, shop.id, 1, 4)).rejects.toMatchObject({
      message: 'Version 1 of shop is current.',
    })
    await expect(retireVersion(owner, shop.id, 9, 4)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('by a request shows the old leaf until the new one is back', async () => {
    const { shop } = await servedOnce()
    const { certificate: asked, published } = await requestVersion(owner, shop.id, 1)
    expect(published).toEqual([])
    expect(asked).toMatchObject({
      chain: shop.chain,
      versions: [{ state: 'requested' }, { state: 'current' }],
    })
    await expect(requestVersion(owner, shop.id, 2)).rejects.toMatchObject({
      message: 'A request for shop is out already; cancel it first.',
    })
    await cancelRequest(owner, shop.id, 2)
    const { certificate: again } = await requestVersion(owner, shop.id, 3)
    const csr = again.request ?? ''
    const { pem } = await signRequest(owner, issuing.id, {
      csr,
      kind: 'server',
      lifetimeDays: 5,
      names: undefined,
    })
    const done = await completeRequest(owner, shop.id, { text: pem }, 4)
    expect(done.published).toMatchObject([{ revision: 2 }])
    expect(done.certificate.versions.map(({ state }) => state)).toEqual(['current', 'previous'])
  })

  it('says before what it would be and whom it reaches', async () => {
    const { shop, edge, instanceId } = await servedOnce()
    const network = await createNetwork(owner, {
      name: 'VPC',
      class: 'org-internal',
      location: 'vpc',
      parentId: null,
      firewall: null,
      firewallContextId: null,
    })
    const consumer = await createParty(owner, {
      name: 'Web shop',
      kind: 'consumer',
      owner: 'organisation',
      networkId: network.id,
    })
    await createFlow(owner, { consumerId: consumer.id, apiId: instanceId })
    const preview = await previewRotation(owner, shop.id, { text: await fileText('rsa.crt') })
    expect(preview.warnings).toEqual([
      'It comes without its key, so it cannot be shown.',
      'Its chain is incomplete: CN=Fixture Intermediate is neither sent nor trusted by its contexts.',
    ])
    expect(preview.impact).toEqual({
      gateways: [{ id: home.gateway.id, name: 'edge', nodes: 0, online: 0, current: 0, connections: null }],
      listeners: [
        { gatewayId: home.gateway.id, id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 },
      ],
      apis: [
        {
          id: instanceId,
          gatewayId: home.gateway.id,
          name: 'orders',
          label: '1.0.0',
          sides: ['inbound'],
          webSockets: 0,
        },
      ],
      consumers: [{ id: consumer.id, name: 'Web shop' }],
      contexts: [{ id: edge.id, name: 'Edge' }],
    })
    const other = await issue(
      { kind: 'client', subject: { commonName: 'x' }, names: [], lifetimeMs: dayMs },
      publicKeyOf(makeKey()),
      await makeAuthority({ commonName: 'Elsewhere' }, dayMs),
    )
    expect((await previewRotation(owner, shop.id, { text: other })).warnings).toEqual([
      'It comes without its key, so it cannot be shown.',
      'It no longer has shop.example.',
      'It may not be used as that of a server.',
      'It ends before the one that is shown.',
      'Its chain is incomplete: CN=Elsewhere is neither sent nor trusted by its contexts.',
    ])
  })

  it('without a key, or of a certificate that was not issued here, is refused and changes nothing', async () => {
    const { shop } = await servedOnce()
    expect(
      await faultsOf(
        rotateCertificate(
          owner,
          shop.id,
          { source: 'import', content: { text: await fileText('ec.crt') } },
          1,
        ),
      ),
    ).toEqual(['certificate.refused', '/content shop needs its key: Edge shows it.'])
    const brought = await createCertificate(owner, {
      source: 'import',
      name: 'brought',
      kind: 'server',
      rotationWindowDays: null,
      content: { text: (await fileText('ec.crt')) + (await fileText('ec-sec1.key')) },
    })
    expect(
      await faultsOf(rotateCertificate(owner, brought.id, { source: 'issue', lifetimeDays: undefined }, 1)),
    ).toEqual([
      'certificate.refused',
      '/source brought was not issued by a CA here; bring another version, or make a request for one.',
    ])
    expect((await readCertificateRecord(owner, shop.id)).version).toBe(1)
    await expect(
      rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 7),
    ).rejects.toMatchObject({ code: 'write.stale' })
  })

  it('of two at once, one waits and is told', async () => {
    const { shop } = await servedOnce()
    const rotateOnce = () =>
      rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 1)
    const outcomes = await Promise.allSettled([rotateOnce(), rotateOnce(), rotateOnce()])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('the audit trail', () => {
  it('tells of every step by names and hashes, and of no key', async () => {
    const shop = await leaf('shop')
    const edge = await context('Edge', shop.id)
    await rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 1)
    await changeContext(owner, edge.id, { name: 'Front' }, 1)
    const entries = await db().auditEntry.findMany({
      where: { organisationId: owner.organisationId },
      orderBy: { sequence: 'asc' },
    })
    expect(entries.map(({ action }) => action)).toEqual([
      'authority.create',
      'authority.create',
      'certificate.create',
      'context.create',
      'certificate.rotate',
      'context.update',
    ])
    expect(JSON.stringify(entries.map(({ before, after }) => [before, after]))).not.toMatch(
      /PRIVATE|sealed|v2\./,
    )
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { db } from '../db.ts'
import { changeNetwork, createNetwork } from '../networks/write-network.ts'
import { readTopology } from '../networks/read.ts'
import { deploymentOf, readDraft, readRevision } from '../publish/read.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { readContextRecord } from './read.ts'
import { rotateCertificate } from './rotate.ts'
import { databaseText } from './testing/dump.ts'
import { fileText } from './testing/files.ts'
import { secureApi, useContexts } from './testing/secure-api.ts'
import { createAuthority, developmentAuthority } from './write-authority.ts'
import { createCertificate } from './write-certificate.ts'
import { changeContext, createContext, deleteContext, readContextImpact } from './write-context.ts'
import { faultsOf, shownBy, type TrustHome, trustHome } from './testing/trust-home.ts'

let database: TestDatabase
let home: TrustHome['home']
let owner: TrustHome['owner']
let issuing: TrustHome['issuing']
let root: TrustHome['root']
let leaf: TrustHome['leaf']
let context: TrustHome['context']
let deploy: TrustHome['deploy']
let served: TrustHome['served']

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;({ home, owner, issuing, root, leaf, context, deploy, served } = await trustHome())
})

describe('a context', () => {
  it('names CAs and a certificate that there are, with its key', async () => {
    const client = await createCertificate(owner, {
      source: 'import',
      name: 'keyless',
      kind: 'client',
      rotationWindowDays: null,
      content: { text: await fileText('ec.crt') },
    })
    const none = '0190a1b2-0000-7000-8000-000000000001'
    expect(
      await faultsOf(
        createContext(owner, {
          name: 'A',
          class: 'org-internal',
          authorityIds: [issuing.id, none],
          keystoreId: client.id,
        }),
      ),
    ).toEqual([
      'context.refused',
      '/authorityIds/1 There is no such CA.',
      '/keystoreId The key of keyless is not here, so it cannot be shown.',
    ])
    const other = await testOrganisation()
    const stranger = await developmentAuthority(await other.actor('owner'))
    expect(await faultsOf(context('A', null, [stranger.root.id]))).toContain(
      '/authorityIds/0 There is no such CA.',
    )
  })

  it('whose certificate another CA issued is taken, and a finding says so', async () => {
    const above = await createAuthority(owner, {
      name: 'Partner root',
      runBy: 'third-party',
      content: { text: await fileText('root.crt') },
    })
    const made = await leaf('shop')
    const odd = await createContext(owner, {
      name: 'Odd',
      class: 'org-internal',
      authorityIds: [above.id],
      keystoreId: made.id,
    })
    const grey = await createContext(owner, {
      name: 'Grey of ours',
      class: 'non-org-external',
      authorityIds: [issuing.id],
      keystoreId: made.id,
    })
    const { findings, contexts, authorities, certificates } = await readTopology(owner)
    expect(contexts.map(({ name }) => name)).toEqual(['Grey of ours', 'Odd'])
    expect(authorities).toHaveLength(3)
    expect(certificates).toMatchObject([{ name: 'shop', hasKey: true }])
    const said = findings.map(({ code, about }) => `${code} ${about.id}`)
    expect(said).toContain(`context.keystore-not-issued ${odd.id}`)
    expect(said).toContain(`context.grey-ca-is-ours ${grey.id}`)
    expect(JSON.stringify(await readTopology(owner))).not.toContain('PRIVATE KEY')
  })

  it('is named by policies of the same organisation alone', async () => {
    const other = await testOrganisation()
    const stranger = await other.actor('owner')
    const theirs = await developmentAuthority(stranger)
    const foreign = await createContext(stranger, {
      name: 'Theirs',
      class: 'org-internal',
      authorityIds: [theirs.root.id],
      keystoreId: null,
    })
    for (const inbound of [foreign.id, 'no id'])
      expect(await faultsOf(secureApi(owner, home.gateway.id, `api-${inbound}`, { inbound }))).toEqual([
        'policy.config-invalid',
        '/policies/0/config/contextRef There is no such mTLS context.',
      ])
  })

  it('is deleted only where nothing uses it, neither as drafted nor as deployed nor beyond a firewall', async () => {
    const edge = await context('Edge', (await leaf('shop')).id)
    const instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    const network = await createNetwork(owner, {
      name: 'Partners',
      class: 'non-org-external',
      location: 'cloud',
      parentId: null,
      firewall: 'WAF',
      firewallContextId: edge.id,
    })
    const api = { kind: 'api', id: instanceId, name: 'orders 1.0.0 at edge' }
    const firewall = { kind: 'firewall', id: network.id, name: 'WAF of Partners' }
    await expect(deleteContext(owner, edge.id, 1)).rejects.toMatchObject({
      code: 'in-use',
      message: 'Edge is still used: API orders 1.0.0 at edge, firewall WAF of Partners.',
      extra: { uses: [api, firewall] },
    })
    await deploy()
    await useContexts(owner, instanceId, {})
    expect((await changeNetwork(owner, network.id, { firewall: null }, 1)).firewallContextId).toBeNull()
    // It is still deployed.
    expect((await readContextRecord(owner, edge.id)).usedBy).toEqual([api])
    await expect(deleteContext(owner, edge.id, 1)).rejects.toMatchObject({ extra: { uses: [api] } })
    await deploy(1)
    await deleteContext(owner, edge.id, 1)
  })
})

describe('what is deployed', () => {
  it('has the contexts that its APIs name, and no others', async () => {
    const edge = await context('Edge', (await leaf('shop')).id)
    await context('Unused', null)
    const instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    await deploy()
    const { hashes, item } = await served(1)
    expect(Object.keys(hashes).filter((id) => id.startsWith('tls-context:'))).toEqual([
      `tls-context:${edge.id}`,
    ])
    shownBy(await item(edge.id))
    expect(await databaseText()).not.toContain('PRIVATE KEY')
    const { difference } = await readRevision(owner, home.gateway.id, 1)
    expect(difference.groups.flatMap(({ changes }) => changes.map(({ text }) => text))).toContain(
      'The mTLS context Edge is added',
    )
    expect(JSON.stringify(difference)).not.toContain('PRIVATE KEY')
    expect((await deploymentOf(owner, instanceId)).state).toBe('in-sync')
  })

  it('alone takes its context along, and leaves it to others when it needs it no more', async () => {
    const edge = await context('Edge', (await leaf('shop')).id)
    const own = await context('Own', (await leaf('own')).id)
    const a = await secureApi(owner, home.gateway.id, 'a', { inbound: edge.id })
    await deploy()
    const b = await secureApi(owner, home.gateway.id, 'b', { inbound: edge.id, outbound: own.id })
    const contextsAt = async (number: number) =>
      Object.keys((await served(number)).hashes)
        .filter((id) => id.startsWith('tls-context:'))
        .toSorted()
    await deploy(1, b)
    expect(await contextsAt(2)).toEqual([`tls-context:${edge.id}`, `tls-context:${own.id}`].toSorted())
    await useContexts(owner, b, {})
    await deploy(2, b)
    expect(await contextsAt(3)).toEqual([`tls-context:${edge.id}`])
    await useContexts(owner, a, {})
    await deploy(3, a)
    expect(await contextsAt(4)).toEqual([])
  })

  it('is refused with a context that shows nothing to clients, at the policy that names it', async () => {
    const blind = await context('Blind', null)
    const instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: blind.id })
    const fault = `/items/api:${instanceId}/policies/0/config/contextRef`
    expect((await readDraft(owner, home.gateway.id)).faults).toMatchObject([{ pointer: fault }])
    await expect(deploy()).rejects.toMatchObject({ code: 'revision.invalid' })
    await expect(deploy(0, instanceId)).rejects.toMatchObject({ code: 'revision.invalid' })
  })
})

describe('a context that changes', () => {
  it('is served at once wherever it is deployed, with its CAs in words', async () => {
    const edge = await context('Edge', (await leaf('shop')).id)
    await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    await deploy()
    const { context: changed, published } = await changeContext(
      owner,
      edge.id,
      { authorityIds: [root.id], name: 'Front' },
      1,
    )
    expect(changed).toMatchObject({ name: 'Front', authorityIds: [root.id], version: 2 })
    expect(published).toMatchObject([{ revision: 2 }])
    expect((await (await served(2)).item(edge.id)).trustedCa).toBe(root.pem)
    const { difference } = await readRevision(owner, home.gateway.id, 2)
    expect(difference.groups.flatMap(({ changes }) => changes.map(({ text }) => text))).toEqual([
      'The mTLS context Front was called Edge',
      expect.stringContaining(`The mTLS context Front trusts ${root.certificate.subject}`),
      expect.stringContaining(`The mTLS context Front no longer trusts ${issuing.certificate.subject}`),
    ])
    // Its class is nothing that a node knows.
    expect((await changeContext(owner, edge.id, { class: 'org-external' }, 2)).published).toEqual([])
  })

  it('may not lose the certificate that APIs show', async () => {
    const edge = await context('Edge', (await leaf('shop')).id)
    await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    await deploy()
    expect(await faultsOf(changeContext(owner, edge.id, { keystoreId: null }, 1))).toEqual([
      'revision.invalid',
      `/items/tls-context:${edge.id} Edge must have a certificate: an API at edge shows it to clients.`,
    ])
    expect((await readContextRecord(owner, edge.id)).keystoreId).not.toBeNull()
    expect(await readContextImpact(owner, edge.id)).toMatchObject({ apis: [{ sides: ['inbound'] }] })
  })

  it('and a deployment of the same moment never leave a gateway with what was before', async () => {
    const shop = await leaf('shop')
    const edge = await context('Edge', shop.id)
    await secureApi(owner, home.gateway.id, 'orders', { inbound: edge.id })
    const [, rotated] = await Promise.all([
      deploy(),
      rotateCertificate(owner, shop.id, { source: 'issue', lifetimeDays: undefined }, 1),
    ])
    const { headRevision } = await db().gateway.findUniqueOrThrow({ where: { id: home.gateway.id } })
    expect(shownBy(await (await served(headRevision)).item(edge.id))).toBe(
      rotated.certificate.chain[0]?.sha256,
    )
  })
})

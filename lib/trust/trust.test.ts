import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TlsContextItem } from '#contract/items.ts'
import { pathFrom } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { AuthorityRecord, CertificateRecord, ContextRecord } from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createFlow } from '../networks/write-flow.ts'
import { changeNetwork, createNetwork } from '../networks/write-network.ts'
import { createParty } from '../networks/write-party.ts'
import { readTopology } from '../networks/read.ts'
import { deployedAt } from '../publish/configuration.ts'
import { gatewayIn } from '../publish/draft.ts'
import { deploymentOf, readDraft, readRevision } from '../publish/read.ts'
import { publish, rollBack } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { acceptFinding, listAcceptances, withdrawAcceptance } from './acceptances.ts'
import { certificateInput } from './input.ts'
import { issue, makeAuthority, makeKey, makeRequest, publicKeyOf } from './issue.ts'
import { previewRotation } from './preview.ts'
import { readCertificateRecord, readContextRecord } from './read.ts'
import {
  cancelRequest,
  completeRequest,
  requestVersion,
  restoreVersion,
  retireVersion,
  rotateCertificate,
} from './rotate.ts'
import { databaseText } from './testing/dump.ts'
import { fileBase64, fileText } from './testing/files.ts'
import { secureApi, useContexts } from './testing/secure-api.ts'
import {
  changeAuthority,
  createAuthority,
  deleteAuthority,
  developmentAuthority,
  signRequest,
} from './write-authority.ts'
import { changeCertificate, createCertificate, deleteCertificate } from './write-certificate.ts'
import { changeContext, createContext, deleteContext, readContextImpact } from './write-context.ts'

const dayMs = 86_400_000

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let issuing: AuthorityRecord
let root: AuthorityRecord

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  const listeners = [
    { id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 },
    { id: 'http', protocol: 'http', address: '127.0.0.1', port: 8081 },
  ]
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
  ;({ issuing, root } = await developmentAuthority(owner))
})

function leaf(name: string, more: object = {}): Promise<CertificateRecord> {
  return createCertificate(
    owner,
    certificateInput.parse({
      source: 'issue',
      name,
      kind: 'server',
      authorityId: issuing.id,
      names: [{ type: 'dns', value: 'shop.example' }],
      ...more,
    }),
  )
}

function context(
  name: string,
  keystoreId: string | null,
  authorityIds = [issuing.id],
): Promise<ContextRecord> {
  return createContext(owner, { name, class: 'org-internal', authorityIds, keystoreId })
}

async function deploy(expectedHeadRevision = 0, instanceId?: string): Promise<number> {
  return publish(owner, home.gateway.id, { expectedHeadRevision, note: '', instanceId })
}

async function served(number: number) {
  const gateway = await gatewayIn(db(), owner.organisationId, home.gateway.id)
  const deployed = await deployedAt(db(), gateway, number)
  const item = async (contextId: string) => {
    const found = (await deployed.read([`tls-context:${contextId}`])).get(`tls-context:${contextId}`)
    if (found?.kind !== 'tls-context') throw new Error('it is not served')
    return found
  }
  return { hashes: deployed.hashes, item }
}

function shownBy(item: TlsContextItem): string {
  const certificate = new X509Certificate(item.keystore?.certificate ?? '')
  expect(certificate.checkPrivateKey(createPrivateKey(item.keystore?.key ?? ''))).toBe(true)
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

async function faultsOf(work: Promise<unknown>) {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (problem: unknown) => problem,
  )
  if (!(error instanceof Problem)) throw error
  return [error.code, ...error.faults.map(({ pointer, detail }) => `${pointer} ${detail}`)]
}

describe('the development CA', () => {
  it('is a root and an intermediate, made once for an organisation', async () => {
    const again = await Promise.all([developmentAuthority(owner), developmentAuthority(owner)])
    for (const each of again) expect([each.root.id, each.issuing.id]).toEqual([root.id, issuing.id])
    expect(root).toMatchObject({ canIssue: true, runBy: 'organisation', builtIn: true, parentId: null })
    expect(issuing).toMatchObject({ canIssue: true, parentId: root.id })
    expect(root.certificate).toMatchObject({
      selfSigned: true,
      isCa: true,
      key: { algorithm: 'EC', bits: 256 },
    })
    const other = await testOrganisation()
    expect((await developmentAuthority(await other.actor('owner'))).root.pem).not.toBe(root.pem)
  })

  it('issues leaves whose chain leads to its root', async () => {
    const made = await leaf('shop', {
      names: [
        { type: 'dns', value: 'shop.example' },
        { type: 'uri', value: 'spiffe://acme/shop' },
      ],
      lifetimeDays: 7,
    })
    const [shown, ...sent] = made.chain
    if (!shown) throw new Error('no leaf')
    expect(made).toMatchObject({ hasKey: true, renewalMethod: 'built-in', request: null, version: 1 })
    expect(shown.names).toEqual([
      { type: 'dns', value: 'shop.example' },
      { type: 'uri', value: 'spiffe://acme/shop' },
    ])
    expect(pathFrom(shown, sent, [root.certificate]).anchor).not.toBeNull()
    expect(sent.map(({ subject }) => subject)).toEqual([issuing.certificate.subject])
    expect(Date.parse(shown.notAfter) - Date.now()).toBeLessThanOrEqual(7 * dayMs)
    expect(made.pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  })

  it('signs the request of a node, and never sees its key', async () => {
    const key = makeKey()
    const names = [{ type: 'uri', value: 'spiffe://acme/node-1' }] as const
    const csr = await makeRequest({ subject: { commonName: 'node-1' }, names }, key)
    const { chain, pem } = await signRequest(owner, issuing.id, {
      csr,
      kind: 'client',
      lifetimeDays: 1,
      names: undefined,
    })
    expect(chain[0]).toMatchObject({ subject: 'CN=node-1', names, extendedKeyUsages: ['clientAuth'] })
    expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key.reveal()))).toBe(true)
    const others = [{ type: 'dns' as const, value: 'given.example' }]
    const other = await signRequest(owner, issuing.id, {
      csr,
      kind: 'server',
      lifetimeDays: 1,
      names: others,
    })
    expect(other.chain[0]).toMatchObject({ names: others, extendedKeyUsages: ['serverAuth'] })
    expect(
      await faultsOf(
        signRequest(owner, issuing.id, { csr: 'no', kind: 'client', lifetimeDays: 1, names: undefined }),
      ),
    ).toEqual(['certificate.unreadable', '/csr There is no certificate request in PEM form.'])
  })
})

describe('a CA', () => {
  it('is trusted without its key, and finds the one that issued it', async () => {
    const above = await createAuthority(owner, {
      name: 'Partner root',
      runBy: 'third-party',
      content: { text: await fileText('root.crt') },
    })
    const below = await createAuthority(owner, {
      name: 'Partner CA',
      runBy: 'third-party',
      content: { text: await fileText('intermediate.crt') },
    })
    expect(above).toMatchObject({ canIssue: false, parentId: null, runBy: 'third-party', builtIn: false })
    expect(below.parentId).toBe(above.id)
    expect(await faultsOf(leaf('shop', { authorityId: above.id }))).toEqual([
      'certificate.refused',
      '/authorityId The key of Partner root is not here, so it issues nothing here.',
    ])
    expect(
      await faultsOf(
        createAuthority(owner, { name: 'Again', runBy: 'organisation', content: { text: above.pem } }),
      ),
    ).toEqual(['certificate.known', '/content Partner root is this very CA already.'])
    expect(
      await faultsOf(
        createAuthority(owner, {
          name: 'Leaf',
          runBy: 'organisation',
          content: { text: await fileText('ec.crt') },
        }),
      ),
    ).toEqual([
      'certificate.unreadable',
      '/content/text The certificate in line 1 (CN=shop.example) is not that of a CA.',
    ])
  })

  it('that was brought with its key issues', async () => {
    const { certificate, key } = await makeAuthority({ commonName: 'Brought' }, 30 * dayMs)
    const brought = await createAuthority(owner, {
      name: 'Brought',
      runBy: 'organisation',
      content: { text: certificate + key.reveal() },
    })
    const made = await leaf('shop', { authorityId: brought.id })
    // Whoever trusts a root has it: it is not sent.
    expect(made.chain).toHaveLength(1)
    expect(new X509Certificate(made.pem).verify(new X509Certificate(certificate).publicKey)).toBe(true)
  })

  it('is renamed under its version, and deleted only where nothing needs it', async () => {
    const used = await context('Internal', null)
    const renamed = await changeAuthority(owner, issuing.id, { name: 'Our CA' }, 1)
    expect(renamed).toMatchObject({ name: 'Our CA', version: 2 })
    await expect(changeAuthority(owner, issuing.id, { name: 'X' }, 1)).rejects.toMatchObject({
      code: 'write.stale',
    })
    expect(await faultsOf(changeAuthority(owner, root.id, { name: 'Our CA' }, 1))).toEqual([
      'name.taken',
      '/name There is a CA called Our CA already.',
    ])
    await expect(deleteAuthority(owner, issuing.id, 2)).rejects.toMatchObject({
      code: 'in-use',
      message: 'Our CA is still used: context Internal.',
      extra: { uses: [{ kind: 'context', id: used.id, name: 'Internal' }] },
    })
    await expect(deleteAuthority(owner, root.id, 1)).rejects.toMatchObject({ code: 'in-use' })
    await deleteContext(owner, used.id, 1)
    await deleteAuthority(owner, issuing.id, 2)
    await deleteAuthority(owner, root.id, 1)
    expect(await db().authority.count({ where: { organisationId: owner.organisationId } })).toBe(0)
  })
})

describe('a certificate', () => {
  it('comes by a file with its password, and keeps neither', async () => {
    const content = { base64: await fileBase64('ec-modern.p12'), password: 'geheim' }
    const made = await createCertificate(owner, {
      source: 'import',
      name: 'shop',
      kind: 'server',
      rotationWindowDays: 20,
      content,
    })
    expect(made).toMatchObject({ hasKey: true, renewalMethod: 'manual', rotationWindowDays: 20 })
    const text = await databaseText()
    expect(text).not.toContain('geheim')
    expect(text).not.toContain('PRIVATE KEY')
    expect(JSON.stringify(made)).not.toContain('PRIVATE KEY')
  })

  it('comes by a request: the key is made here, and fits what comes back alone', async () => {
    const asked = await createCertificate(owner, {
      source: 'request',
      name: 'shop',
      kind: 'server',
      rotationWindowDays: null,
      commonName: undefined,
      names: [{ type: 'dns', value: 'shop.example' }],
    })
    expect(asked).toMatchObject({ chain: [], hasKey: false, versions: [{ number: 1, state: 'requested' }] })
    const other = await makeAuthority({ commonName: 'Elsewhere' }, dayMs)
    const { chain, pem } = await signRequest(owner, issuing.id, {
      csr: asked.request ?? '',
      kind: 'server',
      lifetimeDays: 5,
      names: undefined,
    })
    const stranger = await issue(
      { kind: 'server', subject: { commonName: 'x' }, names: [], lifetimeMs: dayMs },
      publicKeyOf(makeKey()),
      other,
    )
    expect(await faultsOf(completeRequest(owner, asked.id, { text: stranger }, 1))).toEqual([
      'certificate.unreadable',
      '/content/text The private key does not fit the certificate in line 1 (CN=x).',
    ])
    const { certificate } = await completeRequest(owner, asked.id, { text: pem }, 1)
    expect(certificate).toMatchObject({ hasKey: true, request: null, version: 2 })
    expect(certificate.chain.map(({ sha256 }) => sha256)).toEqual(chain.map(({ sha256 }) => sha256))
    await expect(completeRequest(owner, asked.id, { text: pem }, 2)).rejects.toMatchObject({
      message: 'No request for shop is out.',
    })
  })

  it('of cert-manager is an entry, renewed there, whose Secret brings it', async () => {
    const document = (before: string) => `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-server, namespace: shop }
spec:
  secretName: shop-server
  duration: 90d
  renewBefore: ${before}
  usages: [server auth]
  dnsNames: [shop.example]
  issuerRef: { name: shop-ca }
`
    const made = await createCertificate(owner, { source: 'cert-manager', document: document('30d') })
    expect(made).toMatchObject({
      name: 'shop-server',
      kind: 'server',
      renewalMethod: 'cert-manager',
      rotationWindowDays: 30,
      chain: [],
      hasKey: false,
    })
    const hours = document('720h')
      .replace('name: shop-server', 'name: other')
      .replace('[server auth]', '[client auth]')
    expect(await createCertificate(owner, { source: 'cert-manager', document: hours })).toMatchObject({
      kind: 'client',
      rotationWindowDays: 30,
    })
    expect(
      await faultsOf(createCertificate(owner, { source: 'cert-manager', document: document('x') })),
    ).toEqual([
      'request.invalid',
      '/document /spec/renewBefore must be a duration such as 2160h (90d is read too)',
    ])
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: shop-server }\ndata:\n  tls.crt: ${await fileBase64('ec.crt')}\n  tls.key: ${await fileBase64('ec-sec1.key')}`
    const { certificate } = await rotateCertificate(
      owner,
      made.id,
      { source: 'import', content: { text: secret } },
      1,
    )
    expect(certificate).toMatchObject({ hasKey: true, chain: [{ subject: 'CN=shop.example' }] })
  })

  it.each([[{ names: [] }, '/names A server certificate needs a name by which clients know the server.']])(
    '%j is refused',
    async (more, fault) => {
      expect(await faultsOf(leaf('shop', more))).toEqual(['certificate.refused', fault])
    },
  )

  it.each([
    [{ type: 'dns', value: 'a..b' }],
    [{ type: 'dns', value: 'a@b.example' }],
    [{ type: 'ip', value: '2001:DB8::1' }],
    [{ type: 'uri', value: 'spiffe://acme/*' }],
    [{ type: 'email', value: 'nobody' }],
  ])('cannot have the name %j', (name) => {
    const input = { source: 'issue', name: 'a', kind: 'server', authorityId: issuing.id, names: [name] }
    expect(certificateInput.safeParse(input).success).toBe(false)
  })

  it('is deleted only where no context shows it, and its keys go with it', async () => {
    const made = await leaf('shop')
    const used = await context('Edge', made.id)
    await expect(deleteCertificate(owner, made.id, 1)).rejects.toMatchObject({
      code: 'in-use',
      extra: { uses: [{ kind: 'context', id: used.id, name: 'Edge' }] },
    })
    await deleteContext(owner, used.id, 1)
    await deleteCertificate(owner, made.id, 1)
    expect(await db().certificateVersion.count({ where: { certificateId: made.id } })).toBe(0)
  })

  it('keeps what it shows when it is renamed', async () => {
    const made = await leaf('shop')
    const renamed = await changeCertificate(owner, made.id, { name: 'store', rotationWindowDays: 10 }, 1)
    expect(renamed).toMatchObject({ name: 'store', rotationWindowDays: 10, version: 2, chain: made.chain })
  })
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

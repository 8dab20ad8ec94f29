import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { certificateInput } from './input.ts'
import { issue, makeAuthority, makeKey, publicKeyOf } from './issue.ts'
import { completeRequest, rotateCertificate } from './rotate.ts'
import { databaseText } from './testing/dump.ts'
import { fileBase64 } from './testing/files.ts'
import { signRequest } from './write-authority.ts'
import { changeCertificate, createCertificate, deleteCertificate } from './write-certificate.ts'
import { deleteContext } from './write-context.ts'
import { faultsOf, type TrustHome, trustHome } from './testing/trust-home.ts'

const dayMs = 86_400_000

let database: TestDatabase
let owner: TrustHome['owner']
let issuing: TrustHome['issuing']
let leaf: TrustHome['leaf']
let context: TrustHome['context']

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;({ owner, issuing, leaf, context } = await trustHome())
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

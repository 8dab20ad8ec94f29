import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pathFrom } from '#domain/certificate.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { makeAuthority, makeKey, makeRequest } from './issue.ts'
import { fileText } from './testing/files.ts'
import {
  changeAuthority,
  createAuthority,
  deleteAuthority,
  developmentAuthority,
  signRequest,
} from './write-authority.ts'
import { deleteContext } from './write-context.ts'
import { faultsOf, type TrustHome, trustHome } from './testing/trust-home.ts'

const dayMs = 86_400_000

let database: TestDatabase
let owner: TrustHome['owner']
let issuing: TrustHome['issuing']
let root: TrustHome['root']
let leaf: TrustHome['leaf']
let context: TrustHome['context']

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;({ owner, issuing, root, leaf, context } = await trustHome())
})

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

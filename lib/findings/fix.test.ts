import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dayMs } from '#domain/certificate.ts'
import type { FindingCode } from '#domain/finding.ts'
import { mask } from '#policies/secrets.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { readChain } from '../policies/read.ts'
import { replaceChain } from '../policies/write.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { certificateInput } from '../trust/input.ts'
import { makeKey, makeRequest } from '../trust/issue.ts'
import { blocksOf } from '../trust/pem-facts.ts'
import { readCertificateRecord } from '../trust/read.ts'
import { fileText } from '../trust/testing/files.ts'
import { secureApi } from '../trust/testing/secure-api.ts'
import { developmentAuthority, signRequest } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { fixFinding } from './fix.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  const listeners = [{ id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 }]
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
})

const found = async (code: FindingCode, at = new Date()) =>
  (await readTopology(owner, at)).findings.filter((finding) => finding.code === code)

async function only(code: FindingCode, at?: Date) {
  const [finding, ...others] = await found(code, at)
  if (!finding || others.length > 0) throw new Error(`there is not one ${code}`)
  return finding
}

async function servedWith(certificateId: string, authorityId: string): Promise<void> {
  const { id } = await createContext(owner, {
    name: 'Edge',
    class: 'org-internal',
    authorityIds: [authorityId],
    keystoreId: certificateId,
  })
  await secureApi(owner, home.gateway.id, 'orders', { inbound: id })
  await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
}

describe('a safe fix', () => {
  it('of versions that the suites have no use for says in the draft what is agreed on anyway', async () => {
    const instanceId = await testInstance(home, { title: 'Orders', upstreamUrl: 'https://orders.internal' })
    const { version } = await readChain(owner, instanceId)
    const certificate = { crt: await fileText('ec.crt'), key: await fileText('ec-sec1.key') }
    const step = { label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
    const of = (kind: string, config: Record<string, unknown>) => ({ ...step, kind, config })
    const newOnly = { ciphers: ['TLS_AES_128_GCM_SHA256'], minversion: '1.2' }
    await replaceChain(
      owner,
      instanceId,
      [
        of('tls-outbound', { ...newOnly, certificate }),
        { ...of('tls', { ...newOnly, certificate, mode: 'DISABLE' }), enabled: false },
      ],
      version,
    )
    const finding = await only('tls.version-cipher-mismatch')
    expect(await fixFinding(owner, finding.id)).toEqual({ published: [] })
    expect(await found('tls.version-cipher-mismatch')).toEqual([])
    const { policies } = await readChain(owner, instanceId)
    expect(policies.map(({ config }) => config)).toMatchObject([
      { ...newOnly, minversion: '1.3', maxversion: '1.3', certificate: { key: mask } },
      { minversion: '1.2' },
    ])
    await expect(fixFinding(owner, finding.id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('of a certificate that ends has the CA here issue another one, which is served at once', async () => {
    const { issuing } = await developmentAuthority(owner)
    const { id } = await createCertificate(
      owner,
      certificateInput.parse({
        source: 'issue',
        name: 'edge',
        kind: 'server',
        authorityId: issuing.id,
        names: [{ type: 'dns', value: 'shop.example' }],
        lifetimeDays: 90,
      }),
    )
    await servedWith(id, issuing.id)
    const later = new Date(Date.now() + 80 * dayMs)
    const { published } = await fixFinding(owner, (await only('cert.expiring', later)).id, later)
    expect(published).toMatchObject([{ gatewayId: home.gateway.id, revision: 2 }])
    const { versions } = await readCertificateRecord(owner, id)
    expect(versions.map(({ state }) => state)).toEqual(['current', 'previous'])
  })

  it('of a chain that comes without an intermediate puts that behind it, with the same leaf and key', async () => {
    const { root, issuing } = await developmentAuthority(owner)
    const key = makeKey()
    const names = [{ type: 'dns', value: 'shop.example' }] as const
    const csr = await makeRequest({ subject: { commonName: 'shop.example' }, names }, key)
    const { pem } = await signRequest(owner, issuing.id, { csr, kind: 'server', lifetimeDays: 90 })
    const [leaf = ''] = blocksOf(pem)
    const content = { text: `${leaf}\n${key.reveal()}` }
    const { id } = await createCertificate(owner, {
      source: 'import',
      name: 'edge',
      kind: 'server',
      rotationWindowDays: null,
      content,
    })
    await servedWith(id, root.id)
    const { published } = await fixFinding(owner, (await only('cert.chain-incomplete')).id)
    expect(published).toMatchObject([{ revision: 2 }])
    expect(await found('cert.chain-incomplete')).toEqual([])
    const { chain, hasKey } = await readCertificateRecord(owner, id)
    expect(hasKey).toBe(true)
    expect(chain.map(({ subject }) => subject)).toEqual(['CN=shop.example', issuing.certificate.subject])
  })
})

describe('a fix is refused', () => {
  it('where somebody must decide, and to whoever may not change what it would change', async () => {
    const instanceId = await testInstance(home, { title: 'Orders', upstreamUrl: 'https://orders.internal' })
    const { version } = await readChain(owner, instanceId)
    const config = { ciphers: ['TLS_AES_128_GCM_SHA256'], skipValidation: true }
    const step = { label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
    await replaceChain(owner, instanceId, [{ ...step, kind: 'tls-outbound', config }], version)
    const undecided = (await only('context.skip-validation')).id
    await expect(fixFinding(owner, undecided)).rejects.toMatchObject({ code: 'finding.undecided' })
    const { id } = await only('tls.version-cipher-mismatch')
    for (const role of ['reviewer', 'operator', 'viewer'] as const)
      await expect(fixFinding(await home.actor(role), id)).rejects.toMatchObject({ code: 'access.denied' })
    const stranger = await (await testOrganisation()).actor('admin')
    await expect(fixFinding(stranger, id)).rejects.toMatchObject({ code: 'not-found' })
    expect(await found('tls.version-cipher-mismatch')).toHaveLength(1)
  })
})

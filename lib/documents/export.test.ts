import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { check } from '../check/check.ts'
import { convertSwagger } from '../catalog/swagger.ts'
import type { ExportedDocuments } from '#domain/documents.ts'
import type { AuthorityRecord } from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { replaceChain } from '../policies/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { certificateInput } from '../trust/input.ts'
import { secureApi } from '../trust/testing/secure-api.ts'
import { developmentAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { exportInstance } from './export.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let issuing: AuthorityRecord
let instanceId: string

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  const listeners = [
    { id: 'http', protocol: 'http', address: '0.0.0.0', port: 8081 },
    { id: 'https', protocol: 'https', address: '0.0.0.0', port: 8443 },
  ]
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
  ;({ issuing } = await developmentAuthority(owner))
  const [inbound, outbound] = [await context('White', 'server'), await context('Out', 'client')]
  instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound, outbound })
  await db().apiInstance.update({ where: { id: instanceId }, data: { host: 'orders.example' } })
})

async function context(name: string, kind: 'server' | 'client'): Promise<string> {
  const { id } = await createCertificate(
    owner,
    certificateInput.parse({
      ...{ source: 'issue', name: `${name} keystore`, kind, authorityId: issuing.id },
      names: [{ type: 'dns', value: 'orders.example' }],
    }),
  )
  const made = { name, class: 'org-internal' as const, authorityIds: [issuing.id], keystoreId: id }
  return (await createContext(owner, made)).id
}

const textOf = ({ files }: ExportedDocuments, what: string) =>
  files.find((file) => file.what === what)?.text ?? ''

describe.each(['members', 'policies'] as const)('an API that is exported with TLS as %s', (form) => {
  it('has its contexts in Secrets, no private key, and what renews them', async () => {
    const exported = await exportInstance(owner, instanceId, form)
    expect(exported.files.map(({ name }) => name)).toEqual([
      'orders.yaml',
      'orders-cert-manager.yaml',
      'orders-network-policies.yaml',
      'orders-openapi.json',
    ])
    const flex = textOf(exported, 'flex')
    expect(flex).toContain(form === 'members' ? 'clientValidation:' : 'name: tls-outbound')
    expect(flex).toContain('secretName: orders-server')
    expect(flex).toContain('secretName: orders-upstream-client')
    expect(flex).not.toContain('hexgate.io/context')
    for (const { text } of exported.files) expect(text).not.toMatch(/PRIVATE KEY-----|sealed:/)
    expect(textOf(exported, 'cert-manager')).toContain('secretName: orders-server')
    expect(exported.notes.join(' ')).toContain('2 listeners')
  })

  it('is judged, as a folder, without any error of its own', async () => {
    const { files } = await exportInstance(owner, instanceId, form)
    const sources = files.map(({ name: file, text }) => ({ file, text }))
    const report = await check(sources, { environment: 'development', now: new Date(), convertSwagger })
    expect(report.unreadable).toEqual([])
    const own = report.findings.filter(({ severity }) => severity === 'error')
    expect(own.map(({ code, sentence }) => `${code} ${sentence}`)).toEqual([])
  })
})

describe('an export', () => {
  it('names the Secret of a password and never holds it', async () => {
    const step = { label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
    const plain = await secureApi(owner, home.gateway.id, 'plain', {})
    const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id: plain } })
    const config = { username: 'gateway', password: 'planted-password' }
    await replaceChain(owner, plain, [{ ...step, kind: 'credential-injection-basic-auth', config }], version)
    const exported = await exportInstance(owner, plain, 'members')
    expect(textOf(exported, 'flex')).toContain('name: plain-policy-secrets')
    expect(JSON.stringify(exported)).not.toContain('planted-password')
    expect(exported.notes.join(' ')).toContain('plain-policy-secrets')
  })

  it('says what the documents cannot say, and gives nothing of another organisation', async () => {
    await db().apiInstance.update({ where: { id: instanceId }, data: { stripBasePath: false } })
    await expect(exportInstance(owner, instanceId, 'members')).rejects.toMatchObject({
      code: 'documents.unsayable',
    })
    const stranger = await (await testOrganisation()).actor('admin')
    await expect(exportInstance(stranger, instanceId, 'members')).rejects.toMatchObject({ code: 'not-found' })
  })
})

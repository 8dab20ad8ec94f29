import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '#domain/problem.ts'
import type { AuthorityRecord, CertificateRecord } from '#domain/trust-record.ts'
import { createAuthority, selfSigned } from '#gateway-runtime/testing/certificates.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { certificateInput } from '../trust/input.ts'
import { secureApi } from '../trust/testing/secure-api.ts'
import { developmentAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { changeContext, createContext } from '../trust/write-context.ts'
import type { Simulation } from './input.ts'
import { simulate } from './simulate.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let issuing: AuthorityRecord
let contextId: string
let contextVersion: number
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
  ;({ issuing } = await developmentAuthority(owner))
  const { id: keystoreId } = await leaf('edge', 'server')
  const context = await createContext(owner, {
    name: 'White',
    class: 'org-internal',
    authorityIds: [issuing.id],
    keystoreId,
  })
  contextId = context.id
  contextVersion = context.version
  instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: contextId })
})

function leaf(name: string, kind: 'server' | 'client'): Promise<CertificateRecord> {
  const names = [{ type: 'dns', value: `${name}.example` }]
  return createCertificate(
    owner,
    certificateInput.parse({ source: 'issue', name, kind, authorityId: issuing.id, names }),
  )
}

const at = () => ({ kind: 'api', instanceId }) as const
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )

describe('a simulated handshake', () => {
  it('judges a certificate that is here by what the API drafts, and says each check', async () => {
    const { id: certificateId } = await leaf('shop', 'client')
    const said = await simulate(owner, { certificate: { from: 'stored', certificateId }, at: at() })
    expect(said).toMatchObject({
      verdict: 'accepted',
      code: null,
      at: { name: 'orders 1.0.0', mode: 'STRICT', state: 'draft', revision: null },
      chain: { anchored: true, missing: null },
    })
    expect(said.checks.map(({ check, state }) => `${check} ${state}`)).toEqual([
      'shown passed',
      'readable passed',
      'strength passed',
      'chain passed',
      'usage passed',
      'revocation not-asked',
      'validity passed',
      'names not-asked',
      'pins not-asked',
    ])
  })

  it('refuses one for servers at its usage, one of strangers at its chain, and none at all', async () => {
    const { id: certificateId } = await leaf('not-for-clients', 'server')
    const asServer = await simulate(owner, { certificate: { from: 'stored', certificateId }, at: at() })
    expect(asServer.code).toBe('client_cert_wrong_usage')
    const { chain } = await (await createAuthority('Strangers')).issue()
    const stranger = await simulate(owner, { certificate: { from: 'pem', pem: chain }, at: at() })
    expect(stranger).toMatchObject({
      code: 'client_cert_untrusted_issuer',
      chain: { anchored: false, missing: 'CN=Strangers' },
    })
    expect(stranger.checks.find(({ decides }) => decides)?.detail).toContain('CN=Strangers')
    const none = await simulate(owner, { certificate: { from: 'none' }, at: at() })
    expect(none.code).toBe('client_cert_missing')
  })

  it('judges by what is deployed once there is something, and by the draft where that is asked for', async () => {
    await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '', instanceId: undefined })
    await db().policyAttachment.updateMany({
      where: { instanceId },
      data: { config: { contextRef: contextId, subjectAltNames: ['elsewhere.example'] } },
    })
    const { id: certificateId } = await leaf('shop', 'client')
    const certificate = { from: 'stored', certificateId } as const
    const deployed = await simulate(owner, { certificate, at: at() })
    expect(deployed).toMatchObject({ verdict: 'accepted', at: { state: 'deployed', revision: 1 } })
    const draft = await simulate(owner, { certificate, at: { ...at(), state: 'draft' } })
    expect(draft).toMatchObject({ code: 'client_cert_san_not_allowed', at: { state: 'draft' } })
  })

  it('judges by a context alone as its CAs are now', async () => {
    const { id: certificateId } = await leaf('shop', 'client')
    const asked: Simulation = {
      certificate: { from: 'stored', certificateId },
      at: { kind: 'context', contextId },
    }
    expect((await simulate(owner, asked)).verdict).toBe('accepted')
    const { root } = await developmentAuthority(owner)
    await changeContext(owner, contextId, { authorityIds: [root.id] }, contextVersion)
    expect(await simulate(owner, asked)).toMatchObject({ verdict: 'accepted', at: { state: 'context' } })
  })

  it('says what it cannot judge instead of guessing', async () => {
    const plain = await secureApi(owner, home.gateway.id, 'plain', {})
    const none = { from: 'none' } as const
    expect(await codeOf(simulate(owner, { certificate: none, at: { kind: 'api', instanceId: plain } }))).toBe(
      'handshake.no-tls',
    )
    for (const pem of ['nothing', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
      expect(await codeOf(simulate(owner, { certificate: { from: 'pem', pem }, at: at() }))).toBe(
        'certificate.unreadable',
      )
    const { certificate } = await selfSigned()
    const long = { from: 'pem', pem: certificate.repeat(21) } as const
    expect(await codeOf(simulate(owner, { certificate: long, at: at() }))).toBe('certificate.unreadable')
  })

  it('shows nothing of another organisation', async () => {
    const stranger = await (await testOrganisation()).actor('admin')
    const none = { from: 'none' } as const
    expect(await codeOf(simulate(stranger, { certificate: none, at: at() }))).toBe('not-found')
    expect(await codeOf(simulate(stranger, { certificate: none, at: { kind: 'context', contextId } }))).toBe(
      'not-found',
    )
  })
})

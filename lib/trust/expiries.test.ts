import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createFlow } from '../networks/write-flow.ts'
import { createNetwork } from '../networks/write-network.ts'
import { createParty } from '../networks/write-party.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testOrganisation } from '../testing/organisation.ts'
import { listExpiries, readStanding } from './expiries.ts'
import { certificateInput, contextInput, versionInput } from './input.ts'
import { rotateCertificate } from './rotate.ts'
import { fileText } from './testing/files.ts'
import { secureApi } from './testing/secure-api.ts'
import { developmentAuthority } from './write-authority.ts'
import { changeCertificate, createCertificate } from './write-certificate.ts'
import { createContext } from './write-context.ts'

let database: TestDatabase
let owner: Actor
let instanceId: string
let certificateId: string
let issuingId: string

beforeAll(async () => {
  database = await testDatabase()
  const home = await testOrganisation()
  owner = await home.actor('owner')
  const listeners = [{ id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 }]
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
  issuingId = (await developmentAuthority(owner)).issuing.id
  const names = [{ type: 'dns', value: 'shop.example' }]
  const wish = {
    source: 'issue',
    name: 'shop',
    kind: 'server',
    authorityId: issuingId,
    names,
    lifetimeDays: 60,
  }
  certificateId = (await createCertificate(owner, certificateInput.parse(wish))).id
  const context = await createContext(
    owner,
    contextInput.parse({
      name: 'Edge',
      class: 'org-internal',
      authorityIds: [issuingId],
      keystoreId: certificateId,
    }),
  )
  instanceId = await secureApi(owner, home.gateway.id, 'orders', { inbound: context.id })
  const network = await createNetwork(owner, {
    name: 'VPC',
    class: 'org-internal',
    location: 'vpc',
    parentId: null,
    firewall: null,
    firewallContextId: null,
  })
  const shop = { name: 'Shop', kind: 'consumer', owner: 'organisation', networkId: network.id } as const
  const consumer = await createParty(owner, shop)
  await createFlow(owner, { consumerId: consumer.id, apiId: instanceId })
  const request = { source: 'request', name: 'asked', kind: 'client' }
  await createCertificate(owner, certificateInput.parse(request))
})
afterAll(() => database.close())

const entryOf = async (name: string, actor = owner) =>
  (await listExpiries(actor)).entries.find(({ about }) => about.name === name)

describe('everything that can lapse', () => {
  it('says what fails then, in which contexts, and what is only asked for', async () => {
    expect(await entryOf('shop')).toMatchObject({
      about: { kind: 'certificate', id: certificateId },
      ends: { state: 'valid', daysLeft: 59, names: ['shop.example'], first: null },
      contexts: [{ name: 'Edge' }],
      breaks: { apis: 1, consumers: 1 },
      renewalMethod: 'built-in',
      isRequested: false,
    })
    expect(await entryOf('asked')).toMatchObject({ ends: null, isRequested: true, breaks: { legs: 0 } })
    expect(await entryOf('Development CA')).toMatchObject({ about: { kind: 'authority' }, kind: 'ca' })
    const { entries } = await listExpiries(owner)
    expect(entries.map(({ about }) => about.name)).toEqual([
      ...['shop', 'Development CA', 'Development root', 'asked'],
    ])
  })

  it('is warned of in its own window, and no longer once it is renewed', async () => {
    await changeCertificate(owner, certificateId, { rotationWindowDays: 90 }, 1)
    // A third of its life at most: what lives for 60 days is not always yellow.
    expect((await entryOf('shop'))?.ends?.state).toBe('valid')
    const inFortyFiveDays = new Date(Date.now() + 45 * 86_400_000)
    const then = await listExpiries(owner, inFortyFiveDays)
    expect(then.entries[0]).toMatchObject({
      about: { name: 'shop' },
      ends: { state: 'expiring', daysLeft: 14 },
    })
    const longer = versionInput.parse({ source: 'issue', lifetimeDays: 400 })
    await rotateCertificate(owner, certificateId, longer, 2)
    const renewed = await listExpiries(owner, inFortyFiveDays)
    expect(renewed.entries[0]).toMatchObject({ about: { name: 'shop' }, ends: { state: 'valid' } })
  })

  it('is the organisation’s own', async () => {
    const other = await (await testOrganisation()).actor('owner')
    expect((await listExpiries(other)).entries).toEqual([])
    await expect(readStanding(other, certificateId)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('how a certificate stands', () => {
  it('is its chain up to a CA of its contexts, and the names of what fails', async () => {
    const standing = await readStanding(owner, certificateId)
    expect(standing.chain).toMatchObject({
      links: [{ isSent: true }, { isSent: true }],
      anchor: { id: issuingId, name: 'Development CA' },
      missing: null,
    })
    expect(standing).toMatchObject({
      contexts: [{ name: 'Edge', class: 'org-internal' }],
      apis: [{ id: instanceId, label: '1.0.0' }],
      consumers: [{ name: 'Shop' }],
    })
    expect(standing.legs.map(({ from, to }) => `${from} to ${to}`)).toContain('Shop to edge')
  })

  it('names the issuer that nobody has', async () => {
    const content = { text: await fileText('rsa.crt') }
    const wanted = certificateInput.parse({ source: 'import', name: 'lonely', kind: 'server', content })
    const { id } = await createCertificate(owner, wanted)
    const { chain, legs } = await readStanding(owner, id)
    expect(chain).toMatchObject({ anchor: null, missing: 'CN=Fixture Intermediate', known: null })
    expect(legs).toEqual([])
  })

  it('is nothing before the first version', async () => {
    const asked = await entryOf('asked')
    const { validity, chain } = await readStanding(owner, asked?.about.id ?? '')
    expect([validity, chain.links]).toEqual([null, []])
  })
})

import { createHash, createPublicKey, verify } from 'node:crypto'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson } from '#contract/manifest.ts'
import { flowsIn, readXml, wordsIn } from '#diagram/picture/testing/read-svg.ts'
import { comparisonDocument, topologyDocument } from '#domain/topology-document.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { signedIn } from '../hub/testing.ts'
import { createFlow, nameProvider, placeGateway } from '../networks/write-flow.ts'
import { createNetwork } from '../networks/write-network.ts'
import { createParty } from '../networks/write-party.ts'
import { serveApi } from '../operations.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { publish } from '../publish/write.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { makeAuthority } from '../trust/issue.ts'
import { fileBase64, fileText } from '../trust/testing/files.ts'
import { createAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { draftApi } from '../publish/testing/draft.ts'

let database: TestDatabase
let home: TestOrganisation
let cookie: string
let strangersCookie: string
let partyId: string

beforeAll(async () => {
  database = await testDatabase()
  home = await testOrganisation()
  const actor = await home.actor('admin')
  cookie = (await signedIn(actor)).cookie
  strangersCookie = (await signedIn(await (await testOrganisation()).actor('admin'))).cookie
  await fill(actor)
})
afterAll(() => database.close())

async function fill(actor: Actor): Promise<void> {
  const network = (name: string, cls: 'org-internal' | 'non-org-external', firewall: string | null) =>
    createNetwork(actor, {
      name,
      class: cls,
      location: 'vpc',
      parentId: null,
      firewall,
      firewallContextId: null,
    })
  const [inside, outside] = [
    await network('Office', 'org-internal', null),
    await network('Partners', 'non-org-external', 'WAF'),
  ]
  const party = (
    name: string,
    kind: 'consumer' | 'provider',
    owner: 'organisation' | 'third-party',
    id: string,
  ) => createParty(actor, { name, kind, owner, networkId: id })
  const consumer = await party('=Partner', 'consumer', 'third-party', outside.id)
  const provider = await party('Order team', 'provider', 'organisation', inside.id)
  partyId = consumer.id
  const instanceId = await draftApi(actor.organisationId, home.gateway.id, 'orders')
  const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id: instanceId } })
  await nameProvider(actor, instanceId, provider.id, version)
  await placeGateway(actor, home.gateway.id, inside.id, 1)
  await createFlow(actor, { consumerId: consumer.id, apiId: instanceId })
}

const get = (path: string, as = cookie) =>
  serveApi(new Request(`http://localhost:3000/api/v1/topology/${path}`, { headers: { cookie: as } }))

describe('the topology by REST', () => {
  it('is an SVG to keep, which a browser runs nothing of', async () => {
    const answer = await get('picture')
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-disposition': expect.stringMatching(
        /^attachment; filename="topology-organisation-org-[^"]*\.svg"$/,
      ),
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    const flows = flowsIn(readXml(await answer.text()))
    expect([...flows.values()]).toMatchObject([
      { pattern: '5', role: 'ingress', hexagons: ['non-org-external', 'org-internal', 'gateway'] },
    ])
  })

  it.each([
    ['png', 'image/png', '\u0089PNG'],
    ['pdf', 'application/pdf', '%PDF'],
  ])('is a %s', async (format, type, start) => {
    const answer = await get(`picture?format=${format}&theme=dark`)
    expect(answer.headers.get('content-type')).toBe(type)
    expect(
      Buffer.from(await answer.arrayBuffer())
        .toString('latin1')
        .startsWith(start),
    ).toBe(true)
  })

  it('lets a use case or what is around a party stand out, and knows no party of others', async () => {
    const words = async (query: string) =>
      wordsIn(readXml(await (await get(`picture?${query}`)).text())).join('\n')
    expect(await words('useCase=2')).toContain('1 of 1 flow, use case 2')
    expect(await words(`focus=party:${partyId}`)).toContain('Around =Partner')
    expect(await words('team=Orders')).toContain('0 of 1 flow, with an end of Orders')
    expect(await words('owner=third-party&search=order')).toContain(
      '1 of 1 flow, with an end of a third party, named “order”',
    )
    expect(await words('environment=elsewhere')).toContain('0 of 1 flow, through elsewhere')
    const asStranger = await get(`picture?focus=party:${partyId}`, strangersCookie)
    expect([asStranger.status, (await asStranger.json()).code]).toEqual([404, 'not-found'])
    for (const query of [
      'focus=party',
      'focus=x:y',
      'expiring=8',
      'owner=me',
      'useCase=5',
      'findings=bad',
      'theme=blue',
      'format=gif',
    ])
      expect((await get(`picture?${query}`)).status, query).toBe(422)
  })

  it('is canonical JSON whose hash is that of its topology', async () => {
    const answer = await get('document')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="topology-[^"]*\.json"$/)
    const text = await answer.text()
    const document = topologyDocument.parse(JSON.parse(text))
    expect(text).toBe(canonicalJson(document))
    const hash = createHash('sha256').update(canonicalJson(document.topology)).digest('hex')
    expect(document.hash).toBe(hash)
    expect(document.topology.findings.length).toBeGreaterThan(0)
    expect((await (await get('document', strangersCookie)).json()).topology.parties).toEqual([])
  })

  it('is a table in which nothing is a formula', async () => {
    const answer = await get('flows')
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const text = await answer.text()
    expect(text.split('\r\n')).toHaveLength(3)
    expect(text).toContain("\r\n'=Partner (third party),")
    expect((await get(`flows?focus=party:${partyId}`)).status).toBe(422)
  })
})

describe('evidence by REST', () => {
  it('holds a planted key in none of its files, and the revision that was deployed', async () => {
    const actor = await home.actor('admin')
    const authority = await makeAuthority({ commonName: 'Planted' }, 86_400_000)
    const { id: authorityId } = await createAuthority(actor, {
      name: 'Planted',
      runBy: 'organisation',
      content: { text: authority.certificate + authority.key.reveal() },
    })
    const certificate = await createCertificate(actor, {
      source: 'import',
      name: 'Planted',
      kind: 'server',
      rotationWindowDays: null,
      content: { base64: await fileBase64('ec-modern.p12'), password: 'geheim' },
    })
    await createContext(actor, {
      name: 'Planted',
      class: 'org-internal',
      authorityIds: [authorityId],
      keystoreId: certificate.id,
    })
    await publish(actor, home.gateway.id, { expectedHeadRevision: 0, note: '' })

    const answer = await get('evidence')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/zip')
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()))
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['topology.svg', 'revisions/edge@1.json']))
    const all = Object.values(files)
      .map((content) => Buffer.from(content).toString('latin1'))
      .join('\n')
    expect(all).toContain('CN=Planted')
    const planted = [authority.key.reveal(), await fileText('ec-sec1.key')].flatMap((pem) => {
      const bare = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
      return [bare.slice(20, 60), bare.slice(-60, -20)]
    })
    expect([...planted, 'PRIVATE KEY', 'geheim', 'Sealed'].filter((secret) => all.includes(secret))).toEqual(
      [],
    )

    const past = await get('picture?at=edge@1')
    expect(wordsIn(readXml(await past.text())).join('\n')).toContain('Revision 1 of edge')
    expect((await get('evidence?at=edge@1')).status).toBe(200)
    expect((await get('document?at=edge@2')).status).toBe(404)

    const stored = JSON.parse(new TextDecoder().decode(files['revisions/edge@1.json']))
    const key = createPublicKey(stored.publicKey)
    const signature = Buffer.from(stored.signature, 'base64url')
    expect(verify(null, Buffer.from(canonicalJson(stored.manifest)), key, signature)).toBe(true)
  })

  it('has what differs from another moment, in its pictures and as data', async () => {
    const files = unzipSync(
      new Uint8Array(await (await get('evidence?from=deployed&at=draft')).arrayBuffer()),
    )
    const text = (name: string) => new TextDecoder().decode(files[name])
    const words = wordsIn(readXml(text('topology.svg'))).join('\n')
    expect(words).toContain('Compared: Now, as deployed → Now, with drafts')
    expect(words).toContain('What changed')
    const document = comparisonDocument.parse(JSON.parse(text('comparison.json')))
    expect(document.hash).toBe(createHash('sha256').update(canonicalJson(document.comparison)).digest('hex'))
    expect(JSON.parse(text('manifest.json')).comparedWith).toEqual({
      moment: 'deployed',
      of: 'Now, as deployed',
      comparisonHash: document.hash,
    })
    const alone = await get('comparison/document?from=deployed&to=draft')
    expect(alone.headers.get('content-disposition')).toMatch(/filename="comparison-[^"]*\.json"$/)
    const { comparison } = comparisonDocument.parse(await alone.json())
    expect(comparison.difference).toEqual(document.comparison.difference)
    expect((await get('comparison/document?from=edge@9')).status).toBe(404)
  })

  it('holds nothing of another organisation', async () => {
    const files = unzipSync(new Uint8Array(await (await get('evidence', strangersCookie)).arrayBuffer()))
    const manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']))
    expect(manifest.revisions).toEqual([])
    expect(new TextDecoder().decode(files['topology.json'])).not.toContain(home.organisation.id)
    expect(new TextDecoder().decode(files['topology.json'])).not.toContain('Planted')
  })
})

import { randomUUID, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { config, registered } from '#contract/events.ts'
import { canonicalJson } from '#contract/manifest.ts'
import type { Role } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import { db, transaction } from '../db.ts'
import { newRequestId, problemResponse } from '../endpoint.ts'
import { hashOf } from '../publish/compile.ts'
import { signManifest } from '../publish/signing.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { reportingNode } from '../testing/reporting-node.ts'
import { createKey, listKeys, requireGatewayKey, revokeKey } from './keys.ts'
import { gatewaysOperations } from './operations.ts'
import { listEnvironments, listGateways, readGateway } from './read.ts'
import { createGateway, removeNode } from './write.ts'

let database: TestDatabase
let mine: TestOrganisation
let theirs: TestOrganisation

beforeAll(async () => {
  database = await testDatabase()
  mine = await testOrganisation()
  theirs = await testOrganisation()
})
afterAll(() => database.close())

const as = (role: Role) => mine.actor(role)

/** Calls an operation as the router does, with the gateway key as the only credential. */
async function call(id: string, params: Record<string, string>, body?: unknown, key?: string) {
  const operation = gatewaysOperations.find((one) => one.id === id)
  if (!operation) throw new Error(`no operation ${id}`)
  const headers = new Headers({ 'content-type': 'application/json' })
  if (key) headers.set('authorization', `Bearer ${key}`)
  const request = new Request('http://localhost:3000/', {
    method: operation.method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return operation.handle(request, params, newRequestId()).catch((error) => problemResponse(error, 'test'))
}

const registrationWith = (gatewayKey: string, installationId: string = randomUUID()) => ({
  gatewayKey,
  installationId,
  hostname: 'node-1',
  capabilities: ['http/1.1'],
  runtimeVersion: '0.1.0',
})

async function registerNode(key: string, installationId?: string) {
  const response = await call('node.register', {}, registrationWith(key, installationId))
  expect(response.status).toBe(200)
  return registered.parse(await response.json())
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no problem',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )
}

describe('gateway keys', () => {
  it('are shown once and kept as a hash', async () => {
    const made = await createKey(mine.gateway.id, await as('operator'))
    expect(made.key).toMatch(/^hgk_[\w-]{43}$/)
    expect(made.command).toContain(`npm run gateway -- --portal http://localhost:3000 --key ${made.key}`)
    const listed = await listKeys(mine.gateway.id, await as('operator'))
    expect(JSON.stringify(listed)).not.toContain(made.key)
    expect(listed[0]).toMatchObject({ id: made.id, prefix: made.key.slice(0, 10), revokedAt: null })
    const rows = await db().gatewayKey.findMany()
    expect(JSON.stringify(rows)).not.toContain(made.key)
  })

  it('stand in the audit trail without the key', async () => {
    const made = await createKey(mine.gateway.id, await as('operator'))
    const [entry] = await db().auditEntry.findMany({ where: { subjectId: made.id } })
    expect(entry).toMatchObject({ action: 'gateway-key.create', outcome: 'done' })
    expect(JSON.stringify(entry?.after)).not.toContain(made.key)
  })

  it('are worth nothing once revoked', async () => {
    const made = await createKey(mine.gateway.id, await as('operator'))
    expect(await requireGatewayKey(made.key)).toMatchObject({ gatewayId: mine.gateway.id })
    await revokeKey(mine.gateway.id, made.id, await as('operator'))
    expect(await codeOf(requireGatewayKey(made.key))).toBe('gateway.key-invalid')
    const response = await call('node.register', {}, registrationWith(made.key))
    expect(response.status).toBe(401)
  })

  it('of another organisation are not found', async () => {
    const made = await createKey(mine.gateway.id, await as('operator'))
    const stranger = await theirs.actor('admin')
    expect(await codeOf(listKeys(mine.gateway.id, stranger))).toBe('not-found')
    expect(await codeOf(createKey(mine.gateway.id, stranger))).toBe('not-found')
    expect(await codeOf(revokeKey(mine.gateway.id, made.id, stranger))).toBe('not-found')
    expect(await codeOf(revokeKey(theirs.gateway.id, made.id, stranger))).toBe('not-found')
    expect(await requireGatewayKey(made.key)).toMatchObject({ gatewayId: mine.gateway.id })
  })
})

describe('registration', () => {
  it('makes a node and gives it the key that manifests are signed with', async () => {
    const { key } = await createKey(mine.gateway.id, await as('operator'))
    const answer = await registerNode(key)
    expect(answer).toMatchObject({ gatewayId: mine.gateway.id, gatewayName: 'edge' })
    const manifest = {
      gatewayId: mine.gateway.id,
      revision: 1,
      items: {},
      hash: hashOf({}),
      publishedAt: new Date().toISOString(),
    }
    const signed = await transaction((tx) => signManifest(tx, mine.organisation.id, canonicalJson(manifest)))
    const trusted = answer.signingKeys.find(({ keyId }) => keyId === signed.keyId)
    const signature = Buffer.from(signed.signature, 'base64url')
    expect(verify(null, Buffer.from(canonicalJson(manifest)), trusted?.publicKey ?? '', signature)).toBe(true)
  })

  it('takes the same installation for the same node, even when two registrations race', async () => {
    const { key } = await createKey(mine.gateway.id, await as('operator'))
    const installationId = randomUUID()
    const answers = await Promise.all([1, 2, 3].map(() => registerNode(key, installationId)))
    expect(new Set(answers.map((answer) => answer.nodeId)).size).toBe(1)
    const entries = await db().auditEntry.count({
      where: { action: 'node.register', subjectId: answers[0]?.nodeId ?? '' },
    })
    expect(entries).toBe(1)
  })

  it.each([['nonsense'], [`hgk_${'A'.repeat(43)}`]])('refuses the key %s', async (key) => {
    const response = await call('node.register', {}, registrationWith(key))
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'gateway.key-invalid' })
  })
})

describe('gateways', () => {
  const wanted = (name: string, environmentId: string) => ({
    name,
    environmentId,
    publicUrl: 'https://api.example.org',
    listeners: [{ id: 'http', protocol: 'http' as const, address: '0.0.0.0', port: 8081 }],
  })

  it('are listed with their environment and nodes, each organisation its own', async () => {
    const actor = await as('viewer')
    const names = (await listGateways(actor)).map((gateway) => gateway.name)
    expect(names).toContain('edge')
    const stranger = await theirs.actor('admin')
    expect((await listGateways(stranger)).map((gateway) => gateway.id)).toEqual([theirs.gateway.id])
    expect(await codeOf(readGateway(mine.gateway.id, stranger))).toBe('not-found')
    expect((await listEnvironments(stranger)).map(({ id }) => id)).toEqual([theirs.environment.id])
  })

  it('are made, audited, and refused under a name that is taken', async () => {
    const actor = await as('operator')
    const made = await createGateway(wanted('partners', mine.environment.id), actor)
    expect(made).toMatchObject({ name: 'partners', headRevision: 0, nodes: [] })
    expect(await db().auditEntry.count({ where: { subjectId: made.id, action: 'gateway.create' } })).toBe(1)
    expect(await codeOf(createGateway(wanted('partners', mine.environment.id), actor))).toBe('name.taken')
  })

  it("are not made in another organisation's environment", async () => {
    const made = createGateway(wanted('elsewhere', theirs.environment.id), await as('operator'))
    expect(await codeOf(made)).toBe('not-found')
  })

  it('are refused when two listeners want one place', async () => {
    const gateway = wanted('double', mine.environment.id)
    const listeners = [
      ...gateway.listeners,
      { ...gateway.listeners[0], id: 'again' },
    ] as typeof gateway.listeners
    expect(await codeOf(createGateway({ ...gateway, listeners }, await as('operator')))).toBe(
      'request.invalid',
    )
  })
})

describe('nodes', () => {
  it('show their report while it is fresh, and only that they are offline after that', async () => {
    const now = new Date()
    const problems = ['upstream orders is down']
    const nodeId = await reportingNode({
      organisationId: mine.organisation.id,
      gatewayId: mine.gateway.id,
      at: now,
      report: { status: 'degraded', problems, requests: 50, errors: 5, refused: 10 },
    })
    const at = async (moment: Date) =>
      (await readGateway(mine.gateway.id, await as('viewer'), moment)).nodes.find(({ id }) => id === nodeId)
    expect(await at(now)).toMatchObject({
      status: 'degraded',
      problems,
      traffic: { requestsPerSecond: 10, errorsPerSecond: 1, refusedPerSecond: 2 },
    })
    expect(await at(new Date(now.getTime() + 16_000))).toMatchObject({
      status: 'offline',
      problems: [],
      traffic: null,
    })
  })

  it('are removed when they are offline and refused while they are connected', async () => {
    const { key } = await createKey(mine.gateway.id, await as('operator'))
    const { nodeId } = await registerNode(key)
    const now = new Date()
    await db().node.update({ where: { id: nodeId }, data: { connectedAt: now, lastSeenAt: now } })
    const actor = await as('operator')
    expect(await codeOf(removeNode(mine.gateway.id, nodeId, actor))).toBe('in-use')
    await db().node.update({ where: { id: nodeId }, data: { disconnectedAt: new Date() } })
    expect(await codeOf(removeNode(mine.gateway.id, nodeId, await theirs.actor('admin')))).toBe('not-found')
    await removeNode(mine.gateway.id, nodeId, actor)
    expect(await db().node.findUnique({ where: { id: nodeId } })).toBeNull()
  })
})

describe('configuration without Socket.IO', () => {
  async function deployed() {
    const { organisation, gateway, actor } = await testOrganisation()
    const { key } = await createKey(gateway.id, await actor('operator'))
    const node = await registerNode(key)
    const item = {
      kind: 'listener' as const,
      id: 'listener:http',
      protocol: 'http' as const,
      address: '127.0.0.1',
      port: 8081,
    }
    // As an earlier version may have stored it: without the members that have a default by now.
    const upstream = { kind: 'upstream', id: 'upstream:old', endpoints: [{ url: 'http://orders.example' }] }
    const stored = [item, upstream]
    const items = Object.fromEntries(stored.map((each) => [each.id, hashOf(each)]))
    const hash = hashOf(items)
    const manifest = {
      gatewayId: gateway.id,
      revision: 1,
      items,
      hash,
      publishedAt: new Date().toISOString(),
    }
    await transaction(async (tx) => {
      const { signature, keyId } = await signManifest(tx, organisation.id, canonicalJson(manifest))
      const organisationId = organisation.id
      await tx.item.createMany({
        data: stored.map((content) => ({
          organisationId,
          hash: hashOf(content),
          kind: content.kind,
          content,
        })),
      })
      await tx.revision.create({
        data: {
          organisationId,
          gatewayId: gateway.id,
          number: 1,
          kind: 'deploy',
          hash,
          manifest,
          signature,
          signingKeyId: keyId,
          createdBy: 'test',
        },
      })
    })
    return { organisation, gateway, key, node, hash, manifest, actor }
  }

  it('is whole and signed, and given for the key of that gateway alone', async () => {
    const { gateway, key, manifest, node } = await deployed()
    const response = await call('gateway-config.read', { gatewayId: gateway.id }, undefined, key)
    expect(response.status).toBe(200)
    const sent: { items: Record<string, object> } = await response.json()
    const { signed, items } = config.parse(sent)
    expect(signed.manifest).toEqual(manifest)
    expect(new Set(Object.keys(items))).toEqual(new Set(Object.values(manifest.items)))
    for (const [itemHash, content] of Object.entries(sent.items)) expect(hashOf(content)).toBe(itemHash)
    const bytes = Buffer.from(canonicalJson(signed.manifest))
    const trusted = node.signingKeys[0]?.publicKey ?? ''
    expect(verify(null, bytes, trusted, Buffer.from(signed.signature, 'base64url'))).toBe(true)

    const { key: foreign } = await createKey(theirs.gateway.id, await theirs.actor('operator'))
    for (const wrong of [undefined, 'hgk_none', foreign]) {
      const refused = await call('gateway-config.read', { gatewayId: gateway.id }, undefined, wrong)
      expect(refused.status).toBe(401)
    }
  })

  it('names the gateway of a key and where it listens, to the holder of the key alone', async () => {
    const { gateway, key } = await deployed()
    const response = await call('gateway-key.identify', {}, undefined, key)
    expect(await response.json()).toMatchObject({ gatewayId: gateway.id, listeners: [{ port: 8081 }] })
    expect((await call('gateway-key.identify', {}, undefined, 'hgk_none')).status).toBe(401)
  })

  it('is acknowledged, and the gateway then shows what the node serves', async () => {
    const { gateway, key, node, hash, actor } = await deployed()
    const { nodeId } = node
    const acknowledgement = { status: 'applied', revision: 1, hash, durationMs: 3, persisted: true }
    const params = { gatewayId: gateway.id }
    const response = await call('gateway-config.acknowledge', params, { nodeId, acknowledgement }, key)
    expect(response.status).toBe(204)
    const wrong = { ...acknowledgement, hash: 'f'.repeat(64) }
    const refused = await call('gateway-config.acknowledge', params, { nodeId, acknowledgement: wrong }, key)
    expect(refused.status).toBe(422)
    const [shown] = (await readGateway(gateway.id, await actor('viewer'))).nodes
    expect(shown).toMatchObject({ state: 'applied', status: 'healthy', servesRevision: 1, wantedRevision: 1 })
  })

  it('is refused with reasons, which the gateway then shows', async () => {
    const { gateway, key, node, actor } = await deployed()
    const { nodeId } = node
    const reasons = [{ pointer: '/items/listener:http', reason: 'the port is taken' }]
    const acknowledgement = { status: 'refused', revision: 1, reasons, servingRevision: null }
    const params = { gatewayId: gateway.id }
    await call('gateway-config.acknowledge', params, { nodeId, acknowledgement }, key)
    const [shown] = (await readGateway(gateway.id, await actor('viewer'))).nodes
    expect(shown).toMatchObject({ state: 'refused', refusals: reasons, servesRevision: null })
  })
})

import { randomUUID, X509Certificate } from 'node:crypto'
import { io, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type NodeToPortal,
  type PortalToNode,
  runtimeNamespace,
  runtimeSocketPath,
} from '#contract/events.ts'
import { keepsCertificates, type KeptOrder } from '#contract/kept-certificates.ts'
import type { Secret } from '#domain/secret.ts'
import { Problem } from '#domain/problem.ts'
import type { AuthorityRecord, CertificateRecord } from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createKey, revokeKey } from '../gateways/keys.ts'
import { applied, closed, connected, type TestHub, testHub, until } from '../hub/testing.ts'
import { readTopology } from '../networks/read.ts'
import { publish } from '../publish/write.ts'
import { readDraft } from '../publish/read.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { quietReport } from '../testing/reporting-node.ts'
import { certificateInput } from './input.ts'
import { issue, makeAuthority, makeKey, makeRequest, publicKeyOf } from './issue.ts'
import { readCertificateRecord } from './read.ts'
import { requestVersion } from './rotate.ts'
import { databaseText } from './testing/dump.ts'
import { secureApi } from './testing/secure-api.ts'
import { createAuthority, developmentAuthority } from './write-authority.ts'
import { createCertificate, deleteCertificate } from './write-certificate.ts'
import { createContext } from './write-context.ts'
import { completeForNode, renewByNodes } from './write-kept.ts'
import { beginRotation, takeStep } from './write-rotation.ts'

let database: TestDatabase
let hub: TestHub
let home: TestOrganisation
let operator: Actor
let issuing: AuthorityRecord
const sockets: { disconnect(): unknown }[] = []

beforeAll(async () => {
  database = await testDatabase()
  hub = await testHub()
  await until(() => hub.hub.listening)
})
afterAll(async () => {
  await hub.close()
  await database.close()
})
beforeEach(async () => {
  home = await testOrganisation()
  operator = await home.actor('operator')
  ;({ issuing } = await developmentAuthority(operator))
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect()
})

const names = [{ type: 'dns' as const, value: 'shop.example' }]
const wanted = { subject: { commonName: 'shop.example' }, names }

function ordered(more: object = {}): Promise<CertificateRecord> {
  return createCertificate(
    operator,
    certificateInput.parse({
      source: 'nodes',
      name: 'Shop',
      kind: 'server',
      names,
      gatewayId: home.gateway.id,
      authorityId: issuing.id,
      ...more,
    }),
  )
}

/** A node that keeps certificates, as far as the wire goes. */
async function node(gatewayId = home.gateway.id, actor = operator) {
  const { key, id: keyId } = await createKey(gatewayId, actor)
  const { id: nodeId } = await db().node.create({
    data: {
      organisationId: actor.organisationId,
      gatewayId,
      installationId: randomUUID(),
      hostname: 'node-1',
      runtimeVersion: '0.1.0',
      capabilities: [],
    },
  })
  const socket: Socket<PortalToNode, NodeToPortal> = io(hub.origin + runtimeNamespace, {
    path: runtimeSocketPath,
    transports: ['websocket'],
    forceNew: true,
    auth: { gatewayKey: key, nodeId },
  })
  sockets.push(socket)
  const orders: KeptOrder[][] = []
  socket.on('certificates', (message, done) => {
    orders.push(message.orders)
    done({ faults: [] })
  })
  let revisions = 0
  socket.on('config', (config, done) => {
    revisions++
    done(applied(config))
  })
  await connected(socket)
  await socket.timeout(5_000).emitWithAck('hello', {
    hostname: 'node-1',
    runtimeVersion: '0.1.0',
    capabilities: [keepsCertificates],
    appliedRevision: null,
    appliedHash: null,
  })
  await until(() => orders.length > 0)
  const ask = (certificateId: string, csr: string) =>
    socket.timeout(5_000).emitWithAck('sign', { certificateId, csr })
  return { nodeId, keyId, socket, orders, ask, revisions: () => revisions }
}

const requestBy = (key: Secret, wish = wanted) => makeRequest(wish, key)
const read = (id: string) => readCertificateRecord(operator, id)
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )
const spki = (key: Secret) => publicKeyOf(key).export({ type: 'spki', format: 'pem' })

describe('a certificate that nodes keep', () => {
  it('is asked of each node, signed by the CA here for the key that came, and seen to be shown', async () => {
    const { id } = await ordered()
    const { nodeId, orders, ask, socket } = await node()
    expect(orders[0]).toMatchObject([
      {
        certificateId: id,
        name: 'Shop',
        commonName: 'shop.example',
        names,
        renewBeforeDays: 30,
        generation: 1,
        chain: null,
      },
    ])
    const key = makeKey()
    const answer = await ask(id, await requestBy(key))
    if (answer.status !== 'signed') throw new Error(JSON.stringify(answer))
    const leaf = new X509Certificate(answer.chain)
    expect(leaf.publicKey.export({ type: 'spki', format: 'pem' })).toBe(spki(key))
    expect(leaf.checkIssued(new X509Certificate(issuing.pem))).toBe(true)
    expect(leaf.subjectAltName).toBe('DNS:shop.example')
    const signed = await read(id)
    expect(signed.kept?.nodes).toMatchObject([{ nodeId, state: 'signed', request: null, fault: null }])
    expect(signed).toMatchObject({ hasKey: false, versions: [] })
    expect(await databaseText()).not.toContain(key.reveal().split('\n')[1])
    const topology = await readTopology(operator)
    expect(topology.certificates).toMatchObject([{ id, chain: [{ sha256: signed.chain[0]?.sha256 }, {}] }])
    const { sha256 = '', subject = '', notAfter = '' } = signed.chain[0] ?? {}
    const certificates = [{ use: 'listener' as const, apiId: 'a', subject, notAfter, sha256 }]
    socket.emit('report', { ...quietReport, certificates })
    await until(async () => (await read(id)).kept?.nodes[0]?.state === 'serving')
    const trail = await db().auditEntry.findMany({ where: { subjectId: id }, orderBy: { sequence: 'asc' } })
    expect(trail.map(({ action, actorKind }) => [action, actorKind])).toEqual([
      ['certificate.create', 'user'],
      ['certificate.node.sign', 'machine'],
    ])
  })

  it('is not signed twice where the answer was lost, and is for another key', async () => {
    const { id } = await ordered()
    const { ask } = await node()
    const csr = await requestBy(makeKey())
    const [first, again] = [await ask(id, csr), await ask(id, csr)]
    expect(again).toEqual(first)
    const renewed = await ask(id, await requestBy(makeKey()))
    expect(renewed).toMatchObject({ status: 'signed' })
    expect(renewed).not.toEqual(first)
  })

  it.each([
    [
      'for another name',
      { subject: wanted.subject, names: [{ type: 'dns' as const, value: 'bank.example' }] },
      'nobody asked for dns:bank.example',
    ],
    [
      'for one name more',
      { subject: wanted.subject, names: [...names, { type: 'dns' as const, value: 'bank.example' }] },
      'nobody asked for dns:bank.example',
    ],
    ['for fewer names', { subject: wanted.subject, names: [] }, 'it leaves dns:shop.example out'],
    ['for somebody else', { subject: { commonName: 'bank.example' }, names }, 'it is for bank.example'],
  ])('is refused %s, with the reason on its page', async (_, wish, reason) => {
    const { id } = await ordered()
    const { ask } = await node()
    expect(await ask(id, await requestBy(makeKey(), wish))).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining(reason),
    })
    const [row] = (await read(id)).kept?.nodes ?? []
    expect(row).toMatchObject({ state: 'failed', fault: expect.stringContaining(reason), leaf: null })
    expect(await ask(id, await requestBy(makeKey()))).toMatchObject({ status: 'signed' })
    expect((await read(id)).kept?.nodes[0]).toMatchObject({ state: 'signed', fault: null })
  })

  it('is refused without proof that the node has the key', async () => {
    const { id } = await ordered()
    const { ask } = await node()
    const der = Buffer.from((await requestBy(makeKey())).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    const last = der.length - 1
    der[last] = (der[last] ?? 0) ^ 1
    const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    expect(await ask(id, csr)).toMatchObject({
      status: 'refused',
      reason: 'The request is not signed by the key that it brings.',
    })
    expect(await ask(id, 'no request')).toMatchObject({ status: 'refused' })
  })

  it('is for the nodes of its gateway alone, each with a key of its own', async () => {
    const { id } = await ordered()
    const [first, second] = [await node(), await node()]
    const stranger = await testOrganisation()
    const theirs = await node(stranger.gateway.id, await stranger.actor('admin'))
    expect(theirs.orders[0]).toEqual([])
    const csr = await requestBy(makeKey())
    const nobody = { status: 'refused', reason: 'Nobody has asked this node for it.' }
    expect(await theirs.ask(id, csr)).toEqual(nobody)
    expect(await first.ask(randomUUID(), csr)).toEqual(nobody)
    expect(await first.ask(id, csr)).toMatchObject({ status: 'signed' })
    expect(await second.ask(id, csr)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('same key'),
    })
    expect(await second.ask(id, await requestBy(makeKey()))).toMatchObject({ status: 'signed' })
    const chains = (await read(id)).kept?.nodes.map(({ leaf }) => leaf?.spkiSha256)
    expect(new Set(chains).size).toBe(2)
  })

  it('is not signed for a node whose gateway key was revoked', async () => {
    const { id } = await ordered()
    const { socket, keyId, ask } = await node()
    const gone = closed(socket)
    await revokeKey(home.gateway.id, keyId, operator)
    expect(await gone).toBe('io server disconnect')
    await expect(ask(id, await requestBy(makeKey()))).rejects.toThrow()
    expect((await read(id)).kept?.nodes).toMatchObject([{ state: 'awaited', leaf: null }])
  })

  it('that is signed elsewhere waits, and comes to the node once somebody brings it', async () => {
    const { id } = await ordered({ authorityId: null })
    const { nodeId, orders, ask } = await node()
    const key = makeKey()
    const csr = await requestBy(key)
    expect(await ask(id, csr)).toEqual({ status: 'waiting' })
    expect(await ask(id, csr)).toEqual({ status: 'waiting' })
    const waiting = await read(id)
    expect(waiting.kept?.nodes).toMatchObject([{ state: 'requested', request: csr, leaf: null }])
    const ca = await makeAuthority({ commonName: 'Elsewhere' }, 86_400_000)
    const wish = { kind: 'server' as const, ...wanted, lifetimeMs: 3_600_000 }
    const bring = (text: string) => completeForNode(operator, id, nodeId, { text }, waiting.version)
    const other = await issue(wish, publicKeyOf(makeKey()), ca)
    expect(await codeOf(bring(other))).toBe('certificate.refused')
    const nameless = await issue({ ...wish, names: [] }, publicKeyOf(key), ca)
    expect(await codeOf(bring(nameless))).toBe('certificate.refused')
    const forClients = await issue({ ...wish, kind: 'client' }, publicKeyOf(key), ca)
    expect(await codeOf(bring(forClients))).toBe('certificate.refused')
    const chain = await issue(wish, publicKeyOf(key), ca)
    expect(await codeOf(bring(chain + key.reveal()))).toBe('certificate.refused')
    const brought = await bring(chain)
    expect(brought.kept?.nodes).toMatchObject([{ state: 'signed', request: null }])
    await until(
      () =>
        new X509Certificate(orders.at(-1)?.[0]?.chain ?? chain).raw.equals(new X509Certificate(chain).raw) &&
        orders.length > 1,
    )
  })

  it('is made anew on every node when somebody asks for it, and forgotten when it is deleted', async () => {
    const made = await ordered()
    const { orders } = await node()
    const renewed = await renewByNodes(operator, made.id, made.version)
    await until(() => orders.at(-1)?.[0]?.generation === 2)
    expect(await codeOf(renewByNodes(operator, made.id, made.version))).toBe('write.stale')
    expect(await codeOf(requestVersion(operator, made.id, renewed.version))).toBe('certificate.refused')
    await deleteCertificate(operator, made.id, renewed.version)
    await until(() => orders.at(-1)?.length === 0)
  })

  it('is told to a node before the configuration that shows it, and goes to no other gateway', async () => {
    const listeners = [
      { id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 },
      { id: 'http', protocol: 'http', address: '127.0.0.1', port: 8081 },
    ]
    await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
    const admin = await home.actor('admin')
    const { id } = await ordered()
    const context = await createContext(operator, {
      name: 'Edge',
      class: 'org-internal',
      authorityIds: [issuing.id],
      keystoreId: id,
    })
    const instanceId = await secureApi(admin, home.gateway.id, 'orders', { inbound: context.id })
    await publish(admin, home.gateway.id, { expectedHeadRevision: 0, note: '' })
    const { orders, revisions } = await node()
    await until(() => revisions() === 1)
    expect(orders).toHaveLength(1)
    const items = await db().item.findMany({
      where: { organisationId: home.organisation.id, kind: 'tls-context' },
    })
    expect(items.map(({ content }) => content)).toMatchObject([
      { kept: { certificateId: id, gatewayId: home.gateway.id } },
    ])
    expect(JSON.stringify(items)).not.toContain('keystore')
    const other = await db().gateway.create({
      data: {
        organisationId: home.organisation.id,
        environmentId: home.environment.id,
        name: 'other',
        publicUrl: 'http://localhost:9081',
        listeners,
      },
    })
    await db().apiInstance.update({ where: { id: instanceId }, data: { gatewayId: other.id } })
    const { faults } = await readDraft(admin, other.id)
    expect(faults.map(({ detail }) => detail)).toEqual([
      expect.stringContaining(
        'shows a certificate that the nodes of edge keep; those of other have no key for it',
      ),
    ])
  })

  it('has another key under the new CA on every node when its CA is replaced', async () => {
    const { id } = await ordered()
    const { orders, ask } = await node()
    await ask(id, await requestBy(makeKey()))
    await createContext(operator, {
      name: 'Edge',
      class: 'org-internal',
      authorityIds: [issuing.id],
      keystoreId: id,
    })
    const begun = await beginRotation(operator, { fromId: issuing.id, toId: null })
    await takeStep(operator, begun.id, 'reissue', begun.version)
    await until(() => orders.at(-1)?.[0]?.generation === 2)
    const answer = await ask(id, await requestBy(makeKey()))
    if (answer.status !== 'signed') throw new Error(JSON.stringify(answer))
    expect(new X509Certificate(answer.chain).checkIssued(new X509Certificate(issuing.pem))).toBe(false)
    expect((await read(id)).kept?.issuerId).not.toBe(issuing.id)
  })

  it('is asked for by those who may write trust, of CAs and gateways of their organisation', async () => {
    const viewer = await home.actor('viewer')
    const input = (more: object) =>
      certificateInput.parse({
        source: 'nodes',
        name: 'Shop',
        kind: 'server',
        names,
        gatewayId: home.gateway.id,
        authorityId: issuing.id,
        ...more,
      })
    expect(await codeOf(createCertificate(viewer, input({})))).toBe('access.denied')
    const stranger = await testOrganisation()
    expect(await codeOf(createCertificate(operator, input({ gatewayId: stranger.gateway.id })))).toBe(
      'certificate.refused',
    )
    expect(await codeOf(createCertificate(operator, input({ authorityId: randomUUID() })))).toBe(
      'certificate.refused',
    )
    const keyless = await createAuthority(operator, {
      name: 'Keyless',
      runBy: 'organisation',
      content: { text: (await makeAuthority({ commonName: 'Keyless' }, 86_400_000)).certificate },
    })
    expect(await codeOf(createCertificate(operator, input({ authorityId: keyless.id })))).toBe(
      'certificate.refused',
    )
    expect(await codeOf(createCertificate(operator, input({ names: [] })))).toBe('certificate.refused')
  })
})

import { createHash, randomUUID } from 'node:crypto'
import { encode } from 'next-auth/jwt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Role, roles } from '#domain/access.ts'
import { db } from './db.ts'
import type { Operation } from './endpoint.ts'
import { operations, serveApi } from './operations.ts'
import { authSecret, cookieName, publicSessionId } from './session/cookie.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { fileText } from './trust/testing/files.ts'
import { type TestOrganisation, testOrganisation } from './testing/organisation.ts'
import { reportingNode } from './testing/reporting-node.ts'

// Who may call which operation, written down once more and by hand: a permission that is changed by mistake in
// an operation, or a role that is granted too much, differs from this table. An operation without a row fails.

const everyone: readonly Role[] = roles
const builders: readonly Role[] = ['owner', 'admin']
const runners: readonly Role[] = ['operator', 'admin']
const doers: readonly Role[] = ['owner', 'operator', 'admin']
const admins: readonly Role[] = ['admin']
const signers: readonly Role[] = ['reviewer', 'admin']
const commenters: readonly Role[] = ['owner', 'reviewer', 'operator', 'admin']
const auditors: readonly Role[] = ['reviewer', 'operator', 'admin']

interface Row {
  may: readonly Role[] | 'gateway-key' | 'public'
  /** A body that would be taken, so that a refusal is about who asks. It names rows of the organisation. */
  body?: (rows: Rows) => unknown
  /** Without parameters: what somebody of another organisation who names our rows in the body is told. */
  stranger?: number
  /** The answer holds the ids that the asker named in earlier attempts, and no others. */
  echoes?: boolean
}

const inPlace = ({ authorityId }: Rows) => ({ fromId: authorityId, toId: null })

const documentsBody = ({ gatewayId }: Rows) => ({
  files: [{ name: 'a.json', text: document }],
  gatewayId,
})

const matrix: Record<string, Row> = {
  'me.read': { may: everyone },
  'session.list': { may: everyone },
  'session.end': { may: everyone },
  'organisation.read': { may: everyone },
  'organisation.update': { may: admins, body: () => ({ warningDays: 30 }) },
  'overview.read': { may: everyone },
  'audit.list': { may: auditors, echoes: true },
  'audit.verify': { may: auditors },
  'member.list': { may: everyone },
  'member.add': { may: admins, body: () => ({ email: 'nobody@acme.test', role: 'viewer' }) },
  'member.read': { may: everyone },
  'member.role.replace': { may: admins, body: () => ({ role: 'viewer' }) },
  'member.remove': { may: admins },
  'service-account.list': { may: everyone },
  'service-account.add': {
    may: admins,
    body: ({ clientId }) => ({ clientId, name: 'CI', role: 'admin' }),
    stranger: 409,
  },
  'service-account.remove': { may: admins },
  'api.list': { may: everyone },
  'api.preview': { may: builders, body: () => ({ source: { text: document } }) },
  'api.import': {
    may: builders,
    body: ({ gatewayId }) => ({ source: { text: document }, name: 'other', gatewayId }),
    stranger: 404,
  },
  'api.read': { may: everyone },
  'api.delete': { may: builders },
  'api-version.read': { may: everyone },
  'api-version.definition.read': { may: everyone },
  'instance.create': {
    may: builders,
    body: ({ versionId, gatewayId }) => ({
      versionId,
      gatewayId,
      basePath: '/more',
      upstreamUrl: 'http://orders.example',
    }),
  },
  'instance.read': { may: everyone },
  'instance.update': {
    may: builders,
    body: () => ({
      host: '*',
      basePath: '/changed',
      upstreamUrl: 'http://orders.example',
      stripBasePath: true,
      enabled: true,
    }),
  },
  'instance.delete': { may: builders },
  'instance.traffic.read': { may: everyone },
  'instance.consumers.list': { may: everyone },
  'instance.consumers.tier.assign': { may: builders, body: () => ({ tier: null }) },
  'instance.consumers.admit': { may: builders, body: ({ consumerId }) => ({ consumerId }) },
  'credential.issue': { may: builders, body: ({ instanceId }) => ({ instanceId }) },
  'credential.revoke': { may: builders },
  'policy.list': { may: everyone },
  'policy.check': { may: everyone, body: () => ({ policies: [] }) },
  'instance.policies.read': { may: everyone },
  'instance.policies.replace': { may: builders, body: () => ({ policies: [] }) },
  'instance.policies.add': { may: builders, body: () => policy },
  'draft.read': { may: everyone },
  'revision.deploy': { may: doers, body: () => ({ expectedHeadRevision: 1 }) },
  'revision.list': { may: everyone },
  'revision.read': { may: everyone },
  'revision.compare': { may: everyone },
  'revision.rollback': { may: doers, body: () => ({ expectedHeadRevision: 1 }) },
  'instance.deployment.read': { may: everyone },
  'environment.list': { may: everyone },
  'gateway.list': { may: everyone },
  'gateway.create': {
    may: runners,
    body: ({ environmentId }) => ({ name: 'mine', environmentId, publicUrl: 'http://localhost:8081' }),
    stranger: 404,
  },
  'gateway.read': { may: everyone },
  'gateway.listeners.replace': {
    may: runners,
    body: () => ({ listeners: [{ id: 'http', protocol: 'http', address: '0.0.0.0', port: 8081 }] }),
  },
  'node.list': { may: everyone },
  'node.remove': { may: runners },
  'gateway.reports.read': { may: everyone },
  'websocket.end': { may: runners },
  'gateway-key.list': { may: everyone },
  'gateway-key.create': { may: runners },
  'gateway-key.revoke': { may: runners },
  'openapi.read': { may: 'public' },
  'node.register': { may: 'gateway-key', body: () => registration },
  'gateway-key.identify': { may: 'gateway-key' },
  'gateway-config.read': { may: 'gateway-key' },
  'gateway-config.acknowledge': { may: 'gateway-key', body: ({ nodeId }) => acknowledgement(nodeId) },
  'topology.read': { may: everyone },
  'topology.moment.list': { may: everyone },
  'topology.compare': { may: everyone },
  'topology.draw': { may: everyone },
  'topology.export': { may: everyone },
  'topology.flows.export': { may: everyone },
  'topology.evidence.export': { may: everyone },
  'gateway.network-policies.read': { may: everyone },
  'gateway.applied-network-policies.read': { may: everyone },
  'gateway.applied-network-policies.replace': {
    may: doers,
    body: () => ({ files: [{ name: 'a.json', text: networkPolicyDocument }] }),
  },
  'gateway.applied-network-policies.delete': { may: doers },
  'network.list': { may: everyone },
  'network.create': {
    may: doers,
    body: ({ networkId }) => ({ ...network, name: 'Part', parentId: networkId }),
    stranger: 404,
  },
  'network.read': { may: everyone },
  'network.update': { may: doers, body: () => ({ name: 'Changed' }) },
  'network.delete': { may: doers },
  'party.list': { may: everyone },
  'party.create': {
    may: doers,
    body: ({ networkId }) => ({ name: 'Spy', kind: 'consumer', owner: 'organisation', networkId }),
    stranger: 404,
  },
  'party.read': { may: everyone },
  'party.update': { may: doers, body: () => ({ name: 'Changed' }) },
  'party.delete': { may: doers },
  'flow.create': {
    may: doers,
    body: ({ consumerId, instanceId }) => ({ consumerId, apiId: instanceId }),
    stranger: 404,
  },
  'flow.delete': { may: doers },
  'instance.provider.replace': { may: doers, body: () => ({ providerId: null }) },
  'gateway.network.replace': { may: doers, body: ({ networkId }) => ({ networkId }) },
  'thread.list': { may: everyone },
  'thread.create': {
    may: commenters,
    body: ({ legId }) => ({ subject: { kind: 'leg', id: legId }, text: 'Why?' }),
    stranger: 404,
  },
  'thread.comment.add': { may: commenters, body: () => ({ text: 'Because.' }) },
  'thread.resolution.create': { may: commenters },
  'thread.resolution.delete': { may: commenters },
  'review.list': { may: everyone },
  'review.create': { may: commenters, body: () => ({ of: 'deployed' }) },
  'review.read': { may: everyone },
  'review.withdraw': { may: commenters },
  'sign-off.standing.list': { may: everyone },
  'sign-off.list': { may: everyone },
  'sign-off.create': { may: signers, body: () => ({ hash: 'a'.repeat(64) }) },
  'sign-off.objection.add': { may: signers, body: () => ({ reason: 'A mistake' }) },
  'topology.comparison.export': { may: everyone },
  'topology.past.read': { may: everyone },
  'topology.past.update': { may: admins, body: () => ({ keptDays: 400 }) },
  'environment.read': { may: everyone },
  'environment.update': { may: admins, body: () => ({ demandsSignOff: true }) },
  'authority.list': { may: everyone },
  'authority.create': {
    may: doers,
    body: () => ({ name: 'A', runBy: 'organisation', content: { text: '' } }),
  },
  'authority.development.ensure': { may: doers },
  'authority.read': { may: everyone },
  'authority.impact.read': { may: everyone },
  'authority.update': { may: doers, body: () => ({ name: 'Changed' }) },
  'authority.delete': { may: doers },
  'authority.sign': { may: doers, body: () => ({ csr: exampleRequest, kind: 'client' }) },
  'certificate.list': { may: everyone },
  'certificate.create': {
    may: doers,
    body: ({ authorityId }) => ({ source: 'issue', name: 'Spy', kind: 'client', authorityId }),
    stranger: 404,
  },
  'certificate.read': { may: everyone },
  'certificate.update': { may: doers, body: () => ({ name: 'Changed' }) },
  'certificate.delete': { may: doers },
  'certificate.standing.read': { may: everyone },
  'certificate.impact.read': { may: everyone },
  'certificate.check': { may: doers, body: () => ({ content: { text: exampleCertificate } }), stranger: 200 },
  'expiry.list': { may: everyone },
  'certificate.preview': { may: everyone, body: () => ({ content: { text: exampleCertificate } }) },
  'certificate.rotate': { may: doers, body: () => ({ source: 'issue' }) },
  'certificate.version.restore': { may: doers },
  'certificate.version.retire': { may: doers },
  'certificate.nodes.renew': { may: doers },
  'certificate.node.complete': { may: doers, body: () => ({ content: { text: exampleCertificate } }) },
  'certificate.request': { may: doers },
  'certificate.complete': { may: doers, body: () => ({ content: { text: exampleCertificate } }) },
  'certificate.request.cancel': { may: doers },
  'context.list': { may: everyone },
  'context.create': {
    may: doers,
    body: ({ authorityId }) => ({ name: 'Spy', class: 'org-internal', authorityIds: [authorityId] }),
    stranger: 422,
  },
  'context.read': { may: everyone },
  'context.impact.read': { may: everyone },
  'context.update': { may: doers, body: () => ({ name: 'Changed' }) },
  'context.delete': { may: doers },
  'rotation.list': { may: everyone },
  'rotation.preview': { may: everyone, body: inPlace, stranger: 404 },
  'rotation.create': { may: doers, body: inPlace, stranger: 404 },
  'rotation.read': { may: everyone },
  'rotation.update': { may: doers, body: () => ({ vouchedIds: [] }) },
  'rotation.advance': { may: doers, body: () => ({ step: 'reissue' }) },
  'rotation.reverse': { may: doers, body: () => ({ step: 'overlap' }) },
  'rotation.end': { may: doers },
  'topology.arrangement.assign': {
    may: doers,
    body: ({ networkId }) => ({ boxes: [`network:${networkId}`] }),
    stranger: 404,
  },
  'topology.arrangement.delete': { may: doers },
  'acceptance.list': { may: everyone },
  'acceptance.create': { may: doers, body: () => accepted },
  'acceptance.withdraw': { may: doers },
  'finding.fix.run': {
    may: doers,
    body: () => ({ findingId: 'cert.expiring@certificate:none' }),
    stranger: 404,
  },
  'handshake.simulate': {
    may: everyone,
    body: ({ instanceId }) => ({ certificate: { from: 'none' }, at: { kind: 'api', instanceId } }),
    stranger: 404,
  },
  'documents.preview': { may: builders, body: documentsBody, stranger: 404 },
  'documents.import': { may: builders, body: documentsBody, stranger: 404 },
  'instance.export': { may: everyone },
  'probe.run': { may: doers, body: () => ({ target: { kind: 'listener', listenerId: 'http' } }) },
  'probe.list': { may: everyone },
  'data-key.list': { may: builders },
  'data-key.renew': { may: builders },
  'data-key.rewrap': { may: builders },
}

const document = JSON.stringify({
  openapi: '3.0.3',
  info: { title: 'Orders', version: '1.0.0' },
  servers: [{ url: 'http://orders.example:9000' }],
  paths: { '/orders': { get: { responses: { 200: { description: 'ok' } } } } },
})
const network = { name: 'Office', class: 'org-internal', location: 'cloud' }
const exampleCertificate = await fileText('root.crt')
const exampleRequest = await fileText('ec.csr')
const certManagerDocument = JSON.stringify({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'shop' },
  spec: { secretName: 'shop', dnsNames: ['shop.example'], issuerRef: { name: 'ca' } },
})
const networkPolicyDocument = JSON.stringify({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
})
const accepted = {
  findingId: 'leg.one-way-tls@leg:x',
  severity: 'error',
  owner: 'Security',
  reason: 'A pilot',
  until: new Date(Date.now() + 86_400_000).toISOString(),
}
const policy = { kind: 'cors', config: { origins: ['https://shop.test'] } }
const registration = {
  gatewayKey: 'hxg_wrong',
  hostname: 'node',
  capabilities: [],
  installationId: randomUUID(),
  runtimeVersion: '1.0.0',
}
const acknowledgement = (nodeId: string) => ({
  nodeId,
  acknowledgement: { status: 'applied', revision: 1, hash: 'a'.repeat(64), durationMs: 1, persisted: true },
})

let database: TestDatabase
let acme: TestOrganisation
let rows: Rows
let cookies: Record<Role, string>
let strangersCookie: string

type Rows = Record<
  | 'apiId'
  | 'versionId'
  | 'instanceId'
  | 'consumerId'
  | 'partyId'
  | 'credentialId'
  | 'gatewayId'
  | 'environmentId'
  | 'nodeId'
  | 'keyId'
  | 'networkId'
  | 'flowId'
  | 'memberId'
  | 'serviceAccountId'
  | 'clientId'
  | 'sessionId'
  | 'websocketId'
  | 'authorityId'
  | 'certificateId'
  | 'contextId'
  | 'acceptanceId'
  | 'rotationId'
  | 'legId'
  | 'threadId'
  | 'reviewId'
  | 'signOffId'
  | 'number'
  | 'from'
  | 'to',
  string
>

beforeAll(async () => {
  database = await testDatabase()
  acme = await testOrganisation()
  cookies = {
    viewer: await signedIn(acme, 'viewer'),
    owner: await signedIn(acme, 'owner'),
    reviewer: await signedIn(acme, 'reviewer'),
    operator: await signedIn(acme, 'operator'),
    admin: await signedIn(acme, 'admin'),
  }
  strangersCookie = await signedIn(await testOrganisation(), 'admin')
  rows = await fill(acme)
})
afterAll(() => database.close())

test('every operation has a row, and every row an operation', () => {
  expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(matrix).toSorted())
})

test('no two operations share an id or an address', () => {
  const addresses = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`)
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length)
  expect(new Set(addresses).size).toBe(operations.length)
})

describe('nobody changes anything that is not theirs to change', () => {
  let before: string
  beforeAll(async () => {
    before = await fingerprint(acme)
  })

  describe.each(operations.map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
    const row = matrix[id] ?? { may: [] }
    if (row.may === 'public') {
      test('is open to everybody and names nothing of anybody', async () => {
        const answer = await ask(operation, { cookie: null })
        expect(answer.status).toBe(200)
        expect(namesIn(answer.text)).toEqual([])
      })
      return
    }
    if (row.may === 'gateway-key') {
      test('is refused without the gateway’s own key, whoever asks', async () => {
        for (const cookie of [null, cookies.admin]) {
          expect(await ask(operation, { cookie })).toMatchObject({ status: 401, code: 'gateway.key-invalid' })
        }
      })
      return
    }
    const may = new Set(row.may)

    test('is refused to whoever has not signed in', async () => {
      expect(await ask(operation, { cookie: null })).toMatchObject({ status: 401, code: 'session.required' })
    })

    test.each(roles.filter((role) => !may.has(role)))('is refused to a %s', async (role) => {
      const answer = await ask(operation, { cookie: cookies[role] })
      expect(answer).toMatchObject({ status: 403, code: 'access.denied' })
    })

    test('is refused to another organisation’s administrator, as if there were nothing', async () => {
      const answer = await ask(operation, { cookie: strangersCookie })
      if (operation.path.includes('{')) expect(answer).toMatchObject({ status: 404, code: 'not-found' })
      else if (row.stranger) expect(answer.status).toBe(row.stranger)
      else expect(answer.status).toBeLessThan(500)
      if (answer.status < 400 && !row.echoes) expect(namesIn(answer.text)).toEqual([])
    })
  })

  test('is true of every row of the organisation', async () => {
    expect(await fingerprint(acme)).toBe(before)
  })
})

const forPeople = operations.filter(({ id }) => Array.isArray(matrix[id]?.may))

describe.each(forPeople.map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
  const row = matrix[id] ?? { may: [] }

  test.each(typeof row.may === 'string' ? [] : row.may)('is open to a %s', async (role) => {
    const cookie = cookies[role]
    if (operation.method === 'GET') {
      expect((await ask(operation, { cookie })).status).toBe(200)
      return
    }
    // Somebody else's row in place of each, and no body: whoever may try is told what is wrong with the request.
    const answer = await ask(operation, { cookie, harmless: true })
    expect([200, 204, 404, 409, 422], answer.text).toContain(answer.status)
  })
})

test('a member who was removed, and a session that was ended, are refused everywhere from then on', async () => {
  const removed = await session(await acme.actor('admin'))
  const ended = await session(await acme.actor('admin'))
  await db().membership.updateMany({ where: { userId: removed.userId }, data: { revokedAt: new Date() } })
  await db().session.update({ where: { id: ended.id }, data: { revokedAt: new Date() } })
  for (const operation of forPeople) {
    const asRemoved = await ask(operation, { cookie: removed.cookie })
    expect(asRemoved, operation.id).toMatchObject({ status: 403, code: 'access.no-membership' })
    const asEnded = await ask(operation, { cookie: ended.cookie })
    expect(asEnded, operation.id).toMatchObject({ status: 401, code: 'session.ended' })
  }
})

test('a write with a cookie that comes from another site is refused', async () => {
  for (const operation of forPeople.filter(({ method }) => method !== 'GET')) {
    const answer = await ask(operation, { cookie: cookies.admin, site: 'cross-site' })
    expect(answer, operation.id).toMatchObject({ status: 403, code: 'request.cross-site' })
  }
})

interface Asking {
  cookie: string | null
  site?: string
  harmless?: boolean
}

async function ask(operation: Operation, { cookie, site = 'same-origin', harmless = false }: Asking) {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const known = parameter(name)
    if (!harmless) return known
    return name === 'sessionId'
      ? publicSessionId('none')
      : z.uuid().safeParse(known).success
        ? randomUUID()
        : known
  })
  const headers = new Headers({ 'sec-fetch-site': site, 'if-match': '"1"' })
  if (cookie) headers.set('cookie', cookie)
  const init: RequestInit = { method: operation.method, headers }
  if (operation.body) {
    headers.set('content-type', 'application/json')
    init.body = harmless ? 'null' : JSON.stringify(matrix[operation.id]?.body?.(rows) ?? null)
  }
  const response = await serveApi(new Request(`http://localhost:3000/api/v1${path}`, init))
  const text = await response.text()
  return { status: response.status, code: codeIn(text), text }
}

function parameter(name: string): string {
  const value = Object.entries(rows).find(([known]) => known === name)?.[1]
  if (!value) throw new Error(`the matrix has no row for {${name}}: make one in fill()`)
  return value
}

function codeIn(text: string): string | undefined {
  // A picture or a table is no JSON.
  return z.object({ code: z.string() }).safeParse(text.startsWith('{') ? JSON.parse(text) : null).data?.code
}

function namesIn(text: string): string[] {
  const ids = Object.values(rows).filter((value) => z.uuid().safeParse(value).success)
  return [...ids, acme.organisation.id].filter((id) => text.includes(id))
}

async function signedIn(organisation: TestOrganisation, role: Role): Promise<string> {
  return (await session(await organisation.actor(role))).cookie
}

// What signing in leaves behind: a row, and a cookie that names it.
async function session(actor: { id: string; organisationId: string }) {
  const { id: userId, organisationId } = actor
  const id = randomUUID()
  const later = new Date(Date.now() + 60 * 60_000)
  await db().session.create({
    data: { id, userId, organisationId, accessTokenSealed: 'none', accessExpiresAt: later, expiresAt: later },
  })
  const token = await encode({ token: { sid: id }, secret: await authSecret() })
  return { id, userId, cookie: `${cookieName('session')}=${token}` }
}

// One real row of every kind that an address can name, made by the operations themselves where one makes it.
async function fill({ gateway, environment, organisation }: TestOrganisation): Promise<Rows> {
  const { id: networkId } = await made('/networks', network)
  const imported = await made('/apis', { source: { text: document }, gatewayId: gateway.id, deploy: true })
  const { apiId, versionId, instanceId } = imported
  await made(`/instances/${instanceId}/consumers`, { name: 'Shop' })
  const flow = await db().flow.findFirstOrThrow({ where: { instanceId: instanceId ?? '' } })
  const credential = await db().credential.findFirstOrThrow({ where: { consumerId: flow.consumerId } })
  const key = await made(`/gateways/${gateway.id}/keys`)
  const clientId = `client-${organisation.slug}`
  const machine = await made('/service-accounts', { clientId, name: 'CI', role: 'operator' })
  const websocketId = randomUUID()
  const opened = { client: null, subject: 'jane', openedAt: new Date().toISOString(), expiresAt: null }
  const nodeId = await reportingNode({
    organisationId: organisation.id,
    gatewayId: gateway.id,
    at: new Date(0),
    report: { sessions: [{ id: websocketId, apiId: instanceId ?? '', ...opened }] },
  })
  const content = { text: exampleCertificate }
  const authority = await made('/authorities', { name: 'Root', runBy: 'organisation', content })
  const authorityId = authority['id'] ?? ''
  const certificateDocument = { source: 'cert-manager', document: certManagerDocument }
  const certificate = await made('/certificates', certificateDocument)
  const context = await made('/contexts', {
    name: 'Edge',
    class: 'org-internal',
    authorityIds: [authorityId],
  })
  const rotation = await made('/rotations', { fromId: authorityId, toId: null })
  const acceptance = await made('/acceptances', accepted)
  const member = await db().membership.findFirstOrThrow({
    where: { organisationId: organisation.id, role: 'viewer' },
  })
  const legId = `outbound:gateway:${gateway.id}:api:${instanceId}`
  const thread = await made('/threads', { subject: { kind: 'leg', id: legId }, text: 'Why plain?' })
  const review = await made(`/gateways/${gateway.id}/reviews`, { of: 'deployed' })
  const revision = await db().revision.findFirstOrThrow({ where: { gatewayId: gateway.id } })
  const signOff = await db().signOff.create({
    data: {
      organisationId: organisation.id,
      gatewayId: gateway.id,
      hash: revision.hash,
      items: {},
      auditSequence: 0,
      openSince: {},
      signedById: member.userId,
      signedBy: 'A reviewer',
    },
  })
  const spare = await session(await acme.actor('viewer'))
  return {
    apiId: apiId ?? '',
    versionId: versionId ?? '',
    instanceId: instanceId ?? '',
    consumerId: flow.consumerId,
    partyId: flow.consumerId,
    credentialId: credential.id,
    gatewayId: gateway.id,
    environmentId: environment.id,
    nodeId,
    keyId: key['id'] ?? '',
    networkId: networkId ?? '',
    flowId: flow.id,
    memberId: member.id,
    serviceAccountId: machine['id'] ?? '',
    clientId,
    sessionId: publicSessionId(spare.id),
    websocketId,
    authorityId,
    certificateId: certificate['id'] ?? '',
    contextId: context['id'] ?? '',
    acceptanceId: acceptance['id'] ?? '',
    rotationId: rotation['id'] ?? '',
    legId,
    threadId: thread['id'] ?? '',
    reviewId: review['id'] ?? '',
    signOffId: signOff.id,
    number: '1',
    from: '0',
    to: '1',
  }
}

async function made(path: string, body?: unknown): Promise<Record<string, string>> {
  const headers = {
    cookie: cookies.admin,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  }
  const init = { method: 'POST', headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await serveApi(new Request(`http://localhost:3000/api/v1${path}`, init))
  const text = await response.text()
  if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${text}`)
  // Only the ids are read from it.
  return JSON.parse(text) as Record<string, string>
}

/** Everything that the organisation owns, except the trail in which the refusals themselves are written. */
async function fingerprint({ organisation }: TestOrganisation): Promise<string> {
  const tables = await db().$queryRaw<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.columns
    WHERE column_name = 'organisationId' AND table_schema = 'public' AND table_name <> 'AuditEntry'
    ORDER BY 1`
  const digest = createHash('sha256')
  for (const { name } of tables) {
    const found = await db().$queryRawUnsafe<{ row: string }[]>(
      `SELECT to_jsonb(t)::text AS row FROM "${name}" t WHERE "organisationId" = $1::uuid ORDER BY 1`,
      organisation.id,
    )
    for (const { row } of found) digest.update(`${name} ${row}\n`)
  }
  return digest.digest('hex')
}

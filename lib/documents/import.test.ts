import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { routing } from '#domain/routing.ts'
import { createAuthority } from '#gateway-runtime/testing/certificates.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { mapSecrets } from '#policies/secrets.ts'
import { readTopology } from '../networks/read.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { certificateInput } from '../trust/input.ts'
import { secureApi } from '../trust/testing/secure-api.ts'
import { developmentAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { exportInstance } from './export.ts'
import { importDocuments, previewDocuments } from './import.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor

const listeners = [
  { id: 'https', protocol: 'https', address: '0.0.0.0', port: 8443 },
  { id: 'http', protocol: 'http', address: '0.0.0.0', port: 8081 },
]

async function organisation(): Promise<[TestOrganisation, Actor]> {
  const made = await testOrganisation()
  await db().gateway.update({ where: { id: made.gateway.id }, data: { listeners } })
  return [made, await made.actor('owner')]
}

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  ;[home, owner] = await organisation()
})

async function secured(): Promise<string> {
  const { issuing } = await developmentAuthority(owner)
  const context = async (name: string, kind: 'server' | 'client') => {
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
  const contexts = { inbound: await context('White', 'server'), outbound: await context('Out', 'client') }
  const instanceId = await secureApi(owner, home.gateway.id, 'orders', contexts)
  await db().apiInstance.update({
    where: { id: instanceId },
    data: { host: 'orders.example', basePath: '/shop' },
  })
  const { apiVersionId } = await db().apiInstance.findUniqueOrThrow({ where: { id: instanceId } })
  await db().apiVersion.update({ where: { id: apiVersionId }, data: { definition } })
  return instanceId
}

const definition = {
  openapi: '3.0.3',
  info: { title: 'orders', version: '1.0.0' },
  paths: { '/items': { get: { responses: { 200: { description: 'ok' } } } } },
}

/** An API with everything behind it, by content and not by ids; keys and whether they are there left out. */
async function modelOf(instanceId: string) {
  const row = await db().apiInstance.findUniqueOrThrow({
    where: { id: instanceId },
    include: {
      policies: { orderBy: { order: 'asc' } },
      apiVersion: { select: { label: true, definition: true, api: { select: { name: true } } } },
    },
  })
  const { host, basePath, upstreamUrl, stripBasePath, apiVersion, policies } = row
  const { upstream, destinations } = routing.parse({
    upstream: row.upstream,
    destinations: row.destinations,
  })
  return {
    ...{ host, basePath, upstreamUrl, stripBasePath, upstream, destinations, apiVersion },
    policies: await Promise.all(
      policies.map(async ({ kind, config }) => {
        const { contextRef, mode, ...rest } = mapSecrets(kind, config, () => '') as Record<string, unknown>
        const asked = kind === 'tls' ? { mode: mode ?? 'STRICT' } : {}
        return { kind, ...asked, rest, context: await contextOf(String(contextRef)) }
      }),
    ),
  }
}

async function contextOf(id: string) {
  const {
    class: cls,
    keystoreId,
    authorities,
  } = await db().mtlsContext.findUniqueOrThrow({
    where: { id },
    include: { authorities: { include: { authority: { select: { certificate: true } } } } },
  })
  return {
    ...{ cls, hasKeystore: keystoreId !== null },
    authorities: authorities.map(({ authority }) => authority.certificate.trim()),
  }
}

// No document has a key, so that nothing there can be shown before one is given.
const withoutKeystores = (model: Awaited<ReturnType<typeof modelOf>>) => ({
  ...model,
  policies: model.policies.map(({ context: { hasKeystore: _, ...context }, ...policy }) => ({
    ...policy,
    context,
  })),
})

const filesOf = (files: readonly { name: string; text: string }[]) =>
  files.map(({ name, text }) => ({ name, text }))

const countAll = async ({ organisationId }: Actor) => {
  const where = { organisationId }
  return Promise.all([
    db().api.count({ where }),
    db().apiInstance.count({ where }),
    db().network.count({ where }),
    db().authority.count({ where }),
    db().certificate.count({ where }),
    db().mtlsContext.count({ where }),
    db().auditEntry.count({ where }),
  ])
}

describe.each(['members', 'policies'] as const)('what was exported with TLS as %s', (form) => {
  it('is the same model once it is imported elsewhere', async () => {
    const instanceId = await secured()
    const { files } = await exportInstance(owner, instanceId, form)
    const [, there] = await organisation()
    const preview = await previewDocuments(there, { files: filesOf(files) })
    expect(preview.unreadable).toEqual([])
    expect(preview.plan).toMatchObject({
      networks: [{ name: 'default', isNew: true }],
      authorities: [{ name: 'Development CA', isNew: true }],
      apis: [{ name: 'orders', host: 'orders.example', policies: ['tls', 'tls-outbound'], isNew: true }],
    })
    expect(preview.plan.certificates.map(({ kind, hasKey }) => `${kind} ${hasKey}`)).toEqual([
      'server false',
      'client false',
    ])
    const { apis } = await importDocuments(there, { files: filesOf(files) })
    expect(withoutKeystores(await modelOf(apis[0]?.instanceId ?? ''))).toEqual(
      withoutKeystores(await modelOf(instanceId)),
    )
  })
})

describe('a certificate among documents', () => {
  it('is shown by its context where its key comes along, or is here already', async () => {
    const instanceId = await secured()
    const { files } = await exportInstance(owner, instanceId, 'members')
    const moved = filesOf(files).map(({ name, text }) => ({
      name,
      text: text.replaceAll('orders.example', 'again.example').replaceAll('name: orders\n', 'name: again\n'),
    }))
    const { plan } = await previewDocuments(owner, { files: moved })
    expect(plan.certificates.map(({ isNew, hasKey }) => [isNew, hasKey])).toEqual([
      [false, true],
      [false, true],
    ])
    const { chain, key } = await (await createAuthority('Elsewhere')).issue({ usage: 'server' })
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'server', namespace: 'shop' } }
    const instance = {
      apiVersion: 'gateway.mulesoft.com/v1alpha1',
      kind: 'ApiInstance',
      metadata: { name: 'basket', namespace: 'shop' },
      spec: {
        address: 'https://basket.example:8443',
        services: { upstream: { address: 'https://stock.example' } },
        tls: {
          certificate: { secretName: 'server' },
          clientValidation: { mode: 'STRICT', trustedCA: { secretName: 'server' } },
        },
      },
    }
    const given = [
      { name: 'a.json', text: JSON.stringify(instance) },
      {
        name: 'b.json',
        text: JSON.stringify({
          ...secret,
          type: 'kubernetes.io/tls',
          stringData: { 'tls.crt': chain, 'tls.key': key, 'ca.crt': (await createAuthority()).certificate },
        }),
      },
    ]
    const { apis } = await importDocuments(owner, { files: given })
    const [step] = (await modelOf(apis[0]?.instanceId ?? '')).policies
    expect(step).toMatchObject({ kind: 'tls', mode: 'STRICT', context: { hasKeystore: true } })
  })
})

describe('documents of any mix', () => {
  it('as people wrote them are previewed with their findings, and taken', async () => {
    const text = await readFile(
      path.join(import.meta.dirname, '..', 'check', 'testing', 'zero-trust.md'),
      'utf8',
    )
    const openapi = JSON.stringify({
      openapi: '3.0.3',
      info: { title: 'Basket', version: '2.1.0' },
      servers: [{ url: 'https://basket.example' }],
      paths: { '/items': { get: { responses: { 200: { description: 'ok' } } } } },
    })
    const files = [
      { name: 'zero-trust.md', text },
      { name: 'basket.json', text: openapi },
    ]
    const preview = await previewDocuments(owner, { files })
    expect(preview.findings.map(({ code }) => code)).toContain('listener.port-conflict')
    expect(preview.plan.apis.map(({ name, label }) => `${name} ${label}`)).toEqual([
      'basket 2.1.0',
      'basket-outbound 1.0.0',
    ])
    expect(preview.notes.map(({ detail }) => detail).join('\n')).toContain('its TLS is left out')
    expect(preview.plan.networkPolicies).toEqual({
      policies: ['shop/default-deny-all', 'shop/allow-gateway-to-stock', 'shop/allow-gateway-egress'],
      ...{ namespace: 'shop', pods: 'app=flex-gateway', isNew: true },
    })
    const { apis } = await importDocuments(owner, { files })
    expect(apis.map(({ name }) => name)).toEqual(['basket', 'basket-outbound'])
    const { findings } = await readTopology(owner)
    const said = findings.map(({ code, why }) => `${code} ${why}`).join('\n')
    expect(said).toContain('netpol.no-ingress-to-gateway')
    expect(said).toMatch(/netpol\.egress-blocked .* DNS over TCP/)
    expect(said).toMatch(
      /netpol\.egress-blocked .* the JWKS that the comment of allow-gateway-egress promises/,
    )
    expect((await previewDocuments(owner, { files })).plan.networkPolicies?.isNew).toBe(false)
  })

  it('are taken whole or not at all', async () => {
    const api = (name: string, host: string) =>
      JSON.stringify({
        apiVersion: 'gateway.mulesoft.com/v1alpha1',
        kind: 'ApiInstance',
        metadata: { name, namespace: 'shop' },
        spec: {
          address: `http://${host}:8081/a`,
          services: { upstream: { address: 'https://stock.example' } },
        },
      })
    const before = await countAll(owner)
    const files = [
      { name: 'a.json', text: api('one', 'one.example') },
      { name: 'b.json', text: api('two', 'one.example') },
    ]
    await expect(importDocuments(owner, { files })).rejects.toMatchObject({ code: 'instance.path-taken' })
    expect(await countAll(owner)).toEqual(before)
    const good = [files[0], { name: 'b.json', text: api('two', 'two.example') }].flatMap((one) => one ?? [])
    expect((await importDocuments(owner, { files: good })).apis.map(({ name }) => name)).toEqual([
      'one',
      'two',
    ])
    expect(await db().network.count({ where: { organisationId: owner.organisationId, name: 'shop' } })).toBe(
      1,
    )
  })

  it('that cannot be read are told with their places, and nothing is made', async () => {
    const files = [{ name: 'wrong.yaml', text: 'kind: [\n' }]
    const { unreadable } = await previewDocuments(owner, { files })
    expect(unreadable).toMatchObject([{ file: 'wrong.yaml', line: 2 }])
    await expect(importDocuments(owner, { files })).rejects.toMatchObject({ code: 'documents.unreadable' })
  })

  it('name consumers, and whose contexts they are is chosen or said to be presumed', async () => {
    const authority = await createAuthority('Partner CA')
    const secret = {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'partner', namespace: 'shop' } },
      stringData: { 'ca.crt': authority.certificate },
    }
    const keys = {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'shop' } },
      ...{ type: 'hexgate.io/api-keys', stringData: { kiosk: 'a-key-that-is-long-enough-0123456789' } },
    }
    const { chain, key } = await (await createAuthority('Own')).issue({ usage: 'server' })
    const server = {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'server', namespace: 'shop' } },
      ...{ type: 'kubernetes.io/tls', stringData: { 'tls.crt': chain, 'tls.key': key } },
    }
    const instance = {
      ...{ apiVersion: 'gateway.mulesoft.com/v1alpha1', kind: 'ApiInstance' },
      metadata: { name: 'basket', namespace: 'shop' },
      spec: {
        address: 'https://basket.example:8443',
        services: { upstream: { address: 'https://stock.example' } },
        tls: {
          certificate: { secretName: 'server' },
          clientValidation: {
            ...{ mode: 'STRICT', trustedCA: { secretName: 'partner' } },
            subjectAltNames: [
              'spiffe://cluster.local/ns/web/sa/shopfront',
              'partner.example',
              '*.partner.example',
            ],
          },
        },
        policies: [{ policyRef: { name: 'api-key-auth' }, config: { apiKeys: { secretName: 'keys' } } }],
      },
    }
    const files = [secret, keys, server, instance].map((one, index) => ({
      ...{ name: `${index}.json`, text: JSON.stringify(one) },
    }))
    const { plan, notes } = await previewDocuments(owner, { files })
    const [context] = plan.contexts
    expect(context).toMatchObject({ class: 'org-internal', because: expect.stringContaining('presumed') })
    expect(plan.consumers.map(({ name, network }) => [name, network])).toEqual([
      ['web/shopfront', 'web'],
      ['partner.example', null],
      ['kiosk', null],
    ])
    const said = notes.map(({ detail }) => detail).join('\n')
    for (const part of [
      'nothing says who runs the CA of',
      'the consumer partner.example is not taken over',
      'the key of kiosk is not taken over',
      '*.partner.example lets in whoever has such a name',
    ])
      expect(said).toContain(part)
    const network = await db().network.create({
      data: {
        ...{ organisationId: owner.organisationId, name: 'Partners' },
        ...{ class: 'non-org-external', location: 'cloud' },
      },
    })
    const outcome = await importDocuments(owner, {
      files,
      contexts: [{ name: context?.name ?? '', class: 'non-org-external' }],
      consumers: [{ name: 'partner.example', networkId: network.id }],
    })
    expect(outcome.notes.map(({ detail }) => detail).join('\n')).not.toContain('who runs the CA')
    const where = { organisationId: owner.organisationId }
    expect(
      await db().mtlsContext.findFirstOrThrow({
        where,
        include: { authorities: { include: { authority: true } } },
      }),
    ).toMatchObject({
      class: 'non-org-external',
      authorities: [{ authority: { name: 'Partner CA', runBy: 'third-party' } }],
    })
    const flows = await db().flow.findMany({ where, include: { consumer: { include: { network: true } } } })
    const lines = flows.map(
      ({
        consumer: {
          name,
          owner: whose,
          identities,
          network: { name: at },
        },
      }) => [name, whose, at, ...identities].join(' '),
    )
    expect(lines.toSorted()).toEqual([
      'partner.example third-party Partners partner.example',
      'web/shopfront organisation web spiffe://cluster.local/ns/web/sa/shopfront',
    ])
    // The CA is known now: whoever imports again is told so, and need choose nothing.
    const again = await previewDocuments(owner, { files })
    expect(again.plan.contexts[0]).toMatchObject({
      ...{ class: 'non-org-external', because: 'a third party runs its CA Partner CA' },
    })
    expect(again.plan.consumers.map(({ isNew }) => isNew)).toEqual([false, false, true])
  })

  it('are taken by those alone who may make all of it', async () => {
    const files = [{ name: 'a.yaml', text: '{}' }]
    for (const role of ['viewer', 'reviewer', 'operator'] as const)
      await expect(previewDocuments(await home.actor(role), { files })).rejects.toMatchObject({
        code: 'access.denied',
      })
  })
})

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { storedAt } from '../history/stored-at.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { readApplied } from './read-applied.ts'
import { readTopology } from './read.ts'
import { removeApplied, replaceApplied } from './write-applied.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let gatewayId: string
let faulty: { name: string; text: string }[]

beforeAll(async () => {
  database = await testDatabase()
  const file = path.join(import.meta.dirname, '..', 'check', 'testing', 'zero-trust.md')
  faulty = [{ name: 'zero-trust.md', text: await readFile(file, 'utf8') }]
})
afterAll(() => database.close())
beforeEach(async () => {
  home = await testOrganisation()
  owner = await home.actor('owner')
  gatewayId = home.gateway.id
  await testInstance(home, { title: 'Basket', basePath: '/basket', upstreamUrl: 'https://stock:8443' })
})

const document = (value: object) => [{ name: 'set.json', text: JSON.stringify(value) }]
const denying = (namespace: string, name = 'deny') => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
})

async function findings(): Promise<string[]> {
  const { findings: all } = await readTopology(await home.actor('viewer'))
  return all.filter(({ code }) => code.startsWith('netpol.')).map(({ id, why }) => `${id} ${why}`)
}

describe('the NetworkPolicies that are applied around a gateway', () => {
  it('are judged against what it declares, beside all other findings of the topology', async () => {
    expect(await findings()).toEqual([])
    await replaceApplied(owner, gatewayId, { files: faulty }, 0)
    const found = (await findings()).join('\n')
    for (const part of [
      `netpol.no-ingress-to-gateway@network-policies:${gatewayId}#${gatewayId}:8081`,
      'DNS over TCP',
      'the JWKS that the comment of allow-gateway-egress promises',
    ])
      expect(found).toContain(part)
    expect(found).not.toContain('the upstream of Basket')
  })

  it('are given with what would have to be applied, and with the difference', async () => {
    const empty = await readApplied(owner, gatewayId)
    expect(empty).toMatchObject({ version: 0, applied: null, findings: [], gatewayName: home.gateway.name })
    expect(empty.generated.yaml).toContain('default-deny-all')
    const read = await replaceApplied(owner, gatewayId, { files: faulty }, 0)
    expect(read).toMatchObject({
      version: 1,
      applied: {
        ...{ namespace: 'shop', app: null, podLabels: { app: 'flex-gateway' }, podsKnownBy: 'name' },
        ...{ policies: 3, by: owner.name },
      },
    })
    expect(read.applied?.yaml).toContain('# The gateway out, to the stock')
    expect(read.findings.every(({ fix }) => fix.kind === 'allow-traffic')).toBe(true)
    const standings = read.comparison.policies.map(({ name, standing }) => `${name} ${standing}`)
    expect(standings).toContain('default-deny-all same')
    expect(standings).toContain('allow-gateway-to-stock only-applied')
    expect(standings).toContain('allow-dns only-generated')
  })

  it('that were generated for the same place are applied without a finding or a difference', async () => {
    const { generated } = await readApplied(owner, gatewayId)
    const wish = { files: [{ name: 'set.yaml', text: generated.yaml }], namespace: 'default', app: 'hexgate' }
    const read = await replaceApplied(owner, gatewayId, wish, 0)
    expect(read.findings).toEqual([])
    expect(read.comparison.excess).toEqual([])
    expect(new Set(read.comparison.policies.map(({ standing }) => standing))).toEqual(new Set(['same']))
  })

  it('are replaced and removed by whoever saw the version before, and audited', async () => {
    await replaceApplied(owner, gatewayId, { files: faulty }, 0)
    const again = { files: document(denying('shop')), app: 'edge' }
    await expect(replaceApplied(owner, gatewayId, again, 0)).rejects.toMatchObject({ code: 'write.stale' })
    const { applied } = await replaceApplied(owner, gatewayId, again, 1)
    expect(applied).toMatchObject({ policies: 1, podLabels: { app: 'edge' }, podsKnownBy: 'given' })
    await expect(removeApplied(owner, gatewayId, 1)).rejects.toMatchObject({ code: 'write.stale' })
    await removeApplied(owner, gatewayId, 2)
    expect(await findings()).toEqual([])
    await expect(removeApplied(owner, gatewayId, 2)).rejects.toMatchObject({ code: 'not-found' })
    const trail = await db().auditEntry.findMany({
      where: { organisationId: owner.organisationId, subjectKind: 'network-policies' },
      orderBy: { sequence: 'asc' },
    })
    expect(trail.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'network-policies.replace done',
      'network-policies.replace done',
      'network-policies.delete done',
    ])
  })

  it('are kept in the past', async () => {
    await replaceApplied(owner, gatewayId, { files: faulty }, 0)
    const row = await db().pastRow.findFirstOrThrow({
      where: { organisationId: owner.organisationId, kind: 'NetworkPolicySet' },
    })
    await removeApplied(owner, gatewayId, 1)
    const [then, now] = await Promise.all(
      [row.validFrom, new Date()].map((at) => storedAt(db(), owner.organisationId, at)),
    )
    expect(then?.networkPolicies.map(({ id, policies }) => [id, policies.length])).toEqual([[gatewayId, 3]])
    expect(now?.networkPolicies).toEqual([])
  })

  it('are those of the organisation alone, and said by those who may change its topology', async () => {
    const stranger = await (await testOrganisation()).actor('admin')
    const wish = { files: faulty }
    await expect(readApplied(stranger, gatewayId)).rejects.toMatchObject({ code: 'not-found' })
    await expect(replaceApplied(stranger, gatewayId, wish, 0)).rejects.toMatchObject({ code: 'not-found' })
    await expect(removeApplied(stranger, gatewayId, 0)).rejects.toMatchObject({ code: 'not-found' })
    const viewer = await home.actor('viewer')
    await expect(replaceApplied(viewer, gatewayId, wish, 0)).rejects.toMatchObject({ code: 'access.denied' })
    expect(await db().networkPolicySet.count({ where: { gatewayId } })).toBe(0)
  })

  it('are refused without one among the documents, and where it is open which namespace is meant', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: {} }
    await expect(replaceApplied(owner, gatewayId, { files: document(service) }, 0)).rejects.toMatchObject({
      code: 'request.invalid',
      faults: [{ pointer: '/files' }],
    })
    const two = [...document(denying('shop')), { name: 'b.json', text: JSON.stringify(denying('stock')) }]
    await expect(replaceApplied(owner, gatewayId, { files: two }, 0)).rejects.toMatchObject({
      faults: [{ pointer: '/namespace', detail: expect.stringContaining('shop and stock') }],
    })
    const unreadable = [{ name: 'a.yaml', text: 'kind: [\n' }]
    await expect(replaceApplied(owner, gatewayId, { files: unreadable }, 0)).rejects.toMatchObject({
      code: 'documents.unreadable',
    })
  })

  it('are kept without the passwords of what runs beside them', async () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'edge', namespace: 'shop', annotations: { note: 'planted-secret' } },
      spec: {
        template: {
          metadata: { labels: { role: 'proxy' } },
          spec: {
            containers: [
              { image: 'example/hexgate:1', env: [{ name: 'PASSWORD', value: 'planted-secret' }] },
            ],
          },
        },
      },
    }
    const files = [...document(denying('shop')), { name: 'b.json', text: JSON.stringify(deployment) }]
    const { applied } = await replaceApplied(owner, gatewayId, { files }, 0)
    expect(applied).toMatchObject({ podLabels: { role: 'proxy' }, podsKnownBy: 'image' })
    const kept = await Promise.all([db().networkPolicySet.findMany(), db().pastRow.findMany()])
    expect(
      JSON.stringify(kept, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)),
    ).not.toContain('planted-secret')
  })
})

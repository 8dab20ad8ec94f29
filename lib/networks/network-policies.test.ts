import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { networkPolicy } from '#dialects/network-policy/resources.ts'
import { gatewayPods } from '#domain/applied-network-policies.ts'
import { Problem } from '#domain/problem.ts'
import { db } from '../db.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testInstance } from '../testing/instance.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { readNetworkPolicies } from './network-policies.ts'

let database: TestDatabase
let home: TestOrganisation
let gatewayId: string

beforeAll(async () => {
  database = await testDatabase()
  home = await testOrganisation()
  const organisationId = home.organisation.id
  gatewayId = home.gateway.id
  const wish = { title: 'Basket', basePath: '/basket', upstreamUrl: 'https://stock:8443' }
  const instanceId = await testInstance(home, wish)
  await db().policyAttachment.create({
    data: {
      organisationId,
      instanceId,
      kind: 'jwt-validation',
      policyVersion: '1.0.0',
      order: 1,
      config: { jwksUrl: ['https://idp.example/keys'] },
    },
  })
})
afterAll(() => database.close())

describe('the NetworkPolicies of a gateway', () => {
  it('deny everything, and allow its ports, its upstreams, names and key sets', async () => {
    const viewer = await home.actor('viewer')
    const pods = gatewayPods.parse({ namespace: 'shop', app: 'edge' })
    const { yaml } = await readNetworkPolicies(viewer, gatewayId, pods)
    const documents = parseAllDocuments(yaml)
    const read = (Array.isArray(documents) ? documents : []).map((one) => networkPolicy.parse(one.toJS()))
    expect(read.map(({ metadata: { name } }) => name)).toEqual([
      'default-deny-all',
      'allow-dns',
      'allow-edge-egress',
      'allow-edge-ingress',
      'allow-stock-ingress',
    ])
    const egress = read.find(({ metadata }) => metadata.name === 'allow-edge-egress')?.spec.egress
    expect(egress?.flatMap(({ ports = [] }) => ports.map(({ port }) => port)).toSorted()).toEqual([443, 8443])
  })

  it('are for those of the organisation alone', async () => {
    const stranger = await (await testOrganisation()).actor('admin')
    await expect(readNetworkPolicies(stranger, gatewayId, gatewayPods.parse({}))).rejects.toThrow(Problem)
  })

  it('take no namespace that is none', () => {
    expect(gatewayPods.safeParse({ namespace: 'Shop/../x' }).success).toBe(false)
  })
})

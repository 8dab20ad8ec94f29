import { expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { Planner } from './plan.ts'
import { certificatesOf, upstreamsOf } from './plan-figures.ts'
import { sha256 } from './ports.ts'
import { createAuthority } from './testing/certificates.ts'
import { oneApi, policy } from './testing/publisher.ts'

async function planOf(items: readonly Item[]) {
  const contents = new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }]))
  const built = await new Planner({ allowLoopback: false }).build(contents)
  if (!built.ok) throw new Error(JSON.stringify(built.reasons))
  return built.draft.plan
}

it('names the certificates that the node shows and goes by, with when they expire', async () => {
  const root = await createAuthority('Clients', { notAfter: new Date('2040-01-01T00:00:00Z') })
  const leaf = await root.issue({ notAfter: new Date('2035-06-01T00:00:00Z') })
  const inbound = {
    certificate: { crt: leaf.chain, key: leaf.key },
    mode: 'STRICT',
    trustedCA: root.certificate,
  }
  const outbound = { certificate: { crt: leaf.chain, key: leaf.key }, skipValidation: true }
  const policies = [policy('tls', inbound), { ...policy('tls-outbound', outbound), order: 2 }]
  const items = oneApi('https://upstream.example', { policies }).map(
    (item): Item => (item.kind === 'listener' ? { ...item, protocol: 'https' } : item),
  )
  const plan = await planOf(items)
  const certificates = [...certificatesOf(plan).values()]
  const seconds = (date: string) => Date.parse(date) / 1_000
  expect(certificates).toMatchObject([
    { use: 'listener', api: 'api:orders', notAfter: seconds('2035-06-01T00:00:00Z') },
    { use: 'listener-ca', api: 'api:orders', notAfter: seconds('2040-01-01T00:00:00Z') },
    { use: 'upstream', api: 'api:orders', notAfter: seconds('2035-06-01T00:00:00Z') },
  ])
  expect(certificates[1]?.subject).toContain('Clients')
  expect((await upstreamsOf(plan)).get('upstream:orders')).toMatchObject({ unverified: 1 })
})

it('sums the pools of an upstream, those of APIs with settings of their own among them', async () => {
  const items = oneApi('http://upstream.example')
  const other = items.flatMap((item): Item[] =>
    item.kind === 'api'
      ? [
          {
            ...item,
            id: 'api:slow',
            basePath: '/slow',
            policies: [policy('connect-timeout', { timeout: 1 })],
          },
        ]
      : [],
  )
  const upstreams = await upstreamsOf(await planOf([...items, ...other]))
  expect([...upstreams.keys()]).toEqual(['upstream:orders'])
  expect([...(upstreams.get('upstream:orders')?.endpoints ?? [])]).toMatchObject([
    [
      expect.stringContaining('http://upstream.example'),
      { pools: 2, connections: 0, unhealthy: 0, ejected: 0 },
    ],
  ])
})

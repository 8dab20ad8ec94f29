import { afterAll, beforeAll, expect, it } from 'vitest'
import { deploy, gatewayOf, instanceAt, isGreen, replaceChain, servedBy } from './gateway-view.ts'
import { Load } from './load.ts'
import { Machine, until } from './machine.ts'
import { type Product, startProduct } from './product.ts'

const publications = 200
const said = (value: string) => ({
  kind: 'header-injection',
  config: { inboundHeaders: [], outboundHeaders: [{ key: 'x-publication', value }] },
})

let product: Product
let machine: Machine

beforeAll(async () => {
  product = await startProduct()
  machine = await Machine.at(product)
})
afterAll(() => product?.stop())

it('a key counts at once, is refused at once when revoked, and no roll-back brings it back', async () => {
  const crm = await instanceAt(machine, '/crm/v2')
  // Somebody's draft, which must not be deployed along.
  const shop = await instanceAt(machine, '/shop/v1')
  await replaceChain(machine, shop, [said('draft')])
  const { key, credential } = (
    await machine.must<{ key: string; credential: { id: string } }>('POST', `/instances/${crm}/consumers`, {
      body: { name: 'Courier app' },
    })
  ).body
  const ask = async () =>
    (await fetch(`${product.gateway}/crm/v2/customers`, { headers: { 'x-api-key': key } })).status
  await until('the key counts', async () => (await ask()) === 200, 5_000)
  const whenGood = await gatewayOf(machine)
  await replaceChain(machine, crm, [
    { kind: 'api-key-auth', config: {} },
    { kind: 'header-injection', config: said('later').config },
  ])
  await deploy(machine, crm)
  await machine.must('DELETE', `/credentials/${credential.id}`)
  await until('it is refused', async () => (await ask()) === 401, 5_000)

  const { id, headRevision } = await gatewayOf(machine)
  const body = { expectedHeadRevision: headRevision, note: '' }
  await machine.must('POST', `/gateways/${id}/revisions/${whenGood.headRevision}/rollback`, { body })
  await until(
    'the node serves the old chain',
    async () => (await servedBy(product)).revision === headRevision + 1,
  )
  const answer = await fetch(`${product.gateway}/crm/v2/customers`, { headers: { 'x-api-key': key } })
  expect([answer.status, answer.headers.get('x-publication')]).toEqual([401, null])
  expect((await fetch(`${product.gateway}/shop/v1/orders`)).headers.get('x-publication')).toBeNull()
})

it(`${publications} publications by a pipeline fail no request and cut no WebSocket`, async () => {
  const [shop, freight] = [await instanceAt(machine, '/shop/v1'), await instanceAt(machine, '/freight/v1')]
  // Without the sample's rate limits, which are there to refuse what a load asks.
  await replaceChain(machine, shop, [])
  await deploy(machine, shop)
  await until('the node serves it', () => isGreen(machine))
  const first = (await gatewayOf(machine)).headRevision

  const common = { origin: product.gateway, connections: 3, socketPath: '/shop/v1/events' }
  const changed = await Load.start({ ...common, path: '/shop/v1/orders', sockets: 20 })
  const other = await Load.start({
    ...common,
    path: '/freight/v1/rates?from=DE&to=FR&weightKg=2',
    sockets: 0,
  })
  for (let count = 1; count <= publications; count += 1) {
    await replaceChain(machine, shop, count % 2 === 1 ? [said(String(count))] : [])
    expect(await deploy(machine, shop)).toBe(first + count)
  }
  await replaceChain(machine, shop, [said('last')])
  const last = await deploy(machine, shop)
  await until('the node serves the last', async () => (await servedBy(product)).revision === last)
  const before = changed.answered
  await until('requests meet it', async () => changed.answered > before + 20)
  const results = [await changed.stop(), await other.stop()]

  for (const { failures, answered } of results) {
    expect(failures.slice(0, 5)).toEqual([])
    expect(answered).toBeGreaterThan(publications)
  }
  expect(results[0]).toMatchObject({ socketsCut: 0 })
  expect(results[0]?.socketEchoes).toBeGreaterThan(20 * 20)
  const answer = await fetch(`${product.gateway}/shop/v1/orders`)
  expect([answer.status, answer.headers.get('x-publication')]).toEqual([200, 'last'])
  expect(
    (await fetch(`${product.gateway}/freight/v1/rates?from=DE&to=FR&weightKg=2`)).headers.get(
      'x-publication',
    ),
  ).toBeNull()
  expect(await instanceAt(machine, '/freight/v1')).toBe(freight)
  await until('all is green', () => isGreen(machine))
  console.log(
    `${publications} publications, ${results.map(({ answered }) => answered).join(' + ')} requests, ` +
      `${results[0]?.socketEchoes} echoes over 20 WebSockets`,
  )
}, 180_000)

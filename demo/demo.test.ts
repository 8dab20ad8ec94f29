import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startCustomers } from './customers/customers.ts'
import { startFreight } from './freight/freight.ts'
import { startOrders } from './orders/orders.ts'

let servers: Server[]
beforeAll(async () => {
  servers = await Promise.all([startOrders(0), startCustomers(0), startFreight(0)])
})
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

const at = (index: number, path: string) => {
  const server = servers[index]
  if (!server) throw new Error('not started')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}
const send = (index: number, method: string, path: string, body?: unknown) =>
  fetch(at(index, path), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

describe('the demo upstreams', () => {
  it('take an order out of the stock, put a cancelled one back, and tell both over the WebSocket', async () => {
    const inStock = async () => (await (await send(0, 'GET', '/stock/cup-porcelain')).json()).inStock
    const before = await inStock()
    const socket = new WebSocket(at(0, '/events').replace('http', 'ws'))
    const heard: string[] = []
    socket.on('message', (message: Buffer) => heard.push(JSON.parse(message.toString()).type))
    await expect.poll(() => heard).toEqual(['welcome'])
    const order = { customer: 'customer-1001', lines: [{ sku: 'cup-porcelain', quantity: 6 }] }
    const placed = await send(0, 'POST', '/orders', order)
    expect(placed.status).toBe(201)
    const { id, totalCents } = await placed.json()
    expect(totalCents).toBe(8_700)
    expect(await inStock()).toBe(before - 6)
    expect((await send(0, 'POST', `/orders/${id}/cancel`)).status).toBe(200)
    expect(await inStock()).toBe(before)
    expect((await send(0, 'POST', `/orders/${id}/cancel`)).status).toBe(409)
    await expect.poll(() => heard).toEqual(['welcome', 'order.placed', 'order.cancelled'])
    socket.terminate()
  })

  it('refuse what does not fit, and an order that the stock cannot meet', async () => {
    const order = (quantity: number) => ({ customer: 'x', lines: [{ sku: 'pot-cast-iron', quantity }] })
    expect((await send(0, 'POST', '/orders', order(500))).status).toBe(409)
    expect((await send(0, 'POST', '/orders', order(0))).status).toBe(422)
    expect((await send(0, 'GET', '/nowhere')).status).toBe(404)
    expect((await send(0, 'DELETE', '/orders')).status).toBe(405)
    expect((await fetch(at(0, '/orders'), { method: 'POST', body: '{' })).status).toBe(400)
  })

  it('find and change customers', async () => {
    const found = await (await send(1, 'GET', '/customers?search=porto')).json()
    expect(found).toMatchObject({ total: 1, customers: [{ id: 'customer-1002' }] })
    const changed = await send(1, 'PATCH', '/customers/customer-1002', { newsletter: true })
    expect(await changed.json()).toMatchObject({ name: 'Tomás Oliveira', newsletter: true })
    expect((await send(1, 'PATCH', '/customers/customer-1002', {})).status).toBe(422)
  })

  it('price parcels by weight and distance', async () => {
    const price = async (to: string) =>
      (await (await send(2, 'GET', `/rates?from=NL&to=${to}&weightKg=10`)).json()).rates[0].priceCents
    expect(await price('NL')).toBe(1_050)
    expect(await price('DE')).toBe(1_890)
    expect((await send(2, 'GET', '/rates?from=NL&to=germany&weightKg=10')).status).toBe(422)
  })
})

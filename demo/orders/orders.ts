import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { Refused, type Route, serve } from '../serve.ts'

/** Orders and stock of a small shop. The stock is real: an order that cannot be met is refused. */

const line = z.strictObject({ sku: z.string().min(1).max(40), quantity: z.int().min(1).max(1_000) })
const newOrder = z.strictObject({ customer: z.string().min(1).max(100), lines: z.array(line).min(1).max(50) })
const statuses = ['open', 'shipped', 'cancelled'] as const
const filter = z.object({
  status: z.enum(statuses).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

interface Order extends z.output<typeof newOrder> {
  id: string
  status: (typeof statuses)[number]
  createdAt: string
  totalCents: number
}

interface StockItem {
  sku: string
  title: string
  priceCents: number
  inStock: number
}

const assortment: readonly StockItem[] = [
  { sku: 'tea-earl-grey', title: 'Earl Grey, 250 g', priceCents: 890, inStock: 400 },
  { sku: 'tea-assam', title: 'Assam, 250 g', priceCents: 790, inStock: 250 },
  { sku: 'pot-cast-iron', title: 'Cast-iron teapot', priceCents: 4_950, inStock: 12 },
  { sku: 'cup-porcelain', title: 'Porcelain cup', priceCents: 1_450, inStock: 96 },
]

/** Starts the service; every order change is told to whoever listens at the WebSocket /events. */
export async function startOrders(port: number): Promise<Server> {
  const stock = new Map(assortment.map((item) => [item.sku, { ...item }]))
  const orders = new Map<string, Order>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 10_000 })
  const tell = (event: unknown) => {
    for (const socket of sockets.clients) socket.send(JSON.stringify(event))
  }
  place(stock, orders, { customer: 'customer-1001', lines: [{ sku: 'pot-cast-iron', quantity: 1 }] })
  place(stock, orders, { customer: 'customer-1002', lines: [{ sku: 'tea-assam', quantity: 4 }] })

  const server = await serve(routesOf(stock, orders, tell), port)
  server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://upstream').pathname !== '/events') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {})
      client.send(JSON.stringify({ type: 'welcome', orders: orders.size }))
      // Answering shows callers that the connection carries both ways.
      client.on('message', (message: Buffer) =>
        client.send(JSON.stringify({ type: 'heard', text: message.toString() })),
      )
    })
  })
  server.on('close', () => {
    for (const socket of sockets.clients) socket.terminate()
  })
  return server
}

function routesOf(
  stock: Map<string, StockItem>,
  orders: Map<string, Order>,
  tell: (event: unknown) => void,
): Route[] {
  const known = (id: string) => {
    const order = orders.get(id)
    if (!order) throw new Refused(404, `there is no order ${id}`)
    return order
  }
  return [
    {
      method: 'GET',
      path: '/orders',
      answer: ({ query }) => {
        const { status, limit } = filter.parse(Object.fromEntries(query))
        const found = [...orders.values()].filter((order) => !status || order.status === status)
        return { body: { orders: found.toReversed().slice(0, limit), total: found.length } }
      },
    },
    {
      method: 'POST',
      path: '/orders',
      answer: ({ body }) => {
        const order = place(stock, orders, newOrder.parse(body))
        tell({ type: 'order.placed', order })
        return { status: 201, body: order }
      },
    },
    {
      method: 'GET',
      path: '/orders/{orderId}',
      answer: ({ params }) => ({ body: known(params['orderId'] ?? '') }),
    },
    {
      method: 'POST',
      path: '/orders/{orderId}/cancel',
      answer: ({ params }) => {
        const order = known(params['orderId'] ?? '')
        if (order.status !== 'open') throw new Refused(409, `the order is ${order.status} already`)
        order.status = 'cancelled'
        for (const { sku, quantity } of order.lines) itemOf(stock, sku).inStock += quantity
        tell({ type: 'order.cancelled', order })
        return { body: order }
      },
    },
    { method: 'GET', path: '/stock', answer: () => ({ body: { items: [...stock.values()] } }) },
    {
      method: 'GET',
      path: '/stock/{sku}',
      answer: ({ params }) => ({ body: itemOf(stock, params['sku'] ?? '') }),
    },
  ]
}

const ordersMax = 1_000

function place(
  stock: Map<string, StockItem>,
  orders: Map<string, Order>,
  wanted: z.output<typeof newOrder>,
): Order {
  for (const { sku, quantity } of wanted.lines) {
    const item = itemOf(stock, sku)
    if (item.inStock < quantity) throw new Refused(409, `only ${item.inStock} of ${sku} are left`)
  }
  let totalCents = 0
  for (const { sku, quantity } of wanted.lines) {
    const item = itemOf(stock, sku)
    item.inStock -= quantity
    totalCents += item.priceCents * quantity
  }
  const order: Order = {
    id: randomUUID(),
    status: 'open',
    createdAt: new Date().toISOString(),
    totalCents,
    ...wanted,
  }
  orders.set(order.id, order)
  // A demo that runs for weeks must not grow.
  for (const oldest of orders.keys()) {
    if (orders.size <= ordersMax) break
    orders.delete(oldest)
  }
  return order
}

function itemOf(stock: Map<string, StockItem>, sku: string): StockItem {
  const item = stock.get(sku)
  if (!item) throw new Refused(404, `there is no ${sku}`)
  return item
}

import { describe, expect, it } from 'vitest'
import { Operations } from './operations.ts'

const operations = new Operations([
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/orders' },
  { method: 'POST', path: '/orders' },
  { method: 'GET', path: '/orders/{id}' },
  { method: 'GET', path: '/orders/open' },
  { method: 'DELETE', path: '/orders/{id}' },
  { method: 'GET', path: '/orders/{id}/lines/{line}' },
  { method: 'GET', path: '/orders/open/lines' },
  { method: 'GET', path: '/files/{name}.json' },
])

describe('the operation of a request', () => {
  it.each([
    ['GET', '/', 'GET /'],
    ['GET', '/orders', 'GET /orders'],
    ['POST', '/orders', 'POST /orders'],
    ['HEAD', '/orders', 'GET /orders'],
    ['GET', '/orders/7f1c', 'GET /orders/{id}'],
    ['GET', '/orders/open', 'GET /orders/open'],
    ['DELETE', '/orders/open', 'DELETE /orders/{id}'],
    ['GET', '/orders/open/lines', 'GET /orders/open/lines'],
    ['GET', '/orders/open/lines/2', 'GET /orders/{id}/lines/{line}'],
    ['GET', '/orders/7/lines/2', 'GET /orders/{id}/lines/{line}'],
    ['GET', '/files/a.json', 'GET /files/{name}.json'],
    ['PUT', '/orders', undefined],
    ['GET', '/orders/', undefined],
    ['GET', '/orders/7/lines', undefined],
    ['GET', '/orders//lines/2', undefined],
    ['GET', '/other', undefined],
    ['GET', '/__proto__', undefined],
  ])('%s %s: %s', (method, path, name) => {
    expect(operations.find(method, path)).toBe(name)
  })
})

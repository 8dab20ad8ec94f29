import { describe, expect, it } from 'vitest'
import { destinationPath } from './paths.ts'

describe('destinationPath', () => {
  it.each([
    ['/orders/7', '', '', '/orders/7'],
    ['/orders/7', '/orders', '', '/7'],
    ['/orders', '/orders', '', '/'],
    ['/orders', '/orders', '/v1', '/v1'],
    ['/orders/', '/orders', '/v1', '/v1/'],
    ['/7', '', '/v1', '/v1/7'],
  ])('%s without %j behind %j is %s', (path, stripped, base, destination) => {
    expect(destinationPath(path, stripped, base)).toBe(destination)
  })
})

import { describe, expect, it } from 'vitest'
import { addressesOverlap, portClashes } from './listeners.ts'

describe('addresses of listeners', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['0.0.0.0', '127.0.0.1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::', '::1', true],
    ['::', '127.0.0.1', true],
    ['::', '0.0.0.0', true],
    ['0.0.0.0', '::1', false],
  ])('%s and %s at one port: %s', (a, b, overlap) => {
    expect(addressesOverlap(a, b)).toBe(overlap)
    expect(addressesOverlap(b, a)).toBe(overlap)
  })

  it('may be the same at different ports, and at any port that is free', () => {
    const at = (id: string, port: number) => ({ id, address: '0.0.0.0', port })
    expect(portClashes([at('a', 1), at('b', 2), at('c', 0), at('d', 0)])).toEqual([])
    expect(portClashes([at('a', 1), at('b', 1), at('c', 1)]).map(({ id }) => id)).toEqual(['b', 'c'])
  })
})

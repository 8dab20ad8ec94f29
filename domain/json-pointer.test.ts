import { describe, expect, it } from 'vitest'
import { pointerOf, segmentsOf } from './json-pointer.ts'

describe('a JSON pointer', () => {
  it('is written as RFC 6901 has it', () => {
    expect(pointerOf([])).toBe('')
    expect(pointerOf(['paths', '/orders/{id}', 0, '~name'])).toBe('/paths/~1orders~1{id}/0/~0name')
  })

  it('gives back the names that it was made of', () => {
    const names = ['', 'a/b', '~1', '~0', '~01', 'm~n', '0']
    expect(segmentsOf(pointerOf(names))).toEqual(names)
    expect(segmentsOf('')).toEqual([])
  })
})
